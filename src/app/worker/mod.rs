//! Long work. It is done in a worker, which runs the page's own WebAssembly; where there is none, in slices on the
//! page's thread. Either way it is the same job, told of in the same words.

mod drive;
mod file;
mod hand;
mod inbox;
mod latest;
mod message;
mod scope;

pub use file::unreadable;
pub use hand::{End, Watch, run};
pub use latest::{Latest, Turn};
pub use scope::serve;

/// Which build this is: a worker of another build is not given any work.
pub const BUILD: &str = match option_env!("AIRLOCK_BUILD") {
    Some(build) => build,
    None => "dev",
};
