//! The real TDLib, in a network of its own, from the first code to the server's death and back.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::launched::{addresses, example, http, run, stock_library};

const PATIENCE: Duration = Duration::from_secs(60);

/// A launcher whose program is TDLib on a pipe.
struct Launched {
    child: Child,
    requests: ChildStdin,
    updates: Lines<BufReader<ChildStdout>>,
    kept: VecDeque<Value>,
    data: PathBuf,
    phones: SocketAddr,
}

impl Launched {
    async fn start(data: &Path) -> Self {
        let _ = std::fs::remove_file(data.join("run.json"));
        let program = example("tdjson_pipe");
        let mut child = run(data, &stock_library(), &[], &[program.to_str().unwrap()]).spawn().unwrap();
        let phones = addresses(data).await["phones"].as_str().unwrap().parse().unwrap();
        Self {
            requests: child.stdin.take().unwrap(),
            updates: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            kept: VecDeque::new(),
            data: data.to_owned(),
            phones,
        }
    }

    async fn send(&mut self, request: Value) {
        self.requests.write_all(format!("{request}\n").as_bytes()).await.unwrap();
    }

    async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at).unwrap();
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let line = tokio::time::timeout_at(deadline, self.updates.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no {what}")).unwrap().expect("TDLib ended");
            let value: Value = serde_json::from_str(&line).unwrap();
            if wanted(&value) {
                return value;
            }
            self.kept.push_back(value);
        }
    }

    async fn state(&mut self, name: &str) -> Value {
        let found = self.wait_for(name, |value| value["authorization_state"]["@type"] == name).await;
        found["authorization_state"].clone()
    }

    async fn ask(&mut self, mut request: Value) -> Value {
        request["@extra"] = json!(format!("{:x}", telescope_sandbox::crypto::random_id()));
        let extra = request["@extra"].clone();
        self.send(request).await;
        self.wait_for("answer", |value| value["@extra"] == extra).await
    }

    /// Starts a client that is told of the proxy before it may connect.
    async fn open(&mut self) {
        let proxy = json!({"@type": "proxy", "server": "127.0.0.1", "port": 1080,
            "type": {"@type": "proxyTypeSocks5", "username": "", "password": ""}});
        self.send(json!({"@type": "setNetworkType", "type": {"@type": "networkTypeNone"}})).await;
        self.send(json!({"@type": "addProxy", "proxy": proxy, "enable": true})).await;
        self.send(json!({"@type": "setTdlibParameters", "use_test_dc": true,
            "database_directory": self.data.join("client"), "api_id": 12345, "api_hash": "hash",
            "system_language_code": "en", "device_model": "Story", "application_version": "1"}))
            .await;
        self.send(json!({"@type": "setNetworkType", "type": {"@type": "networkTypeOther"}})).await;
    }

    async fn post(&self, path: &str, form: &str) {
        assert_eq!(http(self.phones, "POST", path, &[], form).await.0, 303, "{path}");
    }

    async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&http(self.phones, "GET", path, &[], "").await.1).unwrap()
    }

    async fn message(&mut self, text: &str) -> Value {
        self.wait_for(text, |value| {
            value["@type"] == "updateNewMessage"
                && value["message"]["content"]["text"]["text"]
                    .as_str()
                    .is_some_and(|found| found.contains(text))
        })
        .await
    }

    /// Ends the client as a program should, and the launcher with it.
    async fn close(mut self) {
        self.send(json!({"@type": "close"})).await;
        self.state("authorizationStateClosed").await;
        drop(self.requests);
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0));
    }
}

fn code(text: &str) -> Value {
    json!({"@type": "checkAuthenticationCode", "code": text})
}

fn password(text: &str) -> Value {
    json!({"@type": "checkAuthenticationPassword", "password": text})
}

