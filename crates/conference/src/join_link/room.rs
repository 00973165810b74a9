//! What a room dials for a link: the address in the block, in the form of the service.

use std::ops::Range;

use super::{
    Source, address,
    block::{self, Passcode},
    catalogue::{Dialling, Kind},
    dial::{ZOOM_DOMAIN, has_zoom_rooms, with_passcode},
    ranked::Ranked,
    surroundings::{PASSCODE_LINES_MAX, Reach, Surroundings},
};

/// The rest of a block, whatever its length.
pub(super) const SECTION_LINES_MAX: usize = 60;

/// What a room dials. Content.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Dial {
    pub(super) address: Option<String>,
    pub(super) dtmf: Option<String>,
}

impl Dial {
    fn to(address: String) -> Self {
        Self { address: Some(address), dtmf: None }
    }
}

impl Surroundings<'_> {
    /// What a room dials for the meeting that was chosen.
    pub(super) fn dial(&self, meeting: usize, passcode: Option<&Passcode>) -> Dial {
        let Some(ranked) = self.found.get(meeting) else {
            return Dial::default();
        };
        let recognised = &ranked.recognised;
        let own = match recognised.dialling {
            _ if recognised.kind == Kind::Closed => return Dial::default(),
            Dialling::WebexMeeting => self.webex(meeting, &recognised.host).map(Dial::to),
            Dialling::WebexRoom => {
                let printed = self.printed(meeting, |_, domain| domain == recognised.host);
                printed.filter(|address| self.rules.may_dial(address)).map(Dial::to)
            }
            Dialling::Zoom | Dialling::ZoomName => {
                self.zoom(meeting, passcode.map(|it| it.text.as_str())).map(Dial::to)
            }
            Dialling::Teams => self.teams(meeting),
            Dialling::Printed | Dialling::Lifesize => None,
        };
        own.or_else(|| recognised.dial.clone().map(Dial::to))
            .or_else(|| ranked.adopted.clone().map(Dial::to))
            .unwrap_or_default()
    }

    /// The first printed address of a kind below the link.
    fn printed(&self, meeting: usize, is_it: impl Fn(&str, &str) -> bool) -> Option<String> {
        self.read(meeting, SECTION_LINES_MAX, |lines| {
            let mut all = lines.iter().flat_map(|line| address::printed(line));
            let first = all.find(|(user, domain)| is_it(user, domain));
            first.map(|(user, domain)| format!("{user}@{domain}"))
        })
    }

    /// A printed address of the same host, else the printed number; never from the link.
    fn webex(&self, meeting: usize, host: &str) -> Option<String> {
        let is_number = |user: &str| user.bytes().all(|b| b.is_ascii_digit());
        let is_own = |user: &str, domain: &str| domain == host && is_number(user);
        let read = |lines: &[&str]| block::number(lines, &self.rules.words);
        let number = || {
            let near = self.read(meeting, SECTION_LINES_MAX, read);
            let is_alone = self.reach == Reach::Anywhere && self.is_only_webex(meeting);
            near.or_else(|| is_alone.then(|| read(&self.unclaimed(meeting)))?)
        };
        let address = self.printed(meeting, is_own).or_else(|| {
            let number = number()?;
            Some(format!("{number}@{host}"))
        });
        address.filter(|address| self.rules.may_dial(address))
    }

    /// Then a number above the link can only be its own.
    fn is_only_webex(&self, meeting: usize) -> bool {
        let is_other = |(index, it): (usize, &Ranked)| {
            index != meeting && it.recognised.dialling == Dialling::WebexMeeting
        };
        !self.found.iter().enumerate().any(is_other)
    }

    fn zoom(&self, meeting: usize, passcode: Option<&str>) -> Option<String> {
        let recognised = &self.found.get(meeting)?.recognised;
        if !has_zoom_rooms(&recognised.host) {
            return None;
        }
        let number = match recognised.dialling {
            Dialling::Zoom => recognised.room.clone(),
            Dialling::ZoomName
            | Dialling::Printed
            | Dialling::WebexMeeting
            | Dialling::WebexRoom
            | Dialling::Teams
            | Dialling::Lifesize => {
                let read = |lines: &[&str]| block::meeting_id(lines, &self.rules.words);
                self.read(meeting, PASSCODE_LINES_MAX + 1, read)?
            }
        };
        // A printed address that holds a passcode knows best.
        let is_complete = |user: &str, domain: &str| {
            let rest = user.strip_prefix(number.as_str());
            domain == ZOOM_DOMAIN && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let printed = self.printed(meeting, is_complete);
        Some(printed.unwrap_or_else(|| with_passcode(&number, passcode)))
    }

    /// The page of instructions first, then the lines of the block.
    fn teams(&self, meeting: usize) -> Option<Dial> {
        let is_inside = |range: &Range<usize>, source: Source, at: usize, of: Source| {
            source == of && range.contains(&at)
        };
        let alternate = self.sections(meeting).find_map(|(_, source, range)| {
            let mut all = self.alternates.iter();
            all.find(|(of, at, _)| is_inside(&range, source, *at, *of)).map(|(_, _, it)| it.clone())
        });
        alternate.or_else(|| self.far_alternate(meeting)).map(Dial::to).or_else(|| {
            self.read(meeting, SECTION_LINES_MAX, |lines| {
                let blocks = block::interop(lines, &self.rules.words);
                blocks.iter().find_map(|it| self.interop(it))
            })
        })
    }

    /// For a link that stands elsewhere, a page that no other link claims.
    fn far_alternate(&self, meeting: usize) -> Option<String> {
        let is_elsewhere = self.found.get(meeting).is_some_and(|it| it.source != Source::Body);
        let mut in_body = self.alternates.iter().filter(|(source, ..)| *source == Source::Body);
        let free =
            in_body.find(|(_, at, _)| is_elsewhere && !self.is_claimed(meeting, *at..*at))?;
        Some(free.2.clone())
    }

    fn interop(&self, block: &block::InteropBlock<'_>) -> Option<Dial> {
        let block::InteropBlock { user, domain, conference } = block;
        if let Some(address) = self.rules.interop(user, domain, conference) {
            return Some(Dial::to(address));
        }
        let address = format!("{user}@{domain}");
        let dtmf = Some(format!("{conference}#"));
        self.rules.may_dial(&address).then_some(Dial { address: Some(address), dtmf })
    }
}
