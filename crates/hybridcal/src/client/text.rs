//! Opened meetings as calm lines for people.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use protocol::meeting::{ResponseType, Sensitivity};

use super::{Opened, OpenedMeeting};

/// Widest title before the place; longer ones push it to the right.
const TITLE_CHARACTERS_MAX: usize = 40;
/// `10:00–11:30 (+1)` and a gap.
const TIME_CHARACTERS: usize = 18;
const INDENT: &str = "  ";

/// The whole list, grouped by day in this zone.
pub(crate) fn agenda(meetings: &[OpenedMeeting], now: Timestamp, zone: &TimeZone) -> String {
    let mut meetings: Vec<_> = meetings.iter().collect();
    meetings.sort_by_key(|meeting| (day(meeting, zone), !meeting.is_all_day, meeting.start));
    let mut text = String::new();
    for of_day in meetings.chunk_by(|a, b| day(a, zone) == day(b, zone)) {
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(first) = of_day.first() {
            text.push_str(&format!("{}\n", day(first, zone).strftime(DAY)));
        }
        let width = title_width(of_day);
        for meeting in of_day {
            text.push_str(&entry(meeting, width, now, zone));
        }
    }
    if text.is_empty() { "Nothing in these days.\n".into() } else { text }
}

const DAY: &str = "%A, %-d %B %Y";

/// One meeting with its day, for news about it.
pub(crate) fn news(meeting: &OpenedMeeting, zone: &TimeZone) -> String {
    let day = day(meeting, zone).strftime("%a %-d %b").to_string();
    let line = format!("{day}  {}  {}", times(meeting, zone), title(meeting));
    with_end(line, &[place(meeting), marks(meeting)])
}

/// For people, and never empty.
pub(crate) fn title(meeting: &OpenedMeeting) -> String {
    match &meeting.subject {
        Opened::Cannot(why) => format!("(cannot open: {why})"),
        Opened::Text(text) => match clean(text) {
            title if title.is_empty() => "(no title)".into(),
            title => title,
        },
    }
}

/// `[Join] https://…`, or why there is no link.
pub(crate) fn join(meeting: &OpenedMeeting) -> String {
    match &meeting.join_url {
        Some(Opened::Text(link)) => format!("[Join] {}", clean(link)),
        Some(Opened::Cannot(why)) => format!("[Join] (cannot open: {why})"),
        None => String::new(),
    }
}

/// A meeting with all lines of how its button came about.
pub(crate) fn explanation(meeting: &OpenedMeeting, now: Timestamp, zone: &TimeZone) -> String {
    let mut text = format!("{}\n", news(meeting, zone));
    let mut line = |line: &str| text.push_str(&format!("{INDENT}{line}\n"));
    match &meeting.explanation {
        Some(Opened::Text(lines)) => lines.lines().map(clean).for_each(|said| line(&said)),
        Some(Opened::Cannot(why)) => line(&format!("(explanation: {why})")),
        None => line("The connector that listed it said nothing about it."),
    }
    if let Some(button) = meeting.join_button(now) {
        let times = [button.appears_at, button.disappears_at]
            .map(|time| time.to_zoned(zone.clone()).strftime("%H:%M").to_string());
        line(&format!("The button is there from {} to {}.", times[0], times[1]));
        line(&join(meeting));
    }
    text
}

fn entry(meeting: &OpenedMeeting, width: usize, now: Timestamp, zone: &TimeZone) -> String {
    let (times, title) = (times(meeting, zone), title(meeting));
    let line = format!("{INDENT}{times:TIME_CHARACTERS$}{title:width$}");
    let line = with_end(line, &[place(meeting), marks(meeting)]);
    let is_shown = meeting.join_button(now).is_some_and(|button| button.shown);
    if is_shown {
        format!("{line}\n{INDENT}{:TIME_CHARACTERS$}{}\n", "", join(meeting))
    } else {
        format!("{line}\n")
    }
}

fn with_end(mut line: String, parts: &[String]) -> String {
    for part in parts.iter().filter(|part| !part.is_empty()) {
        line.push_str(INDENT);
        line.push_str(part);
    }
    line.truncate(line.trim_end().len());
    line
}

fn title_width(meetings: &[&OpenedMeeting]) -> usize {
    let widths = meetings.iter().map(|meeting| title(meeting).chars().count());
    widths.max().unwrap_or(0).min(TITLE_CHARACTERS_MAX)
}

fn day(meeting: &OpenedMeeting, zone: &TimeZone) -> Date {
    meeting.first_day.unwrap_or_else(|| meeting.start.to_zoned(zone.clone()).date())
}

fn times(meeting: &OpenedMeeting, zone: &TimeZone) -> String {
    if meeting.is_all_day {
        return "all day".into();
    }
    let [start, end] = [meeting.start, meeting.end].map(|time| time.to_zoned(zone.clone()));
    let days = start.date().until(end.date()).map_or(0, |span| span.get_days());
    let later = if days == 0 { String::new() } else { format!(" (+{days})") };
    format!("{}–{}{later}", start.strftime("%H:%M"), end.strftime("%H:%M"))
}

fn place(meeting: &OpenedMeeting) -> String {
    match &meeting.location {
        Some(Opened::Text(text)) => clean(text),
        Some(Opened::Cannot(why)) => format!("(place: {why})"),
        None => String::new(),
    }
}

fn marks(meeting: &OpenedMeeting) -> String {
    let series = meeting.is_recurring.then_some("series");
    let sensitivity = match meeting.sensitivity {
        Sensitivity::Private | Sensitivity::Personal => Some("private"),
        Sensitivity::Confidential => Some("confidential"),
        Sensitivity::Normal | Sensitivity::Unknown => None,
    };
    let response = match meeting.response {
        ResponseType::Tentative => Some("tentative"),
        ResponseType::Declined => Some("declined"),
        ResponseType::NoResponse => Some("not answered"),
        ResponseType::Accepted
        | ResponseType::Organizer
        | ResponseType::UnknownResponse
        | ResponseType::Unknown => None,
    };
    let marks: Vec<_> = [series, sensitivity, response].into_iter().flatten().collect();
    if marks.is_empty() { String::new() } else { format!("({})", marks.join(", ")) }
}

/// On one line, and nothing in it that a terminal would obey.
pub(crate) fn clean(text: &str) -> String {
    let spaced = |c: char| if c.is_whitespace() { ' ' } else { c };
    let text: String =
        text.chars().map(spaced).filter(|c| !is_unprintable(*c) && !is_mark(*c)).collect();
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Control characters, among them those that begin an escape sequence.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control()
}

/// Marks that reorder or hide what stands beside them.
pub(crate) fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
