//! The layers of the architecture: each module of `src` may use those below it and no others.
//!
//! Every path in the sources counts, in `use` lines and in code: `crate::`, `super::` and `telescope::`, and a name that
//! is re-exported counts as the place that defines it. So a layer can't use a forbidden type through a field or a `pub
//! use` either: the type has to be named where the field is.

use std::collections::{BTreeMap, BTreeSet};

use super::files;

/// Each top-level module, and the others that it may use. They are in order: a module uses only later ones.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli", "config", "process", "serve", "telegram"]),
    (
        "serve",
        &[
            "http", "web", "node", "tasks", "ops", "context", "live", "store", "telegram", "config", "clock",
            "domain",
        ],
    ),
    ("cli", &["node", "ops", "context", "words", "store", "crypto", "config", "clock", "domain"]),
    ("web", &["http", "ops", "context", "live", "words", "store", "sso", "config", "clock", "domain"]),
    ("http", &["config", "domain"]),
    ("tasks", &["node", "jobs", "ops", "context", "live", "store", "domain"]),
    ("node", &["ops", "context", "words", "store", "process", "config", "clock", "domain"]),
    ("jobs", &["ops", "context", "live", "store", "clock", "domain"]),
    (
        "ops",
        &[
            "context", "live", "words", "store", "telegram", "sso", "mail", "crypto", "config", "clock",
            "domain",
        ],
    ),
    ("context", &["live", "store", "telegram", "sso", "mail", "crypto", "config", "clock", "domain"]),
    ("live", &["domain"]),
    ("words", &["domain"]),
    ("store", &["crypto", "config", "clock", "domain"]),
    ("telegram", &["process", "clock", "domain"]),
    ("sso", &["config", "clock", "domain"]),
    ("mail", &["config", "domain"]),
    ("config", &["process", "crypto", "domain"]),
    ("crypto", &["domain"]),
    ("clock", &["domain"]),
    ("process", &[]),
    ("domain", &[]),
    // The list of modules and the architecture page.
    ("lib", &[]),
];

/// Libraries that only some modules may use.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("axum::", &["web", "http"]),
    ("hyper::", &["http"]),
    ("hyper_util::", &["http"]),
    ("axum_extra::", &["web"]),
    ("toml::", &["ops"]),
    ("lettre::", &["mail", "config"]),
    ("png::", &["web"]),
    ("zune_jpeg::", &["web"]),
    ("image_webp::", &["web"]),
    ("rqrr::", &["web"]),
    ("askama::", &["web"]),
    ("sqlx::", &["store", "domain"]),
    ("tdlib_rs::", &["telegram"]),
    ("tdjson::", &["telegram"]),
    ("unsafe ", &[]),
];

/// The path of a module, from the crate's root; empty for the root itself.
type Module = Vec<String>;

/// The module of a file below `src/`.
fn module(path: &str) -> Module {
    let inside = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    let mut parts: Module = inside.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

fn layer(module: &[String]) -> &str {
    module.first().map_or("lib", String::as_str)
}

/// The lines of a file that are not comments, with their numbers. Tests inside a file come last and are included.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Every path that begins at the crate's root or with `super`, with its line; `use` trees are expanded.
fn paths(own: &[String], text: &str) -> Vec<(usize, Module)> {
    let mut found = Vec::new();
    let mut statement: Option<(usize, String)> = None;
    let mut in_tests = false;
    for (number, line) in code(text) {
        in_tests |= line.starts_with("mod tests {");
        let from = if in_tests { [own, &["tests".to_owned()]].concat() } else { own.to_vec() };
        let trimmed = line.trim_start();
        let is_use = trimmed.starts_with("use ") || (trimmed.starts_with("pub") && trimmed.contains(" use "));
        if let Some((_, open)) = &mut statement {
            open.push_str(line);
        } else if is_use {
            statement = Some((number, line.to_owned()));
        } else {
            let names = absolute_in_line(&from, line);
            found.extend(names.into_iter().map(|path| (number, path)));
        }
        if let Some((at, text)) = statement.take_if(|(_, text)| text.contains(';')) {
            let (_, tree) = text.split_once("use ").unwrap();
            let tree = tree.trim_end().trim_end_matches(';');
            found.extend(leaves(tree).iter().filter_map(|leaf| absolute(&from, leaf)).map(|path| (at, path)));
        }
    }
    found
}

/// The individual paths of a `use` tree, as written.
fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, inside)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
    let (mut depth, mut pieces) = (0, vec![String::new()]);
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 { pieces.push(String::new()) } else { pieces.last_mut().unwrap().push(c) }
    }
    let pieces = pieces.iter().filter(|piece| !piece.trim().is_empty());
    pieces.flat_map(|piece| leaves(piece)).map(|leaf| format!("{prefix}{leaf}")).collect()
}

