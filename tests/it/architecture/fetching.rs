//! The script that downloads TDLib and htmx, with an npm that fails or delivers something else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::root;

/// A copy of the script in an empty repository, with this shell script as `npm`.
fn place(npm: Option<&str>) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("natives")).unwrap();
    fs::create_dir_all(place.path().join("bin")).unwrap();
    fs::copy(root().join("natives/fetch.sh"), place.path().join("natives/fetch.sh")).unwrap();
    if let Some(npm) = npm {
        let program = place.path().join("bin/npm");
        fs::write(&program, format!("#!/bin/sh\n{npm}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    place
}

/// Runs the script with that npm, or without one. Other tools that it uses are linked individually.
fn run(place: &Path) -> Output {
    let tools = [
        "sh",
        "dirname",
        "uname",
        "mktemp",
        "rm",
        "cut",
        "sha512sum",
        "tar",
        "gzip",
        "sed",
        "cp",
        "mv",
        "mkdir",
        "chmod",
    ];
    for tool in tools {
        let found =
            ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(tool)).find(|path| path.exists());
        let _ = std::os::unix::fs::symlink(found.expect(tool), place.join("bin").join(tool));
    }
    Command::new("/bin/sh")
        .arg(place.join("natives/fetch.sh"))
        .env_clear()
        .env("PATH", place.join("bin"))
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn has_nothing(place: &Path) -> bool {
    !place.join("static/vendor").exists() && !place.join("natives/linux").exists()
}

#[test]
fn another_package_than_the_tested_one_is_not_installed() {
    let place =
        place(Some("mkdir package && echo bad >package/x && tar -czf htmx.tgz package && echo htmx.tgz"));
    let output = run(place.path());
    assert!(!output.status.success());
    assert!(said(&output).contains("htmx.org@4.0.1 is not the package that was tested"), "{}", said(&output));
    assert!(has_nothing(place.path()));
}

#[test]
fn without_npm_or_network_the_error_says_so() {
    let nothing = place(None);
    let output = run(nothing.path());
    assert!(!output.status.success());
    assert!(said(&output).contains("npm is missing"), "{}", said(&output));

    let offline = place(Some("echo 'network is unreachable' >&2; exit 1"));
    let output = run(offline.path());
    assert!(!output.status.success());
    let words = said(&output);
    assert!(
        words.contains("network is unreachable") && words.contains("could not fetch htmx.org@4.0.1"),
        "{words}"
    );
    assert!(has_nothing(offline.path()));
}

#[test]
fn intact_files_are_kept_and_changed_ones_downloaded_again() {
    let place = place(Some("echo 'npm was called' >&2; exit 1"));
    for file in ["static/vendor/htmx.min.js", "static/vendor/hx-sse.min.js", "natives/linux/lib/libtdjson.so"]
    {
        let copy = place.path().join(file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(root().join(file), copy).unwrap();
    }
    let output = run(place.path());
    assert!(output.status.success(), "{}", said(&output));

    let changed = place.path().join("static/vendor/htmx.min.js");
    fs::remove_file(&changed).unwrap();
    fs::write(&changed, "alert(1)").unwrap();
    let output = run(place.path());
    assert!(
        said(&output).contains("npm was called"),
        "a changed file is downloaded again: {}",
        said(&output)
    );
}
