//! Evidence bundles: a log in one file, verified offline.
