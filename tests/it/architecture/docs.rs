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
fn there_are_few_verbs_and_each_is_in_the_readme() {
    let verbs = verbs();
    assert!((3..=11).contains(&verbs.len()), "{verbs:?}");
    let readme = read("README.md");
    for verb in verbs {
        assert!(readme.contains(&format!("make {verb}")), "README.md does not say what `make {verb}` is for");
    }
}

/// The commands in a paper: what stands in backticks, and the lines of its code blocks.
fn commands(paper: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in read(paper).lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.push(line.to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_make_command_in_the_papers_exists() {
    let verbs = verbs();
    let mut checked = 0;
    for paper in PAPERS {
        for command in commands(paper) {
            let words = command.split('#').next().unwrap().split_whitespace();
            for verb in words.skip_while(|word| *word != "make").skip(1) {
                assert!(
                    verbs.iter().any(|known| known == verb),
                    "{paper} speaks of `{command}`: there is no {verb}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked >= verbs.len(), "the commands are found: {checked}");
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
