//! The bill of materials that `make sbom` writes, compared with `cargo tree` and with the files themselves.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest, Sha512};

use super::read;
use crate::support::root;

static LIST: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&run("python3", &["scripts/sbom.py"])).expect("it is JSON"));

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().expect(program);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn components(kind: &str) -> Vec<&'static Value> {
    LIST["components"].as_array().unwrap().iter().filter(|part| part["type"] == kind).collect()
}

fn text<'a>(part: &'a Value, name: &str) -> &'a str {
    part[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {part}"))
}

#[test]
fn the_list_has_every_package_of_the_program_and_no_other() {
    assert_eq!((text(&LIST, "bomFormat"), text(&LIST, "specVersion")), ("CycloneDX", "1.5"));
    assert_eq!(LIST["metadata"]["component"]["name"], "telescope");
    let arguments =
        ["tree", "--package", "telescope", "--edges", "normal,build", "--prefix", "none", "--locked"];
    let more = ["--offline", "--target", "x86_64-unknown-linux-gnu", "--format", "{p}"];
    let tree = run("cargo", &[&arguments[..], &more].concat());
    let words = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    let built: BTreeSet<_> = tree.lines().filter_map(words).filter(|(name, _)| name != "telescope").collect();
    let listed: BTreeSet<_> = components("library")
        .iter()
        .map(|part| (text(part, "name").to_owned(), text(part, "version").to_owned()))
        .collect();
    assert!(built.len() > 100, "cargo tree lists the packages: {}", built.len());
    let missing: Vec<_> = built.difference(&listed).collect();
    assert!(missing.is_empty(), "not in the list: {missing:?}");
    for tests_only in ["rcgen", "scraper", "thirtyfour", "proptest", "telescope-sandbox"] {
        assert!(listed.iter().all(|(name, _)| name != tests_only), "{tests_only} is in no release");
    }
    for part in components("library").into_iter().filter(|part| !part["purl"].is_null()) {
        assert_eq!(part["hashes"][0]["content"].as_str().map(str::len), Some(64), "{part}");
    }
    let known: BTreeSet<&str> =
        LIST["dependencies"].as_array().unwrap().iter().map(|it| text(it, "ref")).collect();
    assert_eq!(known.len(), listed.len() + 1, "each lists its dependencies");
}

#[test]
fn the_list_has_the_third_party_files() {
    let files = components("file");
    let names: Vec<&str> = files.iter().map(|part| text(part, "name")).collect();
    let expected =
        ["static/vendor/htmx.min.js", "static/vendor/hx-sse.min.js", "natives/linux/lib/libtdjson.so"];
    assert_eq!(names, expected);
    for part in files {
        let bytes = std::fs::read(root().join(text(part, "name"))).expect("`make natives` downloads it");
        let mut digest = String::new();
        for byte in Sha512::digest(bytes) {
            write!(digest, "{byte:02x}").unwrap();
        }
        assert_eq!(part["hashes"][0]["content"], digest, "{part}");
        assert!(text(part, "version").starts_with(|c: char| c.is_ascii_digit()), "{part}");
    }
}

/// Whether a license expression can be satisfied with the `allowed` licenses.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let every = |parts: &str| {
        parts.split(" AND ").all(|part| {
            let part = part.trim_matches(['(', ')']);
            part.split(" OR ").any(|licence| allowed.contains(&licence))
        })
    };
    // Without parentheses, AND binds more tightly than OR.
    if expression.contains('(') { every(expression) } else { expression.split(" OR ").any(every) }
}

#[test]
fn every_licence_is_allowed() {
    let deny = read("deny.toml");
    let (_, list) = deny.split_once("\nallow = [").expect("deny.toml lists licenses");
    let (list, _) = list.split_once(']').unwrap();
    let allowed: Vec<&str> = list.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let all: Vec<&Value> = components("library");
    for part in &all {
        let expression = text(&part["licenses"][0], "expression");
        assert!(is_allowed(expression, &allowed), "{}: {expression}", part["bom-ref"]);
    }
    assert!(!is_allowed("GPL-3.0", &allowed) && !is_allowed("MIT AND GPL-3.0", &allowed));
    assert!(is_allowed("GPL-3.0 OR MIT", &allowed) && !is_allowed("(GPL-3.0 OR X) AND MIT", &allowed));
    for kept in
        ["yanked = \"deny\"", "wildcards = \"deny\"", "unknown-registry = \"deny\"", "unknown-git = \"deny\""]
    {
        assert!(deny.contains(kept), "deny.toml: {kept}");
    }
}
