//! Each requirement in SECURITY.md names existing tests, or says what is missing.

use super::named_tests::{has_test, place};
use super::read;

/// Number, requirement and tests of each row of the table.
fn requirements(document: &str) -> Vec<(String, String, String)> {
    let rows = document.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| S")?.trim_end_matches('|').split('|').map(str::trim);
        let [number, requirement, shown] = [cells.next()?, cells.next()?, cells.next()?];
        number.parse::<u32>().ok()?;
        Some((format!("S{number}"), requirement.to_owned(), shown.to_owned()))
    });
    rows.collect()
}

/// The faults in a row.
fn faults(number: &str, requirement: &str, shown: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (tests, missing) = match shown.split_once("not yet: ") {
        Some((tests, missing)) => (tests.trim_end_matches("; "), Some(missing)),
        None => (shown, None),
    };
    if !requirement.ends_with('.') || missing.is_some_and(str::is_empty) {
        faults.push(format!("{number} is not a sentence, or does not say what is missing"));
    }
    let tests: Vec<&str> = tests.split(", ").filter(|test| !test.is_empty()).collect();
    if tests.is_empty() && missing.is_none() {
        faults.push(format!("{number} has no test"));
    }
    for test in tests {
        let Some(name) = test.strip_prefix('`').and_then(|test| test.strip_suffix('`')) else {
            faults.push(format!("{number}: {test} is not a test name"));
            continue;
        };
        let (file, function) = place(name);
        let source = std::fs::read_to_string(crate::support::root().join(&file)).unwrap_or_default();
        if !has_test(&source, function) {
            faults.push(format!("{number}: {name} is not in {file}"));
        }
    }
    faults
}

#[test]
fn each_requirement_names_existing_tests() {
    let table = requirements(&read("SECURITY.md"));
    let numbers: Vec<&str> = table.iter().map(|(number, ..)| number.as_str()).collect();
    let expected: Vec<String> = (1..=61).map(|number| format!("S{number}")).collect();
    assert_eq!(numbers, expected, "each once, in order");
    let faults: Vec<String> =
        table.iter().flat_map(|(number, requirement, shown)| faults(number, requirement, shown)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Attacker and tests of each row of the threat table.
fn threats(document: &str) -> Vec<(String, String)> {
    let table = document.split("## Threat model").nth(1).and_then(|rest| rest.split("\n#").next()).unwrap();
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.trim_end_matches(" |").split(" | ").collect();
        Some((cells.first()?.to_string(), cells.get(3).unwrap_or(&"").to_string()))
    });
    rows.skip(1).collect()
}

#[test]
fn each_attacker_of_the_threat_table_is_tried() {
    let threats = threats(&read("SECURITY.md"));
    assert!(threats.len() >= 10, "{threats:?}");
    let faults: Vec<String> =
        threats.iter().flat_map(|(attacker, tests)| faults(attacker, "A sentence.", tests)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(threats.iter().all(|(_, tests)| !tests.contains("not yet")));
}

#[test]
fn rows_without_tests_are_found() {
    let own = "`architecture::requirements::rows_without_tests_are_found`";
    for (shown, is_right) in [
        (own.to_owned(), true),
        (format!("{own}; not yet: the rest"), true),
        ("not yet: all of it".to_owned(), true),
        (String::new(), false),
        ("not yet: ".to_owned(), false),
        ("`architecture::requirements::requirements`".to_owned(), false),
        ("`architecture::nowhere::at_all`".to_owned(), false),
        (format!("{own}, some words"), false),
    ] {
        assert_eq!(faults("S1", "A sentence.", &shown).is_empty(), is_right, "{shown}");
    }
}
