//! Values as servers write them, which is not always as the schema says.

use jiff::civil::date;

use super::{Content, Date};

#[test]
fn dates_come_with_offsets_and_midnights() {
    let day = Some(date(2014, 3, 8));
    for text in ["2014-03-08", "2014-03-08-08:00", "2014-03-08Z", " 2014-03-08T00:00:00Z "] {
        assert_eq!(Date::from_text(text), day, "{text}");
    }
    for text in ["", "2014-3-8", "event.date", "ééééé"] {
        assert_eq!(Date::from_text(text), None, "{text}");
    }
}

#[test]
fn booleans_come_as_words_and_digits() {
    for (text, value) in [("true", true), ("1", true), ("false", false), (" 0\n", false)] {
        assert_eq!(bool::from_text(text), Some(value));
    }
    assert_eq!(bool::from_text("yes"), None);
}
