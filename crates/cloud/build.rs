//! The web client is built before this crate; a new one must be embedded.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
