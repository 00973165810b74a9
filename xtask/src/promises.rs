//! What the code offers, the documents must tell: paths, alarms, and what becomes of refusals.

use crate::tree::{self, Text};

/// Values of `pub const …: &str = "/…";`.
fn paths(routes: &str) -> Vec<String> {
    let path = |line: &str| {
        let (_, value) = line.strip_prefix("pub const ")?.split_once(": &str = \"")?;
        Some(value.trim_end().strip_suffix("\";")?.to_owned())
    };
    routes.lines().filter_map(path).collect()
}

/// In full, or behind a method if the document also says where such paths begin.
fn tells(document: &str, path: &str) -> bool {
    let is_end =
        |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || "/{_-".contains(c));
    let says = |text: &str| {
        document.match_indices(text).any(|(at, _)| is_end(&document[at + text.len()..]))
    };
    let Some(at) = path.find("/v1/") else { return says(path) };
    let (base, rest) = path.split_at(at + "/v1/".len());
    let relative =
        ["GET", "POST", "PATCH", "DELETE"].iter().any(|method| says(&format!("{method} {rest}")));
    says(path) || document.contains(base) && relative
}

fn untold_paths(routes: &str, documents: &[Text]) -> Vec<String> {
    let is_untold = |path: &String| !documents.iter().any(|document| tells(&document.text, path));
    let untold = paths(routes).into_iter().filter(is_untold);
    untold
        .map(|path| {
            format!("{path} is in protocol::routes but not in docs/api/*.md: describe it there")
        })
        .collect()
}

/// The words that stand between two marks, in the part of a source that begins with `from`.
fn words(source: &str, from: &str, before: &str, after: &str) -> Vec<String> {
    let part = source.split_once(from).map_or("", |(_, part)| part);
    let part = part.split("\n    }\n").next().unwrap_or_default();
    let word = |text: &str| text.split_once(after).map(|(word, _)| word.to_owned());
    part.split(before).skip(1).filter_map(word).collect()
}

/// Stable ids of alarms, from `fn alarm_id`.
fn alarms(remedy: &str) -> Vec<String> {
    words(remedy, "fn alarm_id", "=> \"", "\"")
}

/// Response codes that the connector tells apart.
fn codes(failure: &str) -> Vec<String> {
    let table = failure.split_once("#[cfg(test)]").map_or(failure, |(table, _)| table);
    let is_name = |c: char| c.is_ascii_alphanumeric();
    let name = |rest: &str| rest.chars().take_while(|c| is_name(*c)).collect::<String>();
    let mut codes: Vec<String> = table.split("Code::").skip(1).map(name).collect();
    codes.retain(|code| code.starts_with("Error"));
    codes.sort();
    codes.dedup();
    codes
}

fn untold(things: &[String], document: &Text) -> Vec<String> {
    let is_untold = |thing: &&String| !document.text.contains(&format!("`{thing}`"));
    let untold = things.iter().filter(is_untold);
    untold.map(|thing| format!("{} does not tell of `{thing}`: add a row", document.path)).collect()
}

fn read(path: &str) -> Text {
    Text::new(path, &tree::text(path))
}

#[test]
fn every_path_is_described() {
    let routes = tree::text("crates/protocol/src/routes.rs");
    assert!(paths(&routes).len() > 5, "the constants in routes.rs cannot be read");
    let documents = tree::texts(|path| path.starts_with("docs/api/") && path.ends_with(".md"));
    tree::expect_none(&untold_paths(&routes, &documents));
}

#[test]
fn every_alarm_is_explained() {
    let alarms = alarms(&tree::text("crates/connector/src/remedy.rs"));
    assert!(!alarms.is_empty(), "the ids of alarms cannot be read");
    tree::expect_none(&untold(&alarms, &read("docs/operating.md")));
}

#[test]
fn everything_that_the_check_finds_is_explained() {
    let found = words(&tree::text("crates/connector/src/check/trouble.rs"), "fn id", "=> \"", "\"");
    assert!(found.len() > 10, "the ids of what the check finds cannot be read");
    tree::expect_none(&untold(&found, &read("docs/operating.md")));
}

#[test]
fn every_refusal_has_its_row() {
    let codes = codes(&tree::text("crates/connector/src/exchange/failure.rs"));
    assert!(codes.len() > 5, "the response codes cannot be read");
    tree::expect_none(&untold(&codes, &read("docs/exchange-notes.md")));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "/// A.\npub const A: &str = \"/health\";\npub const B: &str = \"/x/v1/things/{id}\";\nconst C: u8 = 1;\n";

    #[test]
    fn a_path_is_told_in_full_or_behind_its_base() {
        assert_eq!(paths(ROUTES), ["/health", "/x/v1/things/{id}"]);
        for (document, count) in [
            ("`GET /health`, `/x/v1/things/{id}`", 0),
            ("Under `/x/v1/`: `GET things/{id}`. `/health`", 0),
            ("`GET things/{id}`. `/health`", 1),
            ("Under `/x/v1/`: `GET things/{id}/notes`. `/health`", 1),
            ("Under `/x/v1/`: `GET things/{id}`. `/healthy`", 1),
            ("", 2),
        ] {
            let seen = untold_paths(ROUTES, &[Text::new("docs/api/a.md", document)]);
            assert_eq!(seen.len(), count, "{document}: {seen:?}");
        }
    }

    #[test]
    fn an_alarm_without_a_row_is_named() {
        let remedy = "pub fn alarm_id(self) -> &str {\n        match self {\n            Self::A => \"a-b\",\n            Self::C => \"c\",\n        }\n    }\n    fn other() { x => \"no\" }\n";
        assert_eq!(alarms(remedy), ["a-b", "c"]);
        let seen = untold(&alarms(remedy), &Text::new("o.md", "| `a-b` | … |"));
        assert_eq!(seen, ["o.md does not tell of `c`: add a row"]);
    }

    #[test]
    fn response_codes_are_found_once_and_not_in_tests() {
        let failure = "Code::ErrorA | ResponseCode::ErrorA,\nCode::from(x) Code::ErrorB => 1\n#[cfg(test)]\nCode::ErrorC";
        assert_eq!(codes(failure), ["ErrorA", "ErrorB"]);
    }
}
