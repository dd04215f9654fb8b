//! Who may call whom. Every `crate::` in the sources is an arrow from the room it stands in to the room it
//! names, and arrows go downwards only. Some libraries belong to one room each.

use super::files;

/// Each room, and the rooms it may name beside itself. A room that is not here fails the test.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["app", "config", "process", "telegram"]),
    (
        "app",
        &[
            "web",
            "ops",
            "jobs",
            "sso",
            "store",
            "telegram",
            "directory",
            "keys",
            "config",
            "clock",
            "process",
            "rules",
            "domain",
        ],
    ),
    ("web", &["app", "ops", "jobs", "sso", "store", "directory", "config", "clock", "domain"]),
    ("ops", &["app", "store", "telegram", "sso", "jobs", "directory", "keys", "config", "clock", "domain"]),
    ("jobs", &["store", "telegram", "directory", "clock", "domain"]),
    ("store", &["config", "keys", "clock", "hex", "domain"]),
    ("telegram", &["process", "clock", "domain"]),
    ("sso", &["config", "clock", "domain"]),
    ("keys", &["config", "hex", "domain"]),
    ("directory", &["domain"]),
    ("rules", &["domain"]),
    ("config", &["keys", "domain"]),
    ("process", &[]),
    ("hex", &[]),
    ("clock", &["domain"]),
    ("domain", &[]),
    // The list of modules and the architecture page.
    ("lib", &[]),
];

/// Each of these words stands in the sources of these rooms only.
const OWNED: &[(&str, &[&str])] = &[
    ("axum::", &["web", "app"]),
    ("hyper::", &["app"]),
    ("hyper_util::", &["app"]),
    ("axum_extra::", &["web"]),
    ("toml::", &["ops"]),
    ("askama::", &["web"]),
    ("sqlx::", &["store", "domain"]),
    ("tdlib_rs::", &["telegram"]),
    ("tdjson::", &["telegram"]),
    ("unsafe ", &[]),
];

/// The room of a file below `src/`: its folder, or its own name.
fn room(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap();
    inside.split(['/', '.']).next().unwrap()
}

/// What a file says that is not a comment, with the number of each line.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The rooms that a line names: `crate::x`, or `telescope::x` in the program, also in braces.
fn named(line: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for own in ["crate::", "telescope::"] {
        for (at, _) in line.match_indices(own) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &line[at + own.len()..];
            let list = rest.strip_prefix('{').map_or(rest, |inside| inside.trim_end_matches(['}', ';']));
            let many = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
            rooms.extend(many.into_iter().filter_map(|piece| {
                let word = piece.trim().split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
                (!word.is_empty() && word.starts_with(char::is_lowercase)).then_some(word)
            }));
        }
    }
    rooms
}

#[test]
fn calls_go_downwards() {
    let mut wrong = Vec::new();
    for (path, text) in files("src", "rs") {
        let from = room(&path);
        let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| *room == from) else {
            wrong.push(format!("{path}: the room {from} is not in the list of arrows"));
            continue;
        };
        for (number, line) in code(&text) {
            for to in named(line).into_iter().filter(|to| *to != from && !allowed.contains(to)) {
                wrong.push(format!("{path}:{number}: {from} may not name {to}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (path, text) in files("src", "rs") {
        for (number, line) in code(&text) {
            for (word, rooms) in OWNED {
                if line.contains(word) && !rooms.contains(&room(&path)) {
                    wrong.push(format!("{path}:{number}: `{word}` belongs to {rooms:?}: {}", line.trim()));
                }
            }
        }
    }
    for (path, text) in files("sandbox/src", "rs") {
        for (number, line) in code(&text) {
            if line.contains("unsafe ") || line.contains("telescope::") {
                wrong.push(format!("{path}:{number}: the sandbox is safe and knows nothing of Telescope"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rules_see_what_they_look_for() {
    assert_eq!(named("use crate::store::{self, Db};"), ["store"]);
    assert_eq!(named("use crate::{ops, telegram, web};"), ["ops", "telegram", "web"]);
    assert_eq!(named("    crate::web::router(app)"), ["web"]);
    assert_eq!(named("use telescope::{app, process, telegram};"), ["app", "process", "telegram"]);
    assert_eq!(named("pub(crate) use std::fmt;"), [""; 0]);
    assert_eq!(room("src/web/pages/accounts.rs"), "web");
    assert_eq!(room("src/app.rs"), "app");
}
