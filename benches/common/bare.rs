//! The bare program: the same TDLib with the same sessions in one process, and nothing else. It costs what TDLib costs;
//! Telescope is compared with it.
//!
//! It is this same executable with other arguments. It starts a client per folder with Telescope's parameters, and reads
//! all updates. It prints three of them with the time: that a client is ready, that it is connected to Telegram, and that
//! its user got a name that begins with [`MARK`].

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tdjson::Library;
use telescope::clock::Clock;

use super::{accounts, launch_noting};
use crate::support::stack::{Home, Stack};
use crate::support::waiting::until;

/// The argument that selects the bare program.
pub const WORD: &str = "bare";
/// The prefix of the names to be reported.
pub const MARK: &str = "Seen ";
/// The timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts it with the folders of the accounts to be connected.
pub async fn launch(home: &Arc<Home>) -> Stack {
    let folders = accounts::folders(home).await;
    let list = home.folder().join("folders.json");
    std::fs::write(&list, serde_json::to_vec(&folders).unwrap()).unwrap();
    let own = std::env::current_exe().unwrap();
    launch_noting(home, vec![own.into(), WORD.into(), OsString::from(list)], &[])
}

/// Waits until this many clients have printed the word; returns when, in milliseconds since 1970.
pub async fn until_said(stack: &Stack, word: &str, count: usize) -> i64 {
    let word = format!("bare: {word} ");
    until(&format!("{count} times {word:?}"), PATIENCE, async || {
        let log = stack.log();
        let said: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix(&word)).collect();
        (said.len() >= count).then(|| said[count - 1].parse().unwrap())
    })
    .await
}

/// Runs until it is killed.
pub fn run(list: &Path) -> ! {
    let folders: Vec<(String, String)> = serde_json::from_slice(&std::fs::read(list).unwrap()).unwrap();
    let library = Library::open(Path::new(&std::env::var_os("TDLIB_LIBRARY").unwrap())).unwrap();
    library.execute(r#"{"@type":"setLogVerbosityLevel","new_verbosity_level":1}"#);
    library.execute(r#"{"@type":"setLogStream","log_stream":{"@type":"logStreamEmpty"}}"#);
    for (folder, key) in &folders {
        start(&library, folder, key);
    }
    let mut said = HashSet::new();
    loop {
        if let Some(update) = library.receive(10.0)
            && let Some(word) = word_of(&update)
        {
            let client = update.rsplit_once("\"@client_id\":").map_or("", |(_, rest)| rest);
            // Only the first time of each client counts: a connection may drop and come back.
            if said.insert((word.to_owned(), client.to_owned())) {
                println!("bare: {word} {}", Clock::System.now().0);
            }
        }
    }
}

/// The word for an update, if it is one to be reported.
fn word_of(update: &str) -> Option<&str> {
    if update.starts_with(r#"{"@type":"updateAuthorizationState""#) {
        update.contains("authorizationStateReady").then_some("ready")
    } else if update.starts_with(r#"{"@type":"updateConnectionState""#) {
        update.contains("connectionStateReady").then_some("touch")
    } else if update.starts_with(r#"{"@type":"updateUser","#) {
        let name = update.split_once(r#""first_name":""#)?.1.split_once('"')?.0;
        name.starts_with(MARK).then_some(name)
    } else {
        None
    }
}

/// Configures a client like `telegram::client`, in the same order.
fn start(library: &Library, folder: &str, key: &str) {
    let proxy = std::env::var("TELEGRAM_PROXY").unwrap();
    let (server, port) = proxy.trim_start_matches("socks5://").rsplit_once(':').unwrap();
    let proxy = json!({ "@type": "proxy", "server": server, "port": port.parse::<u16>().unwrap(),
        "type": { "@type": "proxyTypeSocks5", "username": "", "password": "" } });
    let network = |kind: &str| json!({ "@type": "setNetworkType", "type": { "@type": kind } });
    let option = |name: &str| json!({ "@type": "setOption", "name": name, "value": { "@type": "optionValueBoolean", "value": true } });
    let parameters = json!({
        "@type": "setTdlibParameters", "use_test_dc": true, "database_directory": folder,
        "database_encryption_key": key, "api_id": 12345, "api_hash": "sandbox", "system_language_code": "en",
        "device_model": "Telescope", "application_version": env!("CARGO_PKG_VERSION"),
    });
    let client = library.create_client_id();
    for request in [
        network("networkTypeNone"),
        json!({ "@type": "addProxy", "proxy": proxy, "enable": true }),
        option("ignore_background_updates"),
        option("disable_network_statistics"),
        option("disable_top_chats"),
        parameters,
        network("networkTypeOther"),
    ] {
        library.send(client, &request.to_string());
    }
}
