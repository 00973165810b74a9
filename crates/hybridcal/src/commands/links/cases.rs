//! Cases as they stand in files: a table of single links, or whole entries, one a line.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Failure, expected::Expected};

/// A text to find links in. Content.
pub(super) struct Case {
    /// `input` or `id`, and which.
    pub(super) name: (&'static str, String),
    pub(super) location: String,
    pub(super) body: String,
    pub(super) is_html: bool,
    pub(super) properties: Vec<String>,
    pub(super) is_external: Option<bool>,
    pub(super) organizer: Option<String>,
    /// None in a dry run over somebody's own entries.
    pub(super) expected: Option<Expected>,
}

#[derive(Deserialize)]
struct Entry {
    id: Option<Value>,
    format: Option<String>,
    external: Option<bool>,
    organizer: Option<String>,
    #[serde(default)]
    location: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    properties: Vec<String>,
    expect: Option<Value>,
}

pub(super) fn read(text: &str, path: &Path) -> Result<Vec<Case>, Failure> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') { entries(text, path) } else { table(text, path) }
}

fn entries(text: &str, path: &Path) -> Result<Vec<Case>, Failure> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let case = |(index, line): (usize, &str)| {
        let wrong = |source| Failure::Case { path: path.into(), line: index + 1, source };
        let entry: Entry = serde_json::from_str(line).map_err(wrong)?;
        let id = match entry.id {
            Some(Value::String(id)) => id,
            Some(other) => other.to_string(),
            None => format!("line {}", index + 1),
        };
        Ok(Case {
            name: ("id", id),
            location: entry.location,
            body: entry.body,
            is_html: entry.format.as_deref() == Some("html"),
            properties: entry.properties,
            is_external: entry.external,
            organizer: entry.organizer,
            expected: entry.expect.as_ref().map(Expected::of_entry),
        })
    };
    lines.map(case).collect()
}

/// Columns by the names in the first line.
fn table(text: &str, path: &Path) -> Result<Vec<Case>, Failure> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    if !header.contains(&"input") {
        return Err(Failure::NoInput { path: path.into() });
    }
    // Where only refusals stand, outsiders organize.
    let is_of_refusals = header.contains(&"reason") && !header.contains(&"join_url");
    let case = |line: &str| {
        let values: Vec<&str> = line.split('\t').collect();
        let column = |name: &str| {
            let index = header.iter().position(|column| *column == name)?;
            values.get(index).copied()
        };
        let raw = column("input").unwrap_or_default();
        let input = unescaped(raw);
        let is_external = column("external").map(|it| it == "true").unwrap_or(is_of_refusals);
        Case {
            name: ("input", raw.to_owned()),
            location: String::new(),
            is_html: is_markup(&input),
            body: input,
            properties: Vec::new(),
            is_external: Some(is_external),
            organizer: None,
            expected: Expected::of_row(column),
        }
    };
    Ok(lines.filter(|line| !line.trim().is_empty()).map(case).collect())
}

fn is_markup(input: &str) -> bool {
    let lower = input.to_ascii_lowercase();
    ["<a ", "<area ", "</", "<html", "<p>", "<div", "<br"].iter().any(|tag| lower.contains(tag))
}

/// `\uXXXX` and `\n`; any other backslash is itself.
fn unescaped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        whole.push_str(before);
        let code = after.strip_prefix('u').and_then(|digits| digits.get(..4));
        let code = code.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        rest = if let Some(character) = code.and_then(char::from_u32) {
            whole.push(character);
            after.get("uXXXX".len()..).unwrap_or_default()
        } else if let Some(after) = after.strip_prefix('n') {
            whole.push('\n');
            after
        } else {
            whole.push('\\');
            after
        };
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn only_two_escapes_mean_something() {
        assert_eq!(unescaped(r"a\u00adb\nc\@d\u12\"), "a\u{ad}b\nc\\@d\\u12\\");
    }
}
