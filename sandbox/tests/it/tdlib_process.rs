//! The real TDLib behind a pipe: JSON, line by line.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::launch::{addresses, example, http, run, stock_library};

/// The limit for everything that has to happen. TDLib repeats a request without an answer only after 60 seconds, so this
/// has to be well above that: a clock that jumps during a request can lose an answer.
pub const TIMEOUT: Duration = Duration::from_secs(240);

/// A launcher whose program is TDLib on a pipe.
pub struct TdlibProcess {
    pub child: Child,
    pub requests: ChildStdin,
    pub updates: Lines<BufReader<ChildStdout>>,
    pub unread: VecDeque<Value>,
    data: PathBuf,
    phones: SocketAddr,
    /// TDLib's client, counted from 1.
    pub client: u32,
}

impl TdlibProcess {
    pub async fn start(data: &Path) -> Self {
        Self::start_with(data, &[]).await
    }

    /// Starts with options for the launcher.
    pub async fn start_with(data: &Path, options: &[&str]) -> Self {
        let _ = std::fs::remove_file(data.join("run.json"));
        let program = example("tdjson_pipe");
        let mut child = run(data, &stock_library(), options, &[program.to_str().unwrap()]).spawn().unwrap();
        let phones = addresses(data).await["phones"].as_str().unwrap().parse().unwrap();
        Self {
            requests: child.stdin.take().unwrap(),
            updates: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            unread: VecDeque::new(),
            data: data.to_owned(),
            phones,
            client: 1,
        }
    }

    pub async fn send(&mut self, request: Value) {
        let line = format!("{} {request}\n", self.client);
        self.requests.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next wanted message from the client; others are kept.
    pub async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let client = self.client;
        let wanted = |value: &Value| value["@client_id"] == client && wanted(value);
        if let Some(at) = self.unread.iter().position(wanted) {
            return self.unread.remove(at).unwrap();
        }
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        loop {
            let line = tokio::time::timeout_at(deadline, self.updates.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no {what}")).unwrap().expect("TDLib ended");
            let value: Value = serde_json::from_str(&line).unwrap();
            if wanted(&value) {
                return value;
            }
            self.unread.push_back(value);
        }
    }

    pub async fn state(&mut self, name: &str) -> Value {
        let found = self.wait_for(name, |value| value["authorization_state"]["@type"] == name).await;
        found["authorization_state"].clone()
    }

    pub async fn ask(&mut self, mut request: Value) -> Value {
        request["@extra"] = json!(format!("{:x}", telescope_sandbox::crypto::random_id()));
        let extra = request["@extra"].clone();
        self.send(request).await;
        self.wait_for("answer", |value| value["@extra"] == extra).await
    }

    fn directory(&self) -> PathBuf {
        match self.client {
            1 => self.data.join("client"),
            other => self.data.join(format!("client-{other}")),
        }
    }

    /// Starts a client and sets its proxy before it can connect.
    pub async fn open(&mut self) {
        let proxy = json!({"@type": "proxy", "server": "127.0.0.1", "port": 1080,
            "type": {"@type": "proxyTypeSocks5", "username": "", "password": ""}});
        self.send(json!({"@type": "setNetworkType", "type": {"@type": "networkTypeNone"}})).await;
        self.send(json!({"@type": "addProxy", "proxy": proxy, "enable": true})).await;
        self.send(json!({"@type": "setTdlibParameters", "use_test_dc": true,
            "database_directory": self.directory(), "api_id": 12345, "api_hash": "hash",
            "system_language_code": "en", "device_model": "Story", "application_version": "1"}))
            .await;
        self.send(json!({"@type": "setNetworkType", "type": {"@type": "networkTypeOther"}})).await;
    }

    pub async fn post(&self, path: &str, form: &str) {
        assert_eq!(http(self.phones, "POST", path, &[], form).await.0, 303, "{path}");
    }

    /// The status of a form's answer.
    pub async fn try_post(&self, path: &str, form: &str) -> u16 {
        http(self.phones, "POST", path, &[], form).await.0
    }

    pub async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&http(self.phones, "GET", path, &[], "").await.1).unwrap()
    }

    pub async fn message(&mut self, text: &str) -> Value {
        self.wait_for(text, |value| {
            value["@type"] == "updateNewMessage"
                && value["message"]["content"]["text"]["text"]
                    .as_str()
                    .is_some_and(|found| found.contains(text))
        })
        .await
    }

    /// Closes the client properly, and ends the launcher.
    pub async fn close(mut self) {
        self.send(json!({"@type": "close"})).await;
        self.state("authorizationStateClosed").await;
        self.end().await;
    }

    /// Signs the client out for good.
    pub async fn log_out(&mut self) {
        self.send(json!({"@type": "logOut"})).await;
        self.state("authorizationStateClosed").await;
    }

    /// Ends the launcher when every client is closed.
    pub async fn end(mut self) {
        drop(self.requests);
        let status = timeout(TIMEOUT, self.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0));
    }

    /// After a first login TDLib starts from the current state of updates, and gets no updates for what came before.
    pub async fn wait_until_it_gets_updates(&mut self) {
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        loop {
            let requests = self.get("/requests.json").await;
            if requests["updates.getState"]["answered"].as_u64() >= Some(1) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Opens a client and signs it in with a test number.
    pub async fn sign_in(&mut self, number: &str) {
        self.open().await;
        self.state("authorizationStateWaitPhoneNumber").await;
        let asked = json!({"@type": "setAuthenticationPhoneNumber", "phone_number": number});
        assert_eq!(self.ask(asked).await["@type"], "ok");
        self.state("authorizationStateWaitCode").await;
        assert_eq!(self.ask(code(&number[5..6].repeat(5))).await["@type"], "ok");
        self.state("authorizationStateReady").await;
        self.connection("connectionStateReady").await;
    }

    /// Waits for a state of the connection.
    pub async fn connection(&mut self, name: &str) {
        self.wait_for(name, |value| value["state"]["@type"] == name).await;
    }
}

pub fn code(text: &str) -> Value {
    json!({"@type": "checkAuthenticationCode", "code": text})
}

pub fn password(text: &str) -> Value {
    json!({"@type": "checkAuthenticationPassword", "password": text})
}
