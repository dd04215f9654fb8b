//! Telethon, an independent client.

use std::path::PathBuf;

use crate::launch::{run, stock_library, workspace};

#[tokio::test]
async fn telethon_signs_in_over_each_of_its_transports() {
    let python = match std::env::var_os("TELETHON_PYTHON") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("target/telethon/bin/python"),
    };
    assert!(python.is_file(), "{} is not there: run `make test`, which makes it", python.display());
    let data = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/telethon_login.py");
    let program = [python.to_str().unwrap(), script];
    let output = run(data.path(), &stock_library(), &[], &program).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
}