/// Every path in a line of code that begins with `crate::`, `super::` or `telescope::`.
fn absolute_in_line(own: &[String], line: &str) -> Vec<Module> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for start in ["crate::", "super::", "telescope::"] {
        for (at, _) in line.match_indices(start) {
            if line[..at].chars().next_back().is_some_and(|c| is_word(c) || c == ':') {
                continue;
            }
            let path: String = line[at..].chars().take_while(|c| is_word(*c) || *c == ':').collect();
            found.extend(absolute(own, path.trim_end_matches(':')));
        }
    }
    found
}

/// A path from the crate's root; none if it leads elsewhere.
fn absolute(own: &[String], path: &str) -> Option<Module> {
    let mut parts = path.split("::").map(str::trim).peekable();
    let mut base = match parts.next()? {
        "crate" | "telescope" => Vec::new(),
        "super" => own[..own.len().checked_sub(1)?].to_vec(),
        "self" => own.to_vec(),
        _ => return None,
    };
    while parts.next_if(|part| *part == "super").is_some() {
        base.pop()?;
    }
    base.extend(parts.filter(|part| *part != "self").map(str::to_owned));
    Some(base)
}

/// The sources: each module with its file and text.
struct Sources {
    modules: BTreeMap<Module, (String, String)>,
    /// The re-exports: their path, and the path they come from.
    exports: BTreeMap<Module, Module>,
}

impl Sources {
    fn read() -> Self {
        let modules: BTreeMap<_, _> =
            files("src", "rs").into_iter().map(|(path, text)| (module(&path), (path, text))).collect();
        let mut exports = BTreeMap::new();
        for (own, (_, text)) in &modules {
            let root = if layer(own) == "lib" || layer(own) == "main" { Vec::new() } else { own.clone() };
            let statements = code(text).map(|(_, line)| line).collect::<Vec<_>>().join("\n");
            for statement in statements
                .split(';')
                .filter_map(|it| it.split_once("pub use ").or(it.split_once("pub(crate) use ")))
            {
                for leaf in leaves(statement.1) {
                    let name = leaf.rsplit("::").next().unwrap().to_owned();
                    let target = absolute(&root, &leaf).unwrap_or_else(|| {
                        [root.clone(), leaf.split("::").map(str::to_owned).collect()].concat()
                    });
                    exports.insert([root.clone(), vec![name]].concat(), target);
                }
            }
        }
        Self { modules, exports }
    }

    /// Where an item is defined, following re-exports.
    fn origin(&self, path: &[String]) -> Module {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let step = (1..=path.len()).rev().find_map(|end| Some((end, self.exports.get(&path[..end])?)));
            match step {
                Some((end, target)) if target[..] != path[..end] => {
                    path = [target.clone(), path[end..].to_vec()].concat();
                }
                _ => break,
            }
        }
        path
    }
}

