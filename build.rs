//! Builds again when a migration is added: the compiler alone does not notice a new file.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
