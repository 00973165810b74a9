//! Which printed address belongs to which link, instead of being another way to join.

use super::{
    Source,
    address::Address,
    block,
    catalogue::{Dialling, Kind},
    dial::ZOOM_DOMAIN,
    ranked::Ranked,
    room::SECTION_LINES_MAX,
    surroundings::Surroundings,
};

/// An address stands so many lines below its link, at most.
const ADDRESS_LINES_MAX: usize = 12;

impl Surroundings<'_> {
    /// The link that an address belongs to, instead of being another way to join. One in a better
    /// place than the link was put there by somebody, and stays.
    pub(super) fn owner(&self, ranked: &Ranked) -> Option<usize> {
        let address = ranked.recognised.address.as_ref()?;
        let owns = |(_, link): &(usize, &Ranked)| {
            link.source <= ranked.source && self.is_own_form(link, address)
        };
        let links = self.found.iter().enumerate();
        let own = { links }.find(owns).map(|(meeting, _)| meeting);
        let mut spots = ranked.spots.iter();
        own.or_else(|| spots.find_map(|(source, at)| self.link_above(address, *source, *at)))
    }

    fn is_own_form(&self, ranked: &Ranked, address: &Address) -> bool {
        let recognised = &ranked.recognised;
        if recognised.address.is_some() {
            return false;
        }
        let is_same = recognised.dial.as_deref() == Some(address.dial().as_str());
        let form = match recognised.dialling {
            Dialling::WebexMeeting | Dialling::WebexRoom => address.domain == recognised.host,
            Dialling::Zoom => {
                let number = address.user.split('.').next().unwrap_or_default();
                address.domain == ZOOM_DOMAIN && number == recognised.room
            }
            Dialling::ZoomName | Dialling::Printed | Dialling::Teams | Dialling::Lifesize => false,
        };
        form || is_same
    }

    /// The nearest link above, if the address belongs to its block.
    fn link_above(&self, address: &Address, source: Source, at: usize) -> Option<usize> {
        let page = self.pages.of(source)?;
        let next = self.spots.partition_point(|spot| (spot.source, spot.at) < (source, at));
        let spot = self.spots.get(next.checked_sub(1)?).filter(|spot| spot.source == source)?;
        let lines = page.line(at) - page.line(spot.at);
        let ranked = self.found.get(spot.meeting)?;
        let is_teams = ranked.recognised.dialling == Dialling::Teams;
        if is_teams && self.is_in_block(spot.meeting, address) {
            return Some(spot.meeting);
        }
        let dial = self.dial(spot.meeting, None);
        let may_adopt = lines <= ADDRESS_LINES_MAX
            && ranked.recognised.kind != Kind::Closed
            && ranked.adopted.is_none()
            && dial.address.is_none();
        may_adopt.then_some(spot.meeting)
    }

    fn is_in_block(&self, meeting: usize, address: &Address) -> bool {
        self.sections(meeting).any(|(page, _, range)| {
            let lines = page.lines(range, SECTION_LINES_MAX);
            let blocks = block::interop(&lines, &self.rules.words);
            blocks.iter().any(|it| it.user == address.user && it.domain == address.domain)
        })
    }
}
