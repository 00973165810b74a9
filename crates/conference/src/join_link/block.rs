//! Reads the block that a service prints around its link: number, passcode, what devices need.
//! Labels come from the rules; digits and punctuation decide the rest.

use super::{address::printed, catalogue::Words};
use crate::work;

/// Digits of the conference that a service for room devices prints.
const CONFERENCE_DIGITS: (usize, usize) = (9, 10);
/// Digits of a Webex meeting's number.
const NUMBER_DIGITS: (usize, usize) = (9, 12);
/// Digits of the id that stands below a link of any service.
const ID_DIGITS: (usize, usize) = (9, 14);
/// Zoom's, behind a name.
const MEETING_ID_DIGITS: (usize, usize) = (9, 11);
/// The address stands so many lines above the conference, at most.
const LOOK_BACK_LINES_MAX: usize = 4;
/// No passcode is longer.
const PASSCODE_BYTES_MAX: usize = 64;

/// What a person types, and what a device sends. Content.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Passcode {
    pub(super) text: String,
    pub(super) device: Option<String>,
}

/// The two lines that a service for room devices adds to a meeting of Teams. Content.
pub(super) struct InteropBlock<'a> {
    pub(super) user: &'a str,
    pub(super) domain: String,
    pub(super) conference: String,
}

/// The first passcode in these lines.
pub(super) fn passcode(lines: &[&str], labels: &[String]) -> Option<Passcode> {
    let mut found = lines.iter().enumerate().filter_map(|(index, line)| {
        let rest = behind_label(line, labels)?.trim_start();
        let rest = rest.strip_prefix([':', '：'])?.trim();
        // In a table, the value may be the next cell or the next row.
        let below = || lines.iter().skip(index + 1).find(|line| !line.trim().is_empty());
        let value = if rest.is_empty() { below()?.trim() } else { rest };
        value_and_device(value, rest.is_empty())
    });
    found.next()
}

fn value_and_device(text: &str, is_alone: bool) -> Option<Passcode> {
    let end = text.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end)?;
    let value = value.trim_end_matches([',', ';']);
    let value = match value.strip_suffix('.') {
        Some(digits) if is_digits(digits) => digits,
        Some(_) | None => value,
    };
    // On a line of its own it is a value only if it is not the next label.
    if value.is_empty() || value.len() > PASSCODE_BYTES_MAX || (is_alone && text.contains(':')) {
        return None;
    }
    let inner = rest.trim_start().strip_prefix('(').map(str::trim_start);
    let digits: String =
        inner.into_iter().flat_map(str::chars).take_while(char::is_ascii_digit).collect();
    let device = Some(digits).filter(|digits| !digits.is_empty());
    Some(Passcode { text: value.to_owned(), device })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number of a Webex meeting.
pub(super) fn number(lines: &[&str], words: &Words) -> Option<String> {
    first_number(lines, NUMBER_DIGITS, |line| behind_label(line, &words.number_labels))
}

/// The number that a name of Zoom hides.
pub(super) fn meeting_id(lines: &[&str], words: &Words) -> Option<String> {
    first_number(lines, MEETING_ID_DIGITS, |line| behind_id(line, words))
}

fn first_number<'a>(
    lines: &[&'a str],
    digits: (usize, usize),
    behind: impl Fn(&'a str) -> Option<&'a str>,
) -> Option<String> {
    let mut found = lines.iter().enumerate().filter_map(|(index, line)| {
        let below = lines.get(index + 1).copied();
        grouped(value(behind(line)?), below, digits)
    });
    found.next()
}

/// Whether a line makes what stands above it the block of a service.
pub(super) fn is_id_or_passcode(line: &str, below: Option<&str>, words: &Words) -> bool {
    let has_number = |rest: &str| grouped(value(rest), below, ID_DIGITS).is_some();
    behind_id(line, words).is_some_and(has_number)
        || behind_label(line, &words.number_labels).is_some_and(has_number)
        || passcode(&[line, below.unwrap_or_default()], &words.passcode_labels).is_some()
        || passcode(&[line, below.unwrap_or_default()], &words.access_code_labels).is_some()
}

/// The blocks for room devices, in their order.
pub(super) fn interop<'a>(lines: &[&'a str], words: &Words) -> Vec<InteropBlock<'a>> {
    let block = |index: usize, line: &&'a str| {
        let rest = behind_id(line, words)?;
        let conference = grouped(value(rest), lines.get(index + 1).copied(), CONFERENCE_DIGITS)?;
        let before = line.get(..line.len() - rest.len())?;
        let above = lines.get(index.saturating_sub(LOOK_BACK_LINES_MAX)..index)?;
        let near = std::iter::once(before).chain(above.iter().rev().copied());
        let (user, domain) = near.filter_map(|line| printed(line).last()).next()?;
        Some(InteropBlock { user, domain, conference })
    };
    lines.iter().enumerate().filter_map(|(index, line)| block(index, line)).collect()
}

/// What stands behind the value's colon, if there is one.
fn value(rest: &str) -> &str {
    rest.split_once([':', '：']).map_or(rest, |(_, value)| value)
}

/// Digits in groups, here or alone on the next line. What ends in `#` is typed into a telephone.
fn grouped(text: &str, below: Option<&str>, digits: (usize, usize)) -> Option<String> {
    let (text, is_alone) = match text.trim() {
        "" => (below?.trim(), true),
        text => (text, false),
    };
    let is_in_group = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '-' | '.');
    let end = text.find(|c: char| !is_in_group(c)).unwrap_or(text.len());
    let (group, rest) = text.split_at_checked(end)?;
    let number: String = group.chars().filter(char::is_ascii_digit).collect();
    let is_number = (digits.0..=digits.1).contains(&number.len()) && group.starts_with(is_digit);
    (is_number && !rest.starts_with('#') && (!is_alone || rest.is_empty())).then_some(number)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// What follows the word `ID`, unless the line is about telephones.
fn behind_id<'a>(line: &'a str, words: &Words) -> Option<&'a str> {
    let lower = lower_case(line);
    let mut ends = lower.match_indices("id").filter_map(|(at, id)| {
        let (before, after) = (lower.get(..at)?, lower.get(at + id.len()..)?);
        let is_word = !before.ends_with(char::is_alphanumeric)
            && !after.starts_with(|c: char| c.is_alphanumeric() || c == '@');
        is_word.then_some(at + id.len())
    });
    let end = ends.next()?;
    let is_phone = words.phone_words.iter().any(|word| lower.contains(word.as_str()));
    line.get(end..).filter(|_| !is_phone)
}

/// What follows the leftmost of the labels. A label with `*` before it may end a longer word.
fn behind_label<'a>(line: &'a str, labels: &[String]) -> Option<&'a str> {
    let lower = lower_case(line);
    let end = |label: &String| {
        let (label, may_continue) =
            label.strip_prefix('*').map_or((label.as_str(), false), |label| (label, true));
        let mut found = lower.match_indices(label).filter(|(at, _)| {
            let before = lower.get(..*at).unwrap_or_default();
            let after = lower.get(at + label.len()..).unwrap_or_default();
            (may_continue || !before.ends_with(char::is_alphanumeric))
                && !after.starts_with(char::is_alphanumeric)
        });
        found.next().map(|(at, _)| (at, at + label.len()))
    };
    let (_, end) = labels.iter().filter_map(end).min()?;
    line.get(end..)
}

/// In lower case and of the same length, so that places in it are places in the line.
fn lower_case(line: &str) -> String {
    work::did(line.len());
    let lower = line.to_lowercase();
    if lower.len() == line.len() { lower } else { line.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests;