#[test]
fn modules_use_only_the_layers_below_them() {
    let sources = Sources::read();
    let mut wrong = BTreeSet::new();
    for (own, (file, text)) in &sources.modules {
        let from = layer(own);
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == from) else {
            wrong.insert(format!("{file}: the module {from} is not in the list of layers"));
            continue;
        };
        for (line, path) in paths(own, text) {
            for place in [&path, &sources.origin(&path)] {
                let to = layer(place);
                let is_module = LAYERS.iter().any(|(name, _)| *name == to);
                if is_module && to != from && !allowed.contains(&to) {
                    wrong.insert(format!("{file}:{line}: {from} may not use {}", place.join("::")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_modules_of_web_outside_its_pages_use_each_other_in_one_direction() {
    let sources = Sources::read();
    let is_node = |own: &Module| layer(own) == "web" && own.get(1).is_none_or(|part| part != "pages");
    let nodes: Vec<&Module> = sources.modules.keys().filter(|own| own.len() > 1 && is_node(own)).collect();
    // The module that a path leads into: the longest that is a file.
    let target =
        |path: &[String]| nodes.iter().filter(|node| path.starts_with(node)).max_by_key(|node| node.len());
    let mut left: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for own in &nodes {
        let used = paths(own, &sources.modules[*own].1);
        let used = used.iter().filter_map(|(_, path)| target(&sources.origin(path)).copied());
        left.insert(own, used.filter(|used| used != own).collect());
    }
    assert!(left.values().map(BTreeSet::len).sum::<usize>() > 20, "the uses are found");
    // Remove modules without remaining dependencies until only cycles are left.
    while let Some(done) = left.iter().find(|(_, used)| used.iter().all(|it| !left.contains_key(*it))) {
        let done = *done.0;
        left.remove(done);
    }
    let circles: Vec<String> = left.keys().map(|own| own.join("::")).collect();
    assert!(circles.is_empty(), "these use each other: {circles:?}");
}

#[test]
fn the_list_of_layers_is_in_order_and_names_what_exists() {
    let sources = Sources::read();
    let order: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    for (at, (name, allowed)) in LAYERS.iter().enumerate() {
        assert!(sources.modules.keys().any(|module| layer(module) == *name), "there is no module {name}");
        for used in *allowed {
            let below = order.iter().position(|it| it == used);
            assert!(below.is_some_and(|below| below > at), "{name} uses {used}, which is not below it");
        }
    }
    for (library, modules) in LIBRARIES {
        assert!(modules.iter().all(|module| order.contains(module)), "{library}: {modules:?}");
    }
}

#[test]
fn libraries_stay_in_their_modules() {
    let mut wrong = Vec::new();
    for (path, text) in files("src", "rs") {
        for (number, line) in code(&text) {
            for (library, modules) in LIBRARIES {
                if line.contains(library) && !modules.contains(&layer(&module(&path))) {
                    wrong.push(format!(
                        "{path}:{number}: `{library}` belongs to {modules:?}: {}",
                        line.trim()
                    ));
                }
            }
        }
    }
    for (path, text) in files("sandbox/src", "rs") {
        for (number, line) in code(&text) {
            if line.contains("unsafe ") || line.contains("telescope::") {
                wrong.push(format!("{path}:{number}: the sandbox is safe and does not know Telescope"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_paths_of_a_source_are_found() {
    let own: Module = ["ops", "access", "edit"].map(str::to_owned).to_vec();
    let text = "use super::{Edit, role::{Role, Names as N}};\nuse crate::{\n    store::{self, Db},\n    web,\n};\n\
        use std::fmt;\nfn f() -> super::super::OpError { crate::live::events::publish() }\n// crate::never\n\
        mod tests {\n    use super::*;\n    use super::super::x;\n}\n";
    let found: Vec<String> =
        paths(&own, text).into_iter().map(|(line, path)| format!("{line} {}", path.join("::"))).collect();
    assert_eq!(
        found,
        [
            "1 ops::access::Edit",
            "1 ops::access::role::Role",
            "1 ops::access::role::Names",
            "2 store",
            "2 store::Db",
            "2 web",
            "7 crate_path",
            "7 ops::OpError",
            "10 ops::access::edit::*",
            "11 ops::access::x",
        ]
        .map(|line| line.replace("crate_path", "live::events::publish"))
    );
}
