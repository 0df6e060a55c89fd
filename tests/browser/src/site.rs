//! The page's host: a static server, under a sub-path, that remembers what it was asked for.

use anyhow::Result;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use xtask::serve::{Served, StaticServer};

/// Where the page is, so that nothing can hang on its being at the root.
const PREFIX: &str = "/some/where/";

/// A server of `dist/`, for as long as this lives.
pub struct Site {
    server: Arc<StaticServer>,
    requests: Arc<Mutex<Vec<Served>>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves a folder on a free port.
    pub fn serve(folder: &Path) -> Result<Self> {
        let server = Arc::new(StaticServer::on_free_port(folder, PREFIX)?);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let thread = std::thread::spawn({
            let (server, requests) = (Arc::clone(&server), Arc::clone(&requests));
            move || {
                // It can only end by being stopped.
                let _ = server.run(|served| locked(&requests).push(served));
            }
        });
        Ok(Self { server, requests, thread: Some(thread) })
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

impl Drop for Site {
    fn drop(&mut self) {
        self.server.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been printed already.
            let _ = thread.join();
        }
    }
}

fn locked(requests: &Mutex<Vec<Served>>) -> MutexGuard<'_, Vec<Served>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}
