//! The page's host: a static server, under a sub-path, that remembers what it was asked for.

use anyhow::Result;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use xtask::serve::{Served, StaticServer};

/// Where the page is, so that nothing can hang on its being at the root.
const PREFIX: &str = "/some/where/";

/// A server of `dist/`, for as long as this lives.
pub struct Site {
    server: StaticServer,
    requests: Arc<Mutex<Vec<Served>>>,
}

impl Site {
    /// Serves a folder on a free port.
    pub fn serve(folder: &Path) -> Result<Self> {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let server = StaticServer::on_free_port(folder, PREFIX, move |served| locked(&log).push(served))?;
        Ok(Self { server, requests })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Everything that was asked for so far, in order.
    pub fn requests(&self) -> Vec<Served> {
        locked(&self.requests).clone()
    }
}

fn locked(requests: &Mutex<Vec<Served>>) -> MutexGuard<'_, Vec<Served>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}
