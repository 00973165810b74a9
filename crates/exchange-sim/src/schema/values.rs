//! Texts against simple types.

use std::str::FromStr;

use regex_lite::Regex;

use super::{
    Schema,
    load::{Part, Reference, Vocabulary},
};

impl Schema {
    pub(super) fn is_of_named(&self, text: &str, named: Reference<'_>) -> bool {
        match named.vocabulary {
            Vocabulary::BuiltIn => is_of_built_in(text, named.name),
            Vocabulary::Types | Vocabulary::Messages => {
                self.find("simpleType", named).is_none_or(|simple| self.is_of_simple(text, simple))
            }
        }
    }

    pub(super) fn is_of_simple(&self, text: &str, simple: Part<'_>) -> bool {
        if let Some(restriction) = simple.child("restriction") {
            return self.is_within(text, restriction);
        }
        if let Some(list) = simple.child("list") {
            let is_item = |text: &str| match (list.reference("itemType"), list.child("simpleType"))
            {
                (Some(named), _) => self.is_of_named(text, named),
                (None, Some(simple)) => self.is_of_simple(text, simple),
                (None, None) => true,
            };
            return text.split_ascii_whitespace().all(is_item);
        }
        simple.child("union").is_none_or(|union| {
            let named = union.node.attribute("memberTypes").unwrap_or_default();
            let mut named = named.split_ascii_whitespace();
            named.any(|name| self.is_of_named(text, Reference::of(name, union.home)))
                || union.children().any(|member| self.is_of_simple(text, member))
        })
    }

    fn is_within(&self, text: &str, restriction: Part<'_>) -> bool {
        let is_of_base = match restriction.reference("base") {
            Some(base) => self.is_of_named(text, base),
            None => {
                restriction.child("simpleType").is_none_or(|base| self.is_of_simple(text, base))
            }
        };
        let facet =
            |name: &str| restriction.child(name).and_then(|facet| facet.node.attribute("value"));
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let compare = |name: &str, is_right: fn(i64, i64) -> bool| {
            let bound = facet(name).and_then(number);
            bound.is_none_or(|bound| number(text).is_some_and(|value| is_right(value, bound)))
        };
        let length = text.chars().count();
        let length_is = |name: &str, is_right: fn(usize, usize) -> bool| {
            let bound = facet(name).and_then(|value| value.parse().ok());
            bound.is_none_or(|bound| is_right(length, bound))
        };
        let mut words =
            restriction.children().filter(|facet| facet.node.name == "enumeration").peekable();
        let is_word =
            words.peek().is_none() || words.any(|word| word.node.attribute("value") == Some(text));
        let is_patterned = facet("pattern").is_none_or(|pattern| {
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text))
        });
        is_of_base
            && is_word
            && is_patterned
            && compare("minInclusive", |value, bound| value >= bound)
            && compare("maxInclusive", |value, bound| value <= bound)
            && length_is("minLength", |length, bound| length >= bound)
            && length_is("length", |length, bound| length == bound)
    }
}

/// The types of XML Schema that EWS uses; a text is anything.
fn is_of_built_in(text: &str, name: &str) -> bool {
    let trimmed = text.trim();
    match name {
        "boolean" => matches!(trimmed, "true" | "false" | "0" | "1"),
        "int" => is::<i32>(trimmed),
        "short" => is::<i16>(trimmed),
        "long" | "integer" => is::<i64>(trimmed),
        "unsignedInt" => is::<u32>(trimmed),
        "unsignedShort" => is::<u16>(trimmed),
        "nonNegativeInteger" => is::<u64>(trimmed),
        "double" => matches!(trimmed, "INF" | "-INF" | "NaN") || is::<f64>(trimmed),
        "dateTime" => trimmed
            .split_once('T')
            .is_some_and(|(date, time)| is_date(date) && is_time(without_zone(time))),
        "date" => is_date(without_zone_of_date(trimmed)),
        "time" => is_time(without_zone(trimmed)),
        "duration" => is_duration(trimmed),
        "base64Binary" => is_base64(trimmed),
        "language" => trimmed.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }),
        _ => true,
    }
}

fn is<T: FromStr>(text: &str) -> bool {
    T::from_str(text.strip_prefix('+').unwrap_or(text)).is_ok()
}

fn is_date(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok() && text.len() == "2026-11-25".len()
}

fn is_time(text: &str) -> bool {
    text.parse::<jiff::civil::Time>().is_ok() && text.len() >= "10:00:00".len()
}

/// `Z` or `+01:00` at the end.
fn without_zone(text: &str) -> &str {
    if let Some(text) = text.strip_suffix('Z') {
        return text;
    }
    match text.len().checked_sub("+01:00".len()).and_then(|at| text.split_at_checked(at)) {
        Some((time, zone))
            if zone.starts_with(['+', '-']) && zone.as_bytes().get(3) == Some(&b':') =>
        {
            time
        }
        Some(_) | None => text,
    }
}

fn without_zone_of_date(text: &str) -> &str {
    let date = without_zone(text);
    if date.len() < "2026-11-25".len() { text } else { date }
}

fn is_duration(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let Some(text) = text.strip_prefix('P') else { return false };
    let (days, times) =
        text.split_once('T').map_or((text, None), |(days, times)| (days, Some(times)));
    let is_days = are_parts(days, "YMD");
    let is_times = times.is_none_or(|times| !times.is_empty() && are_parts(times, "HMS"));
    is_days && is_times && !text.is_empty()
}

/// Numbers, each with one of the units, in their order.
fn are_parts(text: &str, units: &str) -> bool {
    let mut units = units.chars();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(end) = rest.find(|c: char| !c.is_ascii_digit() && c != '.') else { return false };
        let (number, after) = rest.split_at(end);
        let Some(unit) = after.chars().next() else { return false };
        if number.parse::<f64>().is_err() || !units.any(|known| known == unit) {
            return false;
        }
        rest = after.get(unit.len_utf8()..).unwrap_or_default();
    }
    true
}

fn is_base64(text: &str) -> bool {
    let text: String = text.split_ascii_whitespace().collect();
    let data = text.trim_end_matches('=');
    let is_data = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    text.len().is_multiple_of(4) && text.len() - data.len() <= 2 && data.bytes().all(is_data)
}
