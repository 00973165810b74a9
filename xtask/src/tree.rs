//! The repository as the checks see it: texts by their paths, without what is built or fetched.

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Folders that hold nothing of ours, wherever they lie.
const NOT_OURS: [&str; 6] = ["target", "node_modules", ".git", "dist", ".venv", "__pycache__"];
/// Folders in folders; beyond that something is wrong with the tree.
const DEPTH_MAX: usize = 16;

/// One text file; `path` is relative to the repository and has `/` in it.
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Text {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Every text file whose path the caller wants.
pub(crate) fn texts(is_wanted: impl Fn(&str) -> bool) -> Vec<Text> {
    let mut paths = Vec::new();
    collect(Path::new(ROOT), "", 0, &mut paths);
    paths.sort();
    let wanted = paths.into_iter().filter(|path| is_wanted(path));
    let texts = wanted.filter_map(|path| {
        // What is not UTF-8 is a picture or a compressed file.
        let text = fs::read_to_string(absolute(&path)).ok()?;
        Some(Text { path, text })
    });
    texts.collect()
}

pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(absolute(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

pub(crate) fn exists(path: &str) -> bool {
    absolute(path).exists()
}

/// Fails with everything there is to complain about, not only with the first.
pub(crate) fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn absolute(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

fn collect(folder: &Path, prefix: &str, depth: usize, paths: &mut Vec<String>) {
    assert!(depth < DEPTH_MAX, "{prefix} lies too deep");
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{path}/"), depth + 1, paths);
        } else if kind.is_file() {
            paths.push(path);
        }
    }
}

#[test]
fn sees_itself_and_nothing_that_is_built() {
    let texts = texts(|_| true);
    assert!(texts.iter().any(|text| text.path == "xtask/src/tree.rs"));
    assert!(texts.iter().all(|text| !text.path.starts_with("target/")));
}
