//! Many TDLib clients at once: `SANDBOX_CLIENTS`, 100 by default.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::launch::addresses;
use crate::tdlib_process::{TdlibProcess, code};

const TIMEOUT: Duration = Duration::from_secs(120);

/// The resident memory of a process, in megabytes.
fn resident(pid: u64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// The processor time that a process has used so far, in seconds; the kernel counts hundredths.
fn processor(pid: u64) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// The program that the launcher runs: its child that is not the server.
fn program(launcher: u32, server: u64) -> u64 {
    let children = std::fs::read_to_string(format!("/proc/{launcher}/task/{launcher}/children")).unwrap();
    children.split(' ').filter_map(|pid| pid.parse().ok()).find(|pid| *pid != server).unwrap()
}

fn number(client: u32) -> String {
    format!("999662{client:04}")
}

impl TdlibProcess {
    async fn send_to(&mut self, client: u32, request: Value) {
        self.client = client;
        self.send(request).await;
    }

    /// Answers the clients' requests until each has reached the wanted state.
    async fn all(&mut self, count: u32, what: &str, wanted: impl Fn(&Value) -> bool) -> Duration {
        let (begun, mut left) = (Instant::now(), (1..=count).collect::<HashSet<_>>());
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        while !left.is_empty() {
            let line = tokio::time::timeout_at(deadline, self.updates.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("{} clients: no {what}", left.len()));
            let value: Value = serde_json::from_str(&line.unwrap().expect("TDLib ended")).unwrap();
            let client = value["@client_id"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
            match value["authorization_state"]["@type"].as_str() {
                Some("authorizationStateWaitPhoneNumber") => {
                    let number = number(client);
                    let asked = json!({"@type": "setAuthenticationPhoneNumber", "phone_number": number});
                    self.send_to(client, asked).await;
                }
                Some("authorizationStateWaitCode") => self.send_to(client, code("22222")).await,
                _ => {}
            }
            if wanted(&value) {
                left.remove(&client);
            }
        }
        println!("{count} clients: {what} after {:?}", begun.elapsed());
        begun.elapsed()
    }

    async fn message_to_all(&mut self, count: u32, text: &str) {
        let begun = Instant::now();
        for client in 1..=count {
            self.post(&format!("/phones/{}/message", number(client)), &format!("text={text}")).await;
        }
        println!("{count} messages were posted in {:?}", begun.elapsed());
        let is_it = |value: &Value| value["message"]["content"]["text"]["text"] == text;
        self.all(count, &format!("the message {text}"), is_it).await;
    }

    async fn open_all(&mut self, count: u32) {
        for client in 1..=count {
            self.client = client;
            self.open().await;
        }
        self.all(count, "Ready", |value| value["authorization_state"]["@type"] == "authorizationStateReady")
            .await;
    }

    async fn close_all(mut self, count: u32) {
        for client in 1..=count {
            self.send_to(client, json!({"@type": "close"})).await;
        }
        let closed = |value: &Value| value["authorization_state"]["@type"] == "authorizationStateClosed";
        self.all(count, "Closed", closed).await;
        self.end().await;
    }

    async fn tell_cost(&self, data: &Path, count: u32) {
        let server = addresses(data).await["server_pid"].as_u64().unwrap();
        let program = program(self.child.id().unwrap(), server);
        for (name, pid) in [("TDLib", program), ("server", server)] {
            println!("{count} clients: {name} has {} MB and used {:.1} s", resident(pid), processor(pid));
        }
    }

    /// Waits until this many clients have got their state of updates: they get updates for everything after it.
    async fn wait_until_all_get_updates(&self, count: u32) {
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        loop {
            let states = &self.get("/requests.json").await["updates.getState"];
            let asked = states["by_number"].as_object().map_or(0, serde_json::Map::len);
            if asked >= usize::try_from(count).unwrap() && states["answered"] == states["total"] {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{asked} of {count} asked");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn many_clients_sign_in_get_updates_and_reconnect() {
    let count = std::env::var("SANDBOX_CLIENTS").map_or(100, |text| text.parse().expect("a number"));
    assert!((1..=9999).contains(&count), "SANDBOX_CLIENTS is 1 to 9999");
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut td = TdlibProcess::start(&data).await;
    td.tell_cost(&data, 0).await;
    td.open_all(count).await;
    td.wait_until_all_get_updates(count).await;
    td.message_to_all(count, "one").await;
    td.tell_cost(&data, count).await;

    td.post("/network", "fault=drop").await;
    td.message_to_all(count, "two").await;
    td.tell_cost(&data, count).await;
    td.close_all(count).await;

    // All of them restart, and none has to sign in again.
    let mut td = TdlibProcess::start(&data).await;
    td.open_all(count).await;
    td.message_to_all(count, "three").await;
    td.tell_cost(&data, count).await;
    assert_eq!(td.get("/requests.json").await["auth.signIn"]["total"], count);
    td.close_all(count).await;
}
