//! Rules for source files that no lint knows: opening sentences, who says `ews::`, reasons beside
//! dependencies, and nothing about the computer somebody works on.

use crate::tree::{self, Text};

/// Folders of particular computers. Written in pieces, since this file is searched as well.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/tmp/bash_", "jobs"),
    concat!("/home", "/"),
    concat!("/Use", "rs/"),
];

/// `//! …` from the first line on, and its first paragraph is a sentence.
fn without_opening(file: &Text) -> Option<String> {
    let mut paragraph = file.text.lines().map_while(|line| line.strip_prefix("//! "));
    let is_sentence = paragraph.by_ref().last().is_some_and(|line| line.ends_with(['.', ':', '?']));
    let advice = "open the file with `//!` and one sentence saying what it is for";
    (!is_sentence).then(|| format!("{}: {advice}", file.path))
}

/// In the connector, only the folder of a source speaks that source's language.
fn ews_outside_its_folder(file: &Text) -> Vec<String> {
    let is_connector = file.path.starts_with("crates/connector/");
    let is_folder = file.path.starts_with("crates/connector/src/exchange");
    if !is_connector || is_folder {
        return Vec::new();
    }
    let advice = "only crates/connector/src/exchange/ may say `ews::`: move this there, and give back our own words";
    let says = file.text.lines().enumerate().filter(|(_, line)| says_word(line, "ews::"));
    says.map(|(index, _)| format!("{}:{}: {advice}", file.path, index + 1)).collect()
}

/// Not as the end of a longer word, such as `news::`.
fn says_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Each line of the version table says what we would otherwise write ourselves.
fn without_reason(manifest: &str) -> Vec<String> {
    let table = manifest.split_once("[workspace.dependencies]").map_or("", |(_, rest)| rest);
    let table = table.split("\n[").next().unwrap_or_default();
    let is_foreign =
        |line: &&str| line.contains('=') && !line.starts_with('#') && !line.contains("path =");
    let has_reason =
        |line: &&str| line.split_once(" # ").is_some_and(|(_, why)| !why.trim().is_empty());
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let lines = table.lines().filter(is_foreign).filter(|line| !has_reason(line));
    let advice = "say behind ` # ` what we would otherwise write ourselves";
    lines.map(|line| format!("Cargo.toml: {}: {advice}", name(line))).collect()
}

fn machine_paths(file: &Text) -> Vec<String> {
    let mentions = |line: &str| MACHINE_PATHS.iter().find(|path| line.contains(*path)).copied();
    let lines = file.text.lines().enumerate();
    let lines = lines.filter_map(|(index, line)| mentions(line).map(|path| (index + 1, path)));
    lines
        .map(|(line, path)| {
            format!("{}:{line}: {path} exists on one computer only; use a relative path", file.path)
        })
        .collect()
}

fn rust() -> Vec<Text> {
    tree::texts(|path| path.ends_with(".rs"))
}

#[test]
fn every_source_file_opens_with_a_sentence() {
    let files = rust();
    assert!(!files.is_empty());
    tree::expect_none(&files.iter().filter_map(without_opening).collect::<Vec<_>>());
}

#[test]
fn in_the_connector_only_exchange_says_ews() {
    tree::expect_none(&rust().iter().flat_map(ews_outside_its_folder).collect::<Vec<_>>());
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = tree::text("Cargo.toml");
    assert!(manifest.contains("[workspace.dependencies]"));
    tree::expect_none(&without_reason(&manifest));
}

#[test]
fn no_file_mentions_a_path_of_somebodys_computer() {
    let files = tree::texts(|_| true);
    tree::expect_none(&files.iter().flat_map(machine_paths).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_a_sentence_on_the_first_line() {
        for good in
            ["//! It is for this.\n", "//! It is\n//! for this.\n//!\n//! More\n", "//! Why?\n"]
        {
            assert_eq!(without_opening(&Text::new("a.rs", good)), None, "{good}");
        }
        for bad in [
            "",
            "use std;\n",
            "\n//! Late.\n",
            "//! no end\n",
            "// Not this.\n",
            "//!\n//! Late.\n",
        ] {
            let complaint = without_opening(&Text::new("a.rs", bad)).expect(bad);
            assert!(complaint.starts_with("a.rs: open the file"), "{complaint}");
        }
    }

    #[test]
    fn ews_is_said_in_its_folder_only() {
        let said = |path: &str, line: &str| ews_outside_its_folder(&Text::new(path, line)).len();
        assert_eq!(said("crates/connector/src/pass.rs", "x\nuse ews::Item;"), 1);
        assert_eq!(said("crates/connector/tests/it.rs", "fn f(i: &ews::Item) {}"), 1);
        assert_eq!(said("crates/connector/src/pass.rs", "use crate::news::News;"), 0);
        assert_eq!(said("crates/connector/src/exchange/item.rs", "use ews::Item;"), 0);
        assert_eq!(said("crates/connector/src/exchange.rs", "use ews::Item;"), 0);
        assert_eq!(said("crates/exchange-sim/src/ids.rs", "use ews::Item;"), 0);
    }

    #[test]
    fn a_dependency_needs_a_reason() {
        let table = "[workspace.dependencies]\n# our own\nours = { path = \"x\" }\na = \"1\" # doing a\nb = \"1\"\nc = \"1\" # \n\n[profile]\nd = 1\n";
        let complaints = without_reason(table).join("\n");
        assert!(complaints.contains(": b: say") && complaints.contains(": c: say"), "{complaints}");
        assert_eq!(complaints.lines().count(), 2, "{complaints}");
    }

    #[test]
    fn a_path_of_one_computer_is_found_with_its_line() {
        let file = Text::new("a.md", &format!("fine\nsee {}x\n", MACHINE_PATHS[0]));
        let complaints = machine_paths(&file).concat();
        assert!(complaints.starts_with("a.md:2:"), "{complaints}");
        assert!(machine_paths(&Text::new("a.md", "a framework/part, /tmp/x\n")).is_empty());
    }
}
