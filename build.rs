//! Builds again when a migration is added, which the compiler alone does not notice; and says which command
//! fetches the scripts that are part of the program but not of the repository.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    for script in ["static/vendor/htmx.min.js", "static/vendor/hx-sse.min.js"] {
        println!("cargo:rerun-if-changed={script}");
        if !Path::new(script).is_file() {
            println!("cargo::error={script} is missing. `make natives` fetches it.");
        }
    }
}
