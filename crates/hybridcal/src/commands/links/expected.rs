//! What a file says should come out, and how that differs from what does.

use conference::{Findings, JoinLink, Reason, join_link::Source};
use serde_json::Value;

/// The fields that a file speaks of; `None` inside: nothing must come out.
pub(super) struct Expected {
    fields: Vec<(Field, Option<String>)>,
    alternatives: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Provider,
    Class,
    JoinUrl,
    Source,
    Dial,
    Dtmf,
    Passcode,
    DevicePasscode,
    Reason,
}

/// Column of a table, key of an entry's `expect`.
pub(super) const NAMES: [(Field, &str, &str); 9] = [
    (Field::Provider, "provider", "provider"),
    (Field::Class, "class", "class"),
    (Field::JoinUrl, "join_url", "join"),
    (Field::Source, "source", "source"),
    (Field::Dial, "dial", "dial"),
    (Field::Dtmf, "dtmf", "dtmf"),
    (Field::Passcode, "passcode", "passcode"),
    (Field::DevicePasscode, "device_passcode", "device_passcode"),
    (Field::Reason, "reason", "reason"),
];

impl Field {
    pub(super) fn of(self, findings: &Findings) -> Option<&str> {
        let join = findings.join.as_ref();
        match self {
            Self::Provider => join.map(JoinLink::provider),
            Self::Class => join.map(JoinLink::class),
            Self::JoinUrl => join.map(JoinLink::as_str),
            Self::Source => findings.source.map(Source::name),
            Self::Dial => findings.dial.as_deref(),
            Self::Dtmf => findings.dtmf.as_deref(),
            Self::Passcode => findings.passcode.as_deref(),
            Self::DevicePasscode => findings.device_passcode.as_deref(),
            Self::Reason => findings.reason.map(Reason::word),
        }
    }
}

impl Expected {
    /// A row of a table: `-` is nothing. A row with a reason and no link must give none.
    pub(super) fn of_row<'a>(column: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let value =
            |name: &str| column(name).map(|it| Some(it).filter(|it| !matches!(*it, "-" | "")));
        let mut fields: Vec<_> = NAMES
            .iter()
            .filter_map(|(field, name, _)| Some((*field, value(name)?.map(str::to_owned))))
            .collect();
        let says_url = fields.iter().any(|(field, _)| *field == Field::JoinUrl);
        let says_reason = fields.iter().any(|(field, it)| *field == Field::Reason && it.is_some());
        if says_reason && !says_url {
            fields.push((Field::JoinUrl, None));
        }
        (!fields.is_empty()).then_some(Self { fields, alternatives: None })
    }

    /// An entry: what is absent must not come out. The reason is an opinion and not compared.
    pub(super) fn of_entry(expect: &Value) -> Self {
        let compared = NAMES.iter().filter(|(field, _, _)| *field != Field::Reason);
        let fields = compared
            .map(|(field, _, key)| {
                let value = expect.get(key).and_then(Value::as_str);
                (*field, value.map(str::to_owned))
            })
            .collect();
        let alternatives = expect.get("alternatives").and_then(Value::as_array);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let alternatives = alternatives.map(|all| all.iter().map(text).collect());
        Self { fields, alternatives }
    }

    pub(super) fn provider(&self) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| *field == Field::Provider)?;
        field.1.as_deref()
    }

    /// A line for each field that is not as expected.
    pub(super) fn differences(&self, findings: &Findings) -> Vec<String> {
        let shown = |value: Option<&str>| value.unwrap_or("nothing").to_owned();
        let mut differences = Vec::new();
        for (field, expected) in &self.fields {
            let (expected, seen) = (expected.as_deref(), field.of(findings));
            if expected != seen {
                let name = NAMES.iter().find(|(it, _, _)| it == field).map_or("", |it| it.1);
                let line = format!("{name}: {} instead of {}", shown(seen), shown(expected));
                differences.push(line);
            }
        }
        let seen: Vec<_> = findings.alternatives.iter().map(JoinLink::as_str).collect();
        if let Some(expected) = self.alternatives.as_ref().filter(|it| **it != seen) {
            differences.push(format!("alternatives: {seen:?} instead of {expected:?}"));
        }
        differences
    }
}
