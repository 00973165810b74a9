//! A time zone from the periods and transitions that came with an entry, for zones that somebody
//! made up. They become a POSIX rule, which a calendar library evaluates.

use ews::time_zone::{Period, TimeZoneDefinition, Transition, TransitionTarget, TransitionsGroup};
use jiff::{Timestamp, tz::TimeZone};

/// A distance from UTC that no zone exceeds.
const BIAS_SECONDS_MAX: i64 = 24 * 3600;
const SECONDS_PER_HOUR: i64 = 3600;

/// `None` if there are no rules, or rules that cannot be.
pub(super) fn evaluate(definition: &TimeZoneDefinition, at: Timestamp) -> Option<TimeZone> {
    let bias = |id: &str| bias_of(&definition.periods, id);
    let group = match group_at(definition, at) {
        Some(Target::Period(id)) => return TimeZone::posix(&fixed(bias(&id)?)).ok(),
        Some(Target::Group(id)) => {
            definition.transitions_groups.iter().find(|group| group.id.as_deref() == Some(&id))?
        }
        None => match definition.transitions_groups.first() {
            Some(group) => group,
            None => return single(definition),
        },
    };
    let changes: Vec<Change> = group.transitions.iter().filter_map(change).collect();
    let rule = match changes.as_slice() {
        [] => fixed(bias(&only_period(group)?)?),
        [one] => fixed(bias(&one.period)?),
        [first, second] => {
            let biases = (bias(&first.period)?, bias(&second.period)?);
            // UTC = local time + bias, so the smaller bias is the later clock: summer time.
            let (summer, winter) =
                if biases.0 < biases.1 { (first, second) } else { (second, first) };
            let (summer_bias, winter_bias) = (biases.0.min(biases.1), biases.0.max(biases.1));
            format!(
                "<STD>{}<DST>{},{},{}",
                clock(winter_bias),
                clock(summer_bias),
                summer.day,
                winter.day
            )
        }
        _ => return None, // more than two a year do not fit any rule
    };
    TimeZone::posix(&rule).ok()
}

enum Target {
    Period(String),
    Group(String),
}

/// Where the definition's own transitions lead at that moment.
fn group_at(definition: &TimeZoneDefinition, at: Timestamp) -> Option<Target> {
    let transitions = &definition.transitions.as_ref()?.transitions;
    let mut begun = transitions.iter().filter(|transition| match transition {
        Transition::AbsoluteDate(change) => {
            change.date_time.to_timestamp(&TimeZone::UTC).is_some_and(|begin| begin <= at)
        }
        Transition::Plain(_) | Transition::RecurringDay(_) | Transition::RecurringDate(_) => true,
    });
    let to = target(begun.next_back()?);
    Some(match to.kind.as_str() {
        "Period" => Target::Period(to.id.clone()),
        _ => Target::Group(to.id.clone()),
    })
}

fn target(transition: &Transition) -> &TransitionTarget {
    match transition {
        Transition::Plain(change) => &change.to,
        Transition::AbsoluteDate(change) => &change.to,
        Transition::RecurringDay(change) => &change.to,
        Transition::RecurringDate(change) => &change.to,
    }
}

/// One period and nothing about when: it always holds.
fn single(definition: &TimeZoneDefinition) -> Option<TimeZone> {
    match definition.periods.as_slice() {
        [period] => TimeZone::posix(&fixed(bias_of_period(period)?)).ok(),
        _ => None,
    }
}

fn only_period(group: &TransitionsGroup) -> Option<String> {
    match group.transitions.as_slice() {
        [Transition::Plain(change)] => Some(change.to.id.clone()),
        _ => None,
    }
}

/// A change that comes back each year.
struct Change {
    period: String,
    /// As POSIX writes it.
    day: String,
}

fn change(transition: &Transition) -> Option<Change> {
    match transition {
        Transition::Plain(_) | Transition::AbsoluteDate(_) => None,
        Transition::RecurringDay(change) => {
            let week = if change.occurrence == LAST { 5 } else { change.occurrence };
            let day = weekday(&change.day_of_week)?;
            let time = clock(duration_seconds(&change.time_offset)?);
            let day = format!("M{}.{week}.{day}/{time}", change.month);
            Some(Change { period: change.to.id.clone(), day })
        }
        Transition::RecurringDate(change) => {
            let (month, day) = (i8::try_from(change.month).ok()?, i8::try_from(change.day).ok()?);
            // Day of a year without 29 February, which POSIX never counts in this form.
            let number = jiff::civil::Date::new(2025, month, day).ok()?.day_of_year();
            let time = clock(duration_seconds(&change.time_offset)?);
            Some(Change { period: change.to.id.clone(), day: format!("J{number}/{time}") })
        }
    }
}

/// The last such day of the month.
const LAST: i32 = -1;

fn weekday(name: &str) -> Option<usize> {
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    days.iter().position(|day| *day == name.trim())
}

fn bias_of(periods: &[Period], id: &str) -> Option<i64> {
    bias_of_period(periods.iter().find(|period| period.id.as_deref() == Some(id))?)
}

fn bias_of_period(period: &Period) -> Option<i64> {
    let bias = duration_seconds(period.bias.as_deref()?)?;
    (bias.abs() <= BIAS_SECONDS_MAX).then_some(bias)
}

/// POSIX counts as Exchange does: UTC = local time + this.
fn fixed(bias: i64) -> String {
    format!("<STD>{}", clock(bias))
}

fn clock(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.abs();
    let (hours, minutes) = (seconds / SECONDS_PER_HOUR, seconds % SECONDS_PER_HOUR / 60);
    format!("{sign}{hours}:{minutes:02}:{:02}", seconds % 60)
}

/// `-PT60M`, `-P0DT1H0M0.0S`, `PT-60M`: what schemas allow, and what some write.
fn duration_seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (mut total, mut number) = (0_i64, String::new());
    for character in rest.strip_prefix('P')?.chars() {
        let unit = match character {
            'T' => continue,
            'D' => 24 * SECONDS_PER_HOUR,
            'H' => SECONDS_PER_HOUR,
            'M' => 60,
            'S' => 1,
            '0'..='9' | '-' | '.' => {
                number.push(character);
                continue;
            }
            _ => return None,
        };
        let whole = number.split_once('.').map_or(number.as_str(), |(whole, _)| whole);
        total = total.checked_add(whole.parse::<i64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then(|| total.checked_mul(sign))?
}
