//! The repository contains no secrets, its source files are short, and its image does not run as root.

use std::path::Path;

use super::{files, read};
use crate::support::root;

/// Built, downloaded or private files that are not part of the repository: the entries of `.gitignore`.
const IGNORED: &[&str] = &[".git", "target", "data", "accounts", "node_modules", ".env"];

/// Every file of the repository below a folder, as its path from the root.
fn tree(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let fetched = path.is_dir() && (name.starts_with("natives/") || name == "static/vendor");
        if IGNORED.contains(&name.as_str()) || fetched {
            continue;
        }
        if path.is_dir() {
            tree(&path, found);
        } else {
            found.push(name);
        }
    }
}

/// Whether a text has the address of a database with a real password.
fn has_password(text: &str) -> bool {
    let in_urls = text.split("postgres://").chain(text.split("postgresql://")).skip(1).any(|rest| {
        let address = rest.split(['/', '"', '`', '\'', ' ', '\n', ')']).next().unwrap_or_default();
        let login = address.rsplit_once('@').map_or("", |(login, _)| login);
        login.split_once(':').is_some_and(|(_, password)| !is_placeholder(password))
    });
    let in_words = text.split("password=").skip(1).any(|rest| {
        let password = rest.split([' ', '"', '\'', '\n', '`', '&']).next().unwrap_or_default();
        rest.contains("dbname=") && !is_placeholder(password)
    });
    in_urls || in_words
}

fn is_placeholder(password: &str) -> bool {
    password.is_empty() || password.starts_with(['.', '{', '$', '<']) || password == "PASSWORD"
}

#[test]
fn no_secrets_are_committed() {
    let mut files = Vec::new();
    tree(root(), &mut files);
    assert!(files.len() > 100 && files.contains(&"Dockerfile".to_owned()), "the tree is found");
    for file in &files {
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        let is_private = [".db", ".pem", ".key", ".p12", ".sqlite"].iter().any(|end| name.ends_with(end))
            || (name.starts_with(".env") && name != ".env.sample")
            || file.split('/').any(|part| matches!(part, ".idea" | ".vscode" | ".aws"));
        assert!(!is_private, "{file} does not belong here");
    }
    for file in [".env.sample", "Dockerfile", "Makefile", "README.md", "CONTRIBUTING.md", "SECURITY.md"] {
        assert!(!has_password(&read(file)), "{file} has the password of a database");
    }
    for script in files.iter().filter(|file| file.starts_with("scripts/") || file.starts_with(".ci/")) {
        assert!(!has_password(&read(script)), "{script} has the password of a database");
    }
    assert!(
        read(".gitignore").lines().any(|line| line == "/.env"),
        "a person's own settings are not committed"
    );
    let image = read(".dockerignore");
    let takes: Vec<&str> = image.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(takes[0], "*", "the image contains listed files only");
    assert!(takes.iter().all(|line| !line.contains(".env")), "{takes:?}");
}

#[test]
fn passwords_are_found() {
    for text in [
        "DB_DSN=postgres://ada:secret@db/t",
        "host=db password=secret dbname=t",
        "password='' postgresql://a:b@c/d",
    ] {
        assert!(has_password(text), "{text}");
    }
    for text in
        ["postgres://USER@HOST/DATABASE", "postgres://ada:${PASSWORD}@db/t", "host=db password=... dbname=t"]
    {
        assert!(!has_password(text), "{text}");
    }
}

#[test]
fn source_files_have_at_most_300_lines() {
    let long: Vec<_> = [files("src", "rs"), files("sandbox/src", "rs")]
        .concat()
        .into_iter()
        .map(|(file, text)| (text.lines().count(), file))
        .filter(|(lines, _)| *lines > 300)
        .collect();
    assert!(long.is_empty(), "split {long:?}");
}

#[test]
fn the_image_does_not_run_as_root() {
    let dockerfile = read("Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    let user = last.lines().filter_map(|line| line.strip_prefix("USER ")).next_back().unwrap_or("root");
    assert!(!matches!(user.trim().split(':').next(), Some("root" | "0" | "")), "{user}");
    let after = last.split("\nUSER ").nth(1).unwrap();
    assert!(after.contains("ENTRYPOINT"), "the program is started as that user");
}
