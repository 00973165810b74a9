//! Documents that point somewhere: links resolve, files named in passing exist, bounds are those
//! of the code.

use crate::tree::{self, Text};

/// Folders whose files documents name by their path.
const OUR_FOLDERS: [&str; 5] = ["crates/", "docs/", "web/", "xtask/", "interop/"];

/// Lines outside of fenced code, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push((index + 1, line));
        }
    }
    lines
}

/// `[text](target)`, apart from addresses of the web.
fn broken_links(file: &Text, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in prose(&file.text) {
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
            let path = target.split('#').next().unwrap_or_default();
            if !is_elsewhere && !path.is_empty() && !exists(&beside(&file.path, path)) {
                let place = format!("{}:{number}", file.path);
                complaints
                    .push(format!("{place}: nothing is at {target}: correct or remove the link"));
            }
        }
    }
    complaints
}

/// A path as seen from the folder of the file.
fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `crates/x/src/y.rs` in backticks.
fn missing_files(file: &Text, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in prose(&file.text) {
        for code in line.split('`').skip(1).step_by(2) {
            let is_path = OUR_FOLDERS.iter().any(|folder| code.starts_with(folder));
            let is_plain = !code.contains(|c: char| c.is_whitespace() || "*{<…".contains(c));
            if is_path && is_plain && !exists(code.trim_end_matches('/')) {
                let place = format!("{}:{number}", file.path);
                complaints.push(format!(
                    "{place}: there is no {code}: follow the file or remove the mention"
                ));
            }
        }
    }
    complaints
}

/// Rows `| what | value | `NAME` in `file` |` of the table of bounds.
fn bounds(architecture: &str) -> Vec<(String, String)> {
    let row = |(_, line): (usize, &str)| {
        let cell = line.strip_prefix('|')?.split('|').nth(2)?;
        let (name, file) = cell.trim().strip_prefix('`')?.split_once("` in `")?;
        Some((name.to_owned(), file.trim_end_matches('`').to_owned()))
    };
    prose(architecture).into_iter().filter_map(row).collect()
}

fn without_constant(name: &str, file: &str, source: &str) -> Option<String> {
    let advice = "the table of bounds in ARCHITECTURE.md must follow the code";
    (!source.contains(&format!("const {name}: ")))
        .then(|| format!("{file} has no `{name}`: {advice}"))
}

fn markdown() -> Vec<Text> {
    tree::texts(|path| path.ends_with(".md"))
}

#[test]
fn every_relative_link_leads_somewhere() {
    let complaints =
        markdown().iter().flat_map(|file| broken_links(file, tree::exists)).collect::<Vec<_>>();
    tree::expect_none(&complaints);
}

#[test]
fn every_file_that_is_named_exists() {
    let complaints =
        markdown().iter().flat_map(|file| missing_files(file, tree::exists)).collect::<Vec<_>>();
    tree::expect_none(&complaints);
}

#[test]
fn the_bounds_are_those_of_the_code() {
    let bounds = bounds(&tree::text("ARCHITECTURE.md"));
    assert!(bounds.len() > 10, "the table of bounds in ARCHITECTURE.md cannot be read");
    let complaint =
        |(name, file): &(String, String)| without_constant(name, file, &tree::text(file));
    tree::expect_none(&bounds.iter().filter_map(complaint).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_into_nothing_is_found_wherever_the_file_lies() {
        let text =
            "[a](x.md) [b](../y.md#z) [c](https://example.com/q) [d](#e)\n```\n[f](g.md)\n```\n";
        let file = Text::new("docs/a.md", text);
        let seen = broken_links(&file, |path| path == "docs/x.md");
        assert_eq!(seen, ["docs/a.md:1: nothing is at ../y.md#z: correct or remove the link"]);
        assert_eq!(broken_links(&file, |path| path == "docs/x.md" || path == "y.md"), [""; 0]);
        assert_eq!(beside("a.md", "../../x"), "../../x");
    }

    #[test]
    fn a_file_that_has_moved_is_found() {
        let file = Text::new("A.md", "`crates/a/src/lib.rs` `crates/*/src` `other/x` `docs/`\n");
        let seen = missing_files(&file, |path| path == "docs").concat();
        assert!(seen.contains("there is no crates/a/src/lib.rs") && !seen.contains('*'), "{seen}");
    }

    #[test]
    fn a_bound_that_is_not_in_its_file_is_found() {
        let table =
            "| b | value | where |\n|---|---|---|\n| x | 3 | `X_MAX` in `crates/a/src/b.rs` |\n";
        assert_eq!(bounds(table), [("X_MAX".to_owned(), "crates/a/src/b.rs".to_owned())]);
        assert_eq!(without_constant("X_MAX", "b.rs", "pub const X_MAX: usize = 3;"), None);
        assert!(without_constant("X_MAX", "b.rs", "const OTHER_X_MAX: u8 = 3;").is_some());
    }
}
