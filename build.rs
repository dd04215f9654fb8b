//! Builds again when a migration is added, which the compiler alone does not notice; says which command fetches the scripts
//! that are part of the program but not of the repository; and lists what the program is built from, for its page
//! About.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The licenses of what `natives/fetch.sh` downloads.
const FILES: [(&str, &str, &str); 2] =
    [("htmx.org", "htmx", "0BSD"), ("@prebuilt-tdlib/linux-x64-glibc", "TDLib", "BSL-1.0")];

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    for script in ["static/vendor/htmx.min.js", "static/vendor/hx-sse.min.js"] {
        println!("cargo:rerun-if-changed={script}");
        if !Path::new(script).is_file() {
            println!("cargo::error={script} is missing. `make natives` fetches it.");
        }
    }
    for list in ["Cargo.lock", "natives/fetch.sh"] {
        println!("cargo:rerun-if-changed={list}");
    }
    let (Some(out), Some(target)) = (std::env::var_os("OUT_DIR"), std::env::var_os("TARGET")) else { return };
    let packages = packages(&target.to_string_lossy()).unwrap_or_else(|error| {
        println!("cargo::error=cargo could not list the packages: {error}");
        String::new()
    });
    let list = PathBuf::from(out).join("components.tsv");
    if let Err(error) = std::fs::write(&list, files() + &packages) {
        println!("cargo::error={}: {error}", list.display());
    }
}

/// A line for each package that the program is built from: name, version, license.
fn packages(target: &str) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args([
            "tree",
            "--package",
            "telescope",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--locked",
            "--offline",
        ])
        .args(["--target", target, "--format", "{p}\t{l}"])
        .output()
        .map_err(|error| error.to_string())?;
    if !tree.status.success() {
        return Err(String::from_utf8_lossy(&tree.stderr).trim().replace('\n', " "));
    }
    let tree = String::from_utf8_lossy(&tree.stdout);
    let lines: BTreeSet<String> = tree.lines().filter_map(package).collect();
    Ok(lines.into_iter().collect())
}

/// From `name v1.2.3 (somewhere)`, a tab and a license.
fn package(line: &str) -> Option<String> {
    let (package, license) = line.trim_end_matches(" (*)").split_once('\t')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let license = license.replace('/', " OR ");
    (name != "telescope").then(|| format!("{name}\t{version}\t{license}\n"))
}

/// The same for the files that are loaded or served.
fn files() -> String {
    let script = std::fs::read_to_string("natives/fetch.sh").unwrap_or_default();
    let version = |package: &str| {
        let (_, rest) = script.split_once(&format!("download {package}@"))?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let line = |(package, name, license)| match version(package) {
        Some(version) => format!("{name}\t{version}\t{license}\n"),
        None => {
            println!("cargo::error=natives/fetch.sh doesn't say which version of {package} it downloads");
            String::new()
        }
    };
    FILES.map(line).concat()
}
