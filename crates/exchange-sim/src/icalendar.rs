//! An entry as iCalendar, which is what Exchange gives as MIME content.

use ews::CalendarItem;

/// Just enough for clients that look at it; the zone is named as Windows names it.
pub(crate) fn write(item: &CalendarItem) -> String {
    let zone = item.start_time_zone.as_ref().and_then(|zone| zone.id.as_deref()).unwrap_or("UTC");
    let time = |time: Option<ews::DateTime>| {
        let at = time.and_then(ews::DateTime::utc).unwrap_or_default();
        at.strftime("%Y%m%dT%H%M%SZ").to_string()
    };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "PRODID:exchange-sim".to_owned(),
        "VERSION:2.0".to_owned(),
        "BEGIN:VTIMEZONE".to_owned(),
        format!("TZID:{zone}"),
        "BEGIN:STANDARD".to_owned(),
        "DTSTART:16010101T000000".to_owned(),
        "TZOFFSETFROM:+0000".to_owned(),
        "TZOFFSETTO:+0000".to_owned(),
        "END:STANDARD".to_owned(),
        "END:VTIMEZONE".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", item.uid.as_deref().unwrap_or_default()),
        format!("SUMMARY:{}", escaped(item.subject.as_deref().unwrap_or_default())),
        format!("DTSTART:{}", time(item.start)),
        format!("DTEND:{}", time(item.end)),
        format!("DTSTAMP:{}", time(item.date_time_stamp)),
        format!("SEQUENCE:{}", item.appointment_sequence_number.unwrap_or(0)),
    ];
    if let Some(location) = &item.location {
        lines.push(format!("LOCATION:{}", escaped(location)));
    }
    if let Some(address) = item.organizer.as_ref().and_then(|who| who.email_address.as_deref()) {
        lines.push(format!("ORGANIZER:mailto:{address}"));
    }
    for attendee in &item.required_attendees {
        if let Some(address) = &attendee.mailbox.email_address {
            lines.push(format!("ATTENDEE:mailto:{address}"));
        }
    }
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned(), String::new()]);
    lines.join("\r\n")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}