#[tokio::test]
async fn tdlib_lives_a_whole_life() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut td = Launched::start(&data).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/password", "password=correct+horse&hint=four+words").await;

    // A wrong code, the right one; a wrong password, the right one.
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    let asked = json!({"@type": "setAuthenticationPhoneNumber", "phone_number": "+9996621234"});
    assert_eq!(td.ask(asked).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitCode").await;
    assert_eq!(waiting["code_info"]["type"]["@type"], "authenticationCodeTypeSms");
    let refused = td.ask(code("00000")).await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!(400), &json!("PHONE_CODE_INVALID")));
    let sms = td.get("/state.json").await["phones"][0]["messages"][0]["code"].clone();
    assert_eq!(td.ask(code(sms.as_str().unwrap())).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitPassword").await;
    assert_eq!(waiting["password_hint"], "four words");
    assert_eq!(td.ask(password("wrong")).await["message"], "PASSWORD_HASH_INVALID");
    let begun = Instant::now();
    assert_eq!(td.ask(password("correct horse")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    println!("password to Ready: {:?}", begun.elapsed());
    let ready = |value: &Value| value["state"]["@type"] == "connectionStateReady";
    td.wait_for("connection", ready).await;
    let me = td.ask(json!({"@type": "getMe"})).await;
    assert_eq!(me["phone_number"], "9996621234");
    assert_eq!(td.ask(json!({"@type": "getActiveSessions"})).await["sessions"].as_array().unwrap().len(), 1);

    // A code with a zero in front arrives as a message.
    td.ask(json!({"@type": "createPrivateChat", "user_id": 777000, "force": true})).await;
    wait_until_updates_flow(&mut td).await;
    td.post("/phones/9996621234/message", "text=Login+code%3A+01234.+Do+not+give+this+code+to+anyone").await;
    let message = td.message("01234").await;
    assert_eq!(message["message"]["chat_id"], 777000);

    // A new name arrives without being asked for.
    td.post("/phones/9996621234/name", "first_name=Renata").await;
    td.wait_for("new name", |value| {
        value["@type"] == "updateUser" && value["user"]["first_name"] == "Renata"
    })
    .await;

    // The server is killed. TDLib comes back by itself and hears what it missed.
    let addresses = addresses(&data).await;
    let server = addresses["server_pid"].as_u64().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &server]).status().unwrap().success());
    let begun = Instant::now();
    td.post("/phones/9996621234/message", "text=after+the+death").await;
    td.message("after the death").await;
    println!("death of the server to its next message: {:?}", begun.elapsed());
    assert_ne!(td.get("/state.json").await["pid"].as_u64().unwrap().to_string(), server);
    td.close().await;

    // Everything begins anew from the disk: no code is asked for.
    let mut td = Launched::start(&data).await;
    td.open().await;
    let begun = Instant::now();
    td.state("authorizationStateReady").await;
    td.wait_for("connection", ready).await;
    println!("restart to Ready: {:?}", begun.elapsed());
    assert_eq!(td.ask(json!({"@type": "getMe"})).await["phone_number"], "9996621234");
    let requests = td.get("/requests.json").await;
    assert_eq!(requests["auth.sendCode"]["total"], 1, "one code in both lives");
    let chat = json!({"@type": "createPrivateChat", "user_id": 777000, "force": true});
    td.ask(chat).await;
    let history = json!({"@type": "getChatHistory", "chat_id": 777000, "from_message_id": 0, "offset": 0, "limit": 10,
        "only_local": false});
    let history = td.ask(history).await;
    assert_eq!(history["messages"][0]["content"]["text"]["text"], "after the death");

    // The account is taken away: TDLib notices without being asked.
    td.post("/phones/9996621234/revoke", "").await;
    td.state("authorizationStateLoggingOut").await;
    td.state("authorizationStateClosed").await;
    drop(td.requests);
    assert_eq!(timeout(PATIENCE, td.child.wait()).await.unwrap().unwrap().code(), Some(0));
}

/// After a first login TDLib takes the present state as its beginning. What comes before that is not news to it.
async fn wait_until_updates_flow(td: &mut Launched) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let requests = td.get("/requests.json").await;
        if requests["updates.getState"]["total"].as_u64() >= Some(1) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn tdlib_signs_in_with_temporary_keys() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = Launched::start(&directory.path().join("data")).await;
    let enabled = json!({"@type": "optionValueBoolean", "value": true});
    td.send(json!({"@type": "setOption", "name": "use_pfs", "value": enabled})).await;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    td.ask(json!({"@type": "setAuthenticationPhoneNumber", "phone_number": "9996631234"})).await;
    td.state("authorizationStateWaitCode").await;
    assert_eq!(td.ask(code("33333")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    assert!(td.get("/requests.json").await["auth.bindTempAuthKey"]["total"].as_u64() >= Some(1));
    td.close().await;
}
