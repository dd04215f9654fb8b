//! What the documentation says is true: the commands, files and settings that it names exist. Its language is plain.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use telescope::config::setting_names;

use super::{files, read};
use crate::support::root;

/// Every document, with its text.
pub fn documents() -> Vec<(String, String)> {
    let mut documents = files("docs", "md");
    assert!(documents.len() >= 7, "the documents are found: {documents:?}");
    documents
        .extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|path| (path.to_owned(), read(path))));
    documents
}

/// The commands of the Makefile.
fn verbs() -> Vec<String> {
    let makefile = read("Makefile");
    let lines = makefile.lines().filter(|line| line.contains(": ") && line.contains("## "));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).filter(|verb| verb != "help").collect()
}

#[test]
fn there_are_few_make_commands_and_each_is_explained() {
    let verbs = verbs();
    assert!((3..=12).contains(&verbs.len()), "{verbs:?}");
    let table = read("CONTRIBUTING.md");
    for verb in verbs {
        let row = format!("| `make {verb}` |");
        assert!(table.contains(&row), "CONTRIBUTING.md does not say what `make {verb}` does");
    }
}

/// The code in a document: what is in backticks, and the lines of its code blocks without their comments.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.push(line.split(" #").next().unwrap().to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_make_command_in_the_documents_exists() {
    let verbs = verbs();
    let mut checked = 0;
    for (path, text) in documents() {
        for command in code(&text) {
            let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
            if words.next() != Some("make") {
                continue;
            }
            for verb in words {
                assert!(
                    verbs.iter().any(|known| known == verb),
                    "{path} names `{command}`: there is no {verb}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked >= verbs.len(), "the commands are found: {checked}");
}

/// The subcommands and options of a call of `telescope`; none if the text is something else.
fn call(command: &str) -> Option<(Vec<&str>, Vec<&str>)> {
    let mut words = command.split_whitespace();
    let program = words.next()?;
    if program.rsplit('/').next() != Some("telescope") {
        return None;
    }
    let words: Vec<&str> = words.collect();
    let has_verbs = words.first().is_some_and(|first| matches!(*first, "admin" | "access" | "audit"));
    let subcommands = words.iter().copied().take(if has_verbs { 2 } else { 1 }).collect();
    Some((subcommands, words.into_iter().filter(|word| word.starts_with("--")).collect()))
}

#[test]
fn every_telescope_command_in_the_documents_exists() {
    let mut checked = BTreeSet::new();
    for (path, text) in documents() {
        for command in code(&text) {
            let Some((subcommands, options)) = call(&command) else { continue };
            let output = Command::new(env!("CARGO_BIN_EXE_telescope"))
                .args(&subcommands)
                .arg("--help")
                .output()
                .expect("the program starts");
            let help = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{path} names `{command}`, which does not exist");
            for option in options {
                assert!(help.contains(option), "{path} names `{command}`: there is no {option}");
            }
            checked.insert(subcommands.join(" "));
        }
    }
    for known in ["admin grant", "access export", "audit verify", "audit blank", "migrate"] {
        assert!(checked.contains(known), "the commands are found: {checked:?}");
    }
}

#[test]
fn every_file_that_the_documents_link_to_exists() {
    let mut checked = 0;
    for (path, text) in documents() {
        let folder = Path::new(&path).parent().unwrap();
        for piece in text.split("](").skip(1) {
            let link = piece.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") {
                assert!(
                    root().join(folder).join(link).exists(),
                    "{path} links to {link}, which does not exist"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 15, "the links are found: {checked}");
}

#[test]
fn every_path_in_the_sources_that_the_documents_name_exists() {
    let mut checked = 0;
    for (path, text) in documents() {
        for code in code(&text) {
            let is_path = ["src/", "tests/", "templates/", "migrations/", "scripts/", "sandbox/"]
                .iter()
                .any(|folder| code.starts_with(folder));
            // `<noun>` and `x.rs` stand for names that are yet to be chosen.
            if is_path && !code.contains(['<', ' ']) && !code.ends_with("/x.rs") {
                assert!(root().join(&code).exists(), "{path} names {code}, which does not exist");
                checked += 1;
            }
        }
    }
    assert!(checked > 15, "the paths are found: {checked}");
}

/// The words of a text that look like settings: capitals with an underscore in them.
fn settings(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_setting = |word: &&str| {
        word.contains('_')
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    words.filter(is_setting).collect()
}

#[test]
fn every_setting_in_the_documents_exists() {
    let tools = ["scripts/demo.sh", "scripts/flakes.sh", "scripts/measure.sh", "scripts/test.sh", "Makefile"]
        .map(read)
        .join("\n");
    let of_tools = settings(&tools);
    let names = setting_names();
    let mut named = BTreeSet::new();
    for (path, text) in documents() {
        for setting in settings(&text) {
            let exists = names.contains(setting) || of_tools.contains(setting);
            assert!(exists, "{path} names {setting}, which is no setting");
            named.insert(setting.to_owned());
        }
    }
    for setting in ["PUBLIC_URL", "OIDC_ISSUER", "TD_HOSTS", "AUDIT_DETAILS_DAYS"] {
        assert!(named.contains(setting), "the settings are found: {named:?}");
    }
}
