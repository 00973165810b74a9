//! Why there is this Join button, or none: one line for each link that was looked at. Content: for
//! those who may open the meeting, never for a log.

use std::fmt;

use super::{Findings, JoinLink, Reason, Source, zones::Zone};

/// More lines say nothing more.
const LINES_MAX: usize = 40;
/// Of all lines together.
const LINES_BYTES_MAX: usize = 12 * 1024;
/// Of a link that is shown in a line.
const SHOWN_CHARACTERS_MAX: usize = 160;

/// What became of one link.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace {
    source: Source,
    zone: Zone,
    /// As it was read, cut.
    shown: String,
    /// What was undone, outermost first.
    wrappers: Vec<&'static str>,
    verdict: Verdict,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Matched { class: String },
    Refused { reason: Reason, looks_like: Option<String>, note: Option<String> },
}

impl Trace {
    pub(super) fn new(
        (source, zone): (Source, Zone),
        shown: &str,
        wrappers: Vec<&'static str>,
        verdict: Verdict,
    ) -> Self {
        let end = shown.char_indices().nth(SHOWN_CHARACTERS_MAX).map(|(at, _)| at);
        let shown = match end.and_then(|end| shown.get(..end)) {
            Some(start) => format!("{start}…"),
            None => shown.to_owned(),
        };
        Self { source, zone, shown, wrappers, verdict }
    }

    /// Names of the gateways that were undone, outermost first.
    pub fn wrappers(&self) -> &[&'static str] {
        &self.wrappers
    }

    /// The rule that it follows.
    pub fn class(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Matched { class } => Some(class),
            Verdict::Refused { .. } => None,
        }
    }

    /// The listed host whose name a refused one borrows.
    pub fn looks_like(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Matched { .. } => None,
            Verdict::Refused { looks_like, .. } => looks_like.as_deref(),
        }
    }

    fn line(&self) -> String {
        let zone = match self.zone {
            Zone::Text => "",
            Zone::Forwarded => ", forwarded",
            Zone::Signature => ", signature",
            Zone::Quoted => ", quoted",
        };
        let undone = match self.wrappers.as_slice() {
            [] => String::new(),
            wrappers => format!("undone: {}; ", wrappers.join(", then ")),
        };
        let verdict = match &self.verdict {
            Verdict::Matched { class } => format!("is {class}"),
            Verdict::Refused { reason, looks_like, note } => {
                let looks = looks_like.iter().map(|host| format!("; it imitates {host}"));
                let note = note.iter().map(|note| format!("; it is {note}"));
                let more: String = looks.chain(note).collect();
                format!("refused as {}: {}{more}", reason.word(), reason.sentence())
            }
        };
        format!("{}{zone}: {} – {undone}{verdict}", self.source.name(), self.shown)
    }
}

/// What was looked at and what came of it, in English, bounded.
pub(super) fn lines(findings: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    if findings.join.is_some() {
        let tones = if findings.dtmf.is_some() { ", then sends tones" } else { "" };
        lines.push(match &findings.dial {
            Some(dial) => format!("A room dials {dial}{tones}."),
            None => "A room dials nothing: no address is printed or follows from it.".to_owned(),
        });
    }
    if findings.passcode.is_some() {
        lines.push("A passcode is printed beside it.".to_owned());
    }
    let link = |link: &JoinLink| format!("{} {}", link.class(), link.as_str());
    lines.extend(findings.alternatives.iter().map(|it| format!("Another: {}.", link(it))));
    lines.extend(findings.trace.iter().map(Trace::line));
    bounded(lines)
}

fn bounded(lines: Vec<String>) -> Vec<String> {
    let total = lines.len();
    let mut bytes_left = LINES_BYTES_MAX;
    let mut kept: Vec<String> = Vec::new();
    for line in lines.into_iter().take(LINES_MAX) {
        let Some(left) = bytes_left.checked_sub(line.len()) else { break };
        bytes_left = left;
        kept.push(line);
    }
    if kept.len() < total {
        kept.push(format!("… and {} lines more.", total - kept.len()));
    }
    kept
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace(…)")
    }
}
