//! Addresses of pages are written once, in `web/paths.rs`.

use super::files;

/// Where an address may be written out: the one place, and the tests of redirects.
const EXCEPT: &[&str] = &["src/web/paths.rs", "src/web/return_to.rs"];

/// The first segment of every address in `web/paths.rs`.
fn first_parts() -> Vec<String> {
    let text = super::read("src/web/paths.rs");
    let patterns = text.lines().filter_map(|line| line.split_once(" = \"/")).map(|(_, rest)| rest);
    let mut parts: Vec<String> = patterns
        .map(|rest| rest.split(['/', '"']).next().unwrap().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    parts.sort();
    parts.dedup();
    assert!(parts.len() > 10, "{parts:?}");
    parts
}

#[test]
fn addresses_are_written_in_one_place() {
    let starts: Vec<String> = first_parts().iter().map(|part| format!("\"/{part}")).collect();
    let mut wrong = Vec::new();
    let sources = [files("src/web", "rs"), files("templates", "html")].concat();
    for (path, text) in sources.iter().filter(|(path, _)| !EXCEPT.contains(&path.as_str())) {
        for (number, line) in text.lines().enumerate() {
            let code = !line.trim_start().starts_with("//");
            if code && starts.iter().any(|start| line.contains(start.as_str())) {
                wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "use web::paths:\n{}", wrong.join("\n"));
}
