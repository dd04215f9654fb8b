//! Finds the tests that documents and tables name.

use crate::support::root;

/// The file of a test, and its function name.
pub(super) fn place(test: &str) -> (String, &str) {
    let (module, name) = test.rsplit_once("::").expect("a test is in a module");
    let Some(module) = module.strip_suffix("tests").and_then(|module| module.strip_suffix("::")) else {
        return (format!("tests/it/{}.rs", module.replace("::", "/")), name);
    };
    let module = module.replace("::", "/");
    let places = [format!("src/{module}/tests.rs"), format!("src/{module}/mod.rs")];
    let apart = places.into_iter().find(|place| root().join(place).exists());
    (apart.unwrap_or_else(|| format!("src/{module}.rs")), name)
}

/// Whether a source has a test of that name: with an attribute, or in the list of tests for both databases.
pub(super) fn has_test(source: &str, name: &str) -> bool {
    let mut before = "";
    let marked = source.lines().map(str::trim).any(|line| {
        let is_it = line.strip_prefix("async ").unwrap_or(line).starts_with(&format!("fn {name}("));
        let found = is_it && before.starts_with("#[") && before.contains("test");
        before = line;
        found
    });
    let listed = source.split_once("on_both!(").is_some_and(|(_, list)| {
        list.split(')').next().unwrap().split(',').any(|listed| listed.trim() == name)
    });
    marked || listed
}

#[test]
fn only_tests_are_found() {
    let source =
        "super::on_both!(\n    first,\n    second,\n);\n#[tokio::test]\nasync fn third() {}\nfn fourth() {}";
    for (name, is_there) in
        [("first", true), ("second", true), ("third", true), ("fourth", false), ("fifth", false)]
    {
        assert_eq!(has_test(source, name), is_there, "{name}");
    }
}
