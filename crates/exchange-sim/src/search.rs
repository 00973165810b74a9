//! Restrictions and sort orders, over anything that can be rendered.

use std::cmp::Ordering;

use ews::{
    DateTime, FieldUri,
    restriction::{
        Comparison, ContainmentComparison, ContainmentMode, Contains, FieldOrder, Operand,
        Restriction, SortDirection,
    },
};

use crate::{properties, shape::Rendered};

pub(crate) fn matches(restriction: &Restriction, item: &Rendered) -> bool {
    match restriction {
        Restriction::And(all) => all.operands.iter().all(|part| matches(part, item)),
        Restriction::Or(any) => any.operands.iter().any(|part| matches(part, item)),
        Restriction::Not(not) => !matches(&not.operand, item),
        Restriction::Other(_) => false,
        Restriction::Exists(exists) => value(&exists.field, item).is_some(),
        Restriction::Contains(contains) => contains_text(contains, item),
        Restriction::Excludes(excludes) => {
            let mask = excludes.bitmask.value.trim();
            let mask = match mask.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16).ok(),
                None => mask.parse().ok(),
            };
            let bits = value(&excludes.field, item).and_then(|text| text.parse::<i64>().ok());
            bits.zip(mask).is_some_and(|(bits, mask)| bits & mask == 0)
        }
        Restriction::IsEqualTo(comparison) => compared(comparison, item) == Some(Ordering::Equal),
        Restriction::IsNotEqualTo(comparison) => {
            compared(comparison, item) != Some(Ordering::Equal)
        }
        Restriction::IsGreaterThan(comparison) => {
            compared(comparison, item) == Some(Ordering::Greater)
        }
        Restriction::IsGreaterThanOrEqualTo(comparison) => {
            compared(comparison, item).is_some_and(Ordering::is_ge)
        }
        Restriction::IsLessThan(comparison) => compared(comparison, item) == Some(Ordering::Less),
        Restriction::IsLessThanOrEqualTo(comparison) => {
            compared(comparison, item).is_some_and(Ordering::is_le)
        }
    }
}

/// How two items stand under a sort order; missing values come first.
pub(crate) fn order(by: &[FieldOrder], a: &Rendered, b: &Rendered) -> Ordering {
    for order in by {
        let ordering = match (value(&order.field, a), value(&order.field, b)) {
            (Some(a), Some(b)) => compare(&a, &b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        let ordering = match order.order {
            SortDirection::Descending => ordering.reverse(),
            SortDirection::Ascending | SortDirection::Other(_) => ordering,
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

fn value(field: &FieldUri, item: &Rendered) -> Option<String> {
    match field {
        FieldUri::Field(plain) => properties::text(&plain.uri, &item.item),
        FieldUri::Extended(uri) => item.extended(uri)?.values().first().cloned(),
        FieldUri::Indexed(_) => None,
    }
}

fn compared(comparison: &Comparison, item: &Rendered) -> Option<Ordering> {
    let right = match &comparison.operand {
        Operand::Constant(constant) => constant.value.clone(),
        Operand::Field(field) => properties::text(&field.uri, &item.item)?,
        Operand::Extended(uri) => item.extended(uri)?.values().first().cloned()?,
        Operand::Indexed(_) => return None,
    };
    Some(compare(&value(&comparison.field, item)?, &right))
}

/// Times as times, numbers as numbers, everything else as text.
fn compare(a: &str, b: &str) -> Ordering {
    let time = |text: &str| DateTime::parse(text).and_then(DateTime::utc);
    if let (Some(a), Some(b)) = (time(a), time(b)) {
        return a.cmp(&b);
    }
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

fn contains_text(contains: &Contains, item: &Rendered) -> bool {
    let Some(mut text) = value(&contains.field, item) else { return false };
    let mut wanted = contains.constant.value.clone();
    if contains.comparison.as_ref().is_some_and(|how| *how != ContainmentComparison::Exact) {
        text = text.to_lowercase();
        wanted = wanted.to_lowercase();
    }
    match contains.mode.as_ref().unwrap_or(&ContainmentMode::FullString) {
        ContainmentMode::FullString => text == wanted,
        ContainmentMode::Prefixed => text.starts_with(&wanted),
        ContainmentMode::PrefixOnWords => {
            text.split_whitespace().any(|word| word.starts_with(&wanted))
        }
        ContainmentMode::Substring | ContainmentMode::ExactPhrase | ContainmentMode::Other(_) => {
            text.contains(&wanted)
        }
    }
}
