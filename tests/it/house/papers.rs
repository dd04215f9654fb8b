//! What the papers say is so: commands that they name exist, files that they name exist.

use super::read;
use crate::support::root;

const PAPERS: [&str; 3] = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];

/// The verbs of the Makefile.
fn verbs() -> Vec<String> {
    let makefile = read("Makefile");
    let lines = makefile.lines().filter(|line| line.contains(": ") && line.contains("## "));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).filter(|verb| verb != "help").collect()
}

#[test]
fn there_are_at_most_ten_verbs_and_each_is_in_the_readme() {
    let verbs = verbs();
    assert!((3..=10).contains(&verbs.len()), "{verbs:?}");
    let readme = read("README.md");
    for verb in verbs {
        assert!(readme.contains(&format!("make {verb}")), "README.md does not say what `make {verb}` is for");
    }
}

#[test]
fn every_make_command_in_the_papers_exists() {
    let verbs = verbs();
    for paper in PAPERS {
        let text = read(paper);
        for (at, _) in text.match_indices("make ") {
            let quoted = text[..at].ends_with(['`', '\n']) || text[..at].ends_with("    ");
            let verb: String = text[at + 5..].chars().take_while(char::is_ascii_lowercase).collect();
            assert!(
                !quoted || verbs.contains(&verb),
                "{paper} speaks of `make {verb}`, which is not in the Makefile"
            );
        }
    }
}

#[test]
fn every_file_that_the_papers_link_to_exists() {
    for paper in PAPERS {
        let text = read(paper);
        for piece in text.split("](").skip(1) {
            let link = piece.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") {
                assert!(root().join(link).exists(), "{paper} links to {link}, which is not there");
            }
        }
    }
}
