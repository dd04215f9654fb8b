//! Routes messages between clients, their tasks and their td-hosts.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::frame::Frame;
use super::process::HostHandle;

#[derive(Default)]
pub(super) struct Routes(Mutex<HashMap<i32, Route>>);

struct Route {
    slot: usize,
    frames: mpsc::Sender<Frame>,
    updates: mpsc::Sender<String>,
}

impl Routes {
    /// Creates a client on a host; its updates go to `updates`.
    pub(super) fn open(
        self: &Arc<Self>,
        slot: usize,
        host: &HostHandle,
        updates: mpsc::Sender<String>,
    ) -> i32 {
        let client = tdlib_rs::create_client();
        self.0.lock().insert(client, Route { slot, frames: host.frames.clone(), updates });
        let routes = Arc::clone(self);
        tdjson::transport::attach(client, Arc::new(move |client, request| routes.request(client, request)));
        client
    }

    /// Removes a client; its open requests are answered with an error.
    pub(super) fn close(&self, client: i32) {
        self.0.lock().remove(&client);
        tdjson::transport::detach(client, "the client has ended");
    }

    /// Sends a request to the client's host; false if that is not possible.
    pub(super) fn request(&self, client: i32, request: &str) -> bool {
        let frames = self.0.lock().get(&client).map(|route| route.frames.clone());
        frames.is_some_and(|frames| frames.try_send(Frame { client, json: request.to_owned() }).is_ok())
    }

    /// Forwards an update to its client task. If the task can't keep up, its client is closed and restarted, rather than
    /// blocking other tasks or silently losing an update.
    pub(super) fn update(&self, frame: Frame) {
        let client = frame.client;
        let updates = self.0.lock().get(&client).map(|route| route.updates.clone());
        if updates.is_some_and(|updates| updates.try_send(frame.json).is_err()) {
            tracing::warn!(client, "an account's updates overflowed");
            let _ = self.request(client, r#"{"@type":"close"}"#);
            self.close(client);
        }
    }

    /// Removes the clients of a host that died; their open requests are answered with an error.
    pub(super) fn host_is_gone(&self, slot: usize) {
        let gone: Vec<i32> = {
            let mut routes = self.0.lock();
            let gone = routes.iter().filter(|(_, route)| route.slot == slot).map(|(id, _)| *id).collect();
            routes.retain(|_, route| route.slot != slot);
            gone
        };
        for client in gone {
            tdjson::transport::detach(client, "the process that runs TDLib has ended");
        }
    }
}
