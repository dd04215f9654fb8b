//! The layers of the crate: each module uses only modules below it. Every path in the sources counts, those that begin
//! with `crate::` and those that go up with `super::`.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and those that it may use. They are in order: a module uses only later ones.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["launcher"]),
    (
        "lib",
        &[
            "backend",
            "crypto",
            "error",
            "handle",
            "launcher",
            "mtproto",
            "rpc",
            "sandbox",
            "server",
            "transport",
        ],
    ),
    ("launcher", &["storage", "crypto", "bytes"]),
    ("sandbox", &["phones", "handle", "server", "storage", "backend", "mtproto", "crypto"]),
    ("phones", &["handle", "server", "network", "backend", "error"]),
    ("handle", &["server", "network", "rpc", "backend", "crypto", "error"]),
    (
        "server",
        &[
            "network",
            "storage",
            "rpc",
            "backend",
            "mtproto",
            "transport",
            "crypto",
            "bytes",
            "clock",
            "error",
        ],
    ),
    ("network", &["backend", "clock"]),
    ("storage", &["backend", "crypto"]),
    ("rpc", &["backend", "mtproto", "crypto", "bytes", "error"]),
    ("backend", &["mtproto", "crypto", "error", "serde_base64"]),
    ("mtproto", &["crypto", "bytes"]),
    ("transport", &["crypto", "bytes"]),
    ("crypto", &["serde_base64"]),
    ("serde_base64", &[]),
    ("bytes", &[]),
    ("clock", &[]),
    ("error", &[]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of top-level modules that a source of the crate uses. `depth` is how deep its module lies.
fn used(text: &str, depth: usize) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect::<Vec<_>>().join("\n");
    let up = "super::".repeat(depth);
    let mut names = Vec::new();
    for root in ["crate::", up.as_str()].into_iter().filter(|root| !root.is_empty()) {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':')) {
                continue;
            }
            let rest = &code[at + root.len()..];
            let tree = rest.split(';').next().unwrap();
            match tree.strip_prefix('{') {
                Some(inside) => names.extend(first_names(inside)),
                None => names.extend(word(tree)),
            }
        }
    }
    names
}

/// The first name of each member of a `use` group.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                names.extend(word(&group[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    word.starts_with(|c: char| c.is_ascii_lowercase()).then_some(word)
}

#[test]
fn modules_use_only_the_layers_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "the sources are found: {}", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        let module = parts[0];
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{module} is not in the list of layers"));
            continue;
        };
        let depth = if parts.last() == Some(&"mod") { parts.len() - 1 } else { parts.len() };
        let depth = if matches!(module, "lib" | "main") { 0 } else { depth };
        for name in used(&fs::read_to_string(&file).unwrap(), depth) {
            let is_module = LAYERS.iter().any(|(layer, _)| *layer == name);
            if is_module && name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {module} may not use {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_of_layers_is_in_order_and_names_what_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (at, (name, allowed)) in LAYERS.iter().enumerate() {
        let exists = root.join(name).is_dir() || root.join(name).with_extension("rs").is_file();
        assert!(exists, "there is no module {name}");
        for used in *allowed {
            let below = LAYERS.iter().position(|(layer, _)| layer == used);
            assert!(below.is_some_and(|below| below > at), "{name} uses {used}, which is not below it");
        }
    }
}

#[test]
fn used_modules_are_found() {
    let text = "use crate::{\n    backend::{Backend, codes},\n    error::RpcError,\n};\nuse super::super::rpc;\n\
        // crate::never\nfn f() { crate::clock::now() }\nuse crate::Thing;";
    assert_eq!(used(text, 2), ["backend", "error", "clock", "rpc"]);
}
