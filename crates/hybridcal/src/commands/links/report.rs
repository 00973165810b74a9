//! What came of the cases: counts for people, one object a line for scripts.

use std::{collections::BTreeMap, io::Write};

use conference::{Findings, JoinLink};
use serde_json::{Map, Value, json};

use super::{
    cases::Case,
    expected::{Expected, Field, NAMES},
};

/// A case may be a whole link; a table shows its beginning.
const NAME_CHARACTERS_MAX: usize = 100;

pub(super) struct Judged {
    pub(super) case: Case,
    pub(super) findings: Findings,
    /// `None` if the file expects nothing.
    pub(super) differences: Option<Vec<String>>,
}

impl Judged {
    pub(super) fn is_as_expected(&self) -> Option<bool> {
        self.differences.as_ref().map(Vec::is_empty)
    }

    /// For scripts.
    pub(super) fn line(&self) -> Value {
        let (key, name) = &self.case.name;
        let alternatives: Vec<_> =
            self.findings.alternatives.iter().map(JoinLink::as_str).collect();
        let found = NAMES.map(|(field, name, _)| (name, json!(field.of(&self.findings))));
        let others = [
            (*key, json!(name)),
            ("alternatives", json!(alternatives)),
            ("as_expected", json!(self.is_as_expected())),
        ];
        let fields: Map<_, _> =
            found.into_iter().chain(others).map(|(key, it)| (key.to_owned(), it)).collect();
        Value::Object(fields)
    }

    fn name(&self) -> String {
        let (_, name) = &self.case.name;
        let mut shown: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
        if shown.len() < name.len() {
            shown.push('…');
        }
        shown
    }

    /// Content: for whoever may read the cases.
    pub(super) fn explain(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{}", self.name())?;
        match (&self.findings.join, self.findings.reason) {
            (Some(join), _) => writeln!(out, "    Join opens {}.", join.as_str())?,
            (None, Some(reason)) => writeln!(out, "    No Join button: {}.", reason.sentence())?,
            (None, None) => writeln!(out, "    No Join button.")?,
        }
        for line in self.findings.lines() {
            writeln!(out, "    {line}")?;
        }
        Ok(())
    }

    /// What it is counted under: the provider that was expected, else the one found.
    fn group(&self) -> String {
        let expected = self.case.expected.as_ref().and_then(Expected::provider);
        let found = || Field::Provider.of(&self.findings);
        let none = || format!("no link: {}", Field::Reason.of(&self.findings).unwrap_or_default());
        expected.or_else(found).map_or_else(none, str::to_owned)
    }
}

/// Counts and classes, and of cases that differ from what their file expects, how.
pub(super) fn table(judged: &[Judged], out: &mut impl Write) -> std::io::Result<()> {
    let mut groups: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for case in judged {
        let (total, good, judgeable) = groups.entry(case.group()).or_default();
        *total += 1;
        *good += usize::from(case.is_as_expected() == Some(true));
        *judgeable += usize::from(case.is_as_expected().is_some());
    }
    writeln!(out, "{:<28}{:>6}  as expected", "", "cases")?;
    let shown = |good: usize, judgeable: usize| match judgeable {
        0 => "-".to_owned(),
        _ => good.to_string(),
    };
    let (mut all, mut fine, mut judgeable) = (0, 0, 0);
    for (group, (total, good, known)) in &groups {
        writeln!(out, "{group:<28}{total:>6}{:>13}", shown(*good, *known))?;
        all += total;
        fine += good;
        judgeable += known;
    }
    writeln!(out, "{:<28}{all:>6}{:>13}", "all", shown(fine, judgeable))?;
    for case in judged.iter().filter(|case| case.is_as_expected() == Some(false)) {
        writeln!(out, "\nNot as expected: {}", case.name())?;
        for difference in case.differences.iter().flatten() {
            writeln!(out, "    {difference}")?;
        }
    }
    Ok(())
}
