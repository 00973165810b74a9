//! Making a meeting of its own, once: find it by our tag, only then make it, and look again after
//! whatever left it open whether it was made.

use std::sync::Arc;

use super::{
    Webex,
    answer::Meeting,
    calls::{ForWhom, Search, is_host},
    claims::SETTLED_AFTER,
    failure::CallFailure,
    plan::{Plan, Unplannable},
    tag,
};
use crate::meeting::{Conference, ProviderFailure, Reference, Room, Wish};

/// Where a meeting is made: for the organizer, or in the space that all share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Own,
    Space,
}

/// How the reference of a meeting in the space begins: its host is the caller, not the organizer.
const SPACE_MARK: &str = "space:";

impl Place {
    pub(super) fn reference(self, id: &str) -> Reference {
        match self {
            Self::Own => Reference(id.to_owned()),
            Self::Space => Reference(format!("{SPACE_MARK}{id}")),
        }
    }

    /// The place and the id there.
    pub(super) fn of(reference: &Reference) -> (Self, &str) {
        match reference.0.strip_prefix(SPACE_MARK) {
            Some(id) => (Self::Space, id),
            None => (Self::Own, &reference.0),
        }
    }
}

/// What a look at a known id says.
pub(super) enum Known {
    Ours(Box<Meeting>),
    Gone,
    /// The host's, and without a tag that we may see.
    Untagged(Box<Meeting>),
    /// It is there, and somebody else's.
    Foreign,
}

impl Webex {
    /// The caller holds the claim.
    pub(super) async fn made(
        &self,
        wish: &Wish,
        known: Option<&Reference>,
        place: Place,
    ) -> Result<Conference, ProviderFailure> {
        let tag = tag(&wish.key);
        if let Some(reference) = known
            && Place::of(reference).0 == place
            && let Some(meeting) = self.ours(&wish.organizer, &tag, reference).await?
        {
            if self.claims.is_unchecked(&tag) {
                self.alone(wish, place, Some(&meeting.id)).await?;
            }
            return self.conference(&meeting, place);
        }
        if let Some(meeting) = self.alone(wish, place, None).await? {
            // Made before a crash or by somebody else, for a wish that may have been another.
            return self.brought_into_line(wish, meeting, place).await;
        }
        let now = self.client.world.clock.now();
        if let Some(doubt) = self.claims.doubt(&tag, now) {
            return Err(ProviderFailure::Wait(doubt));
        }
        let plan = Plan::new(wish, now)
            .map_err(|unplannable| ProviderFailure::Meeting(unplannable.reason()))?;
        self.create(wish, &plan, place).await
    }

    async fn create(
        &self,
        wish: &Wish,
        plan: &Plan,
        place: Place,
    ) -> Result<Conference, ProviderFailure> {
        let tag = tag(&wish.key);
        let for_whom = ForWhom {
            tag: &tag,
            host: self.host(place, &wish.organizer),
            space: match place {
                Place::Own => None,
                Place::Space => self.settings.space.as_deref(),
            },
        };
        self.client.keeper.count(&wish.organizer, &tag).await?;
        // From here on it may exist, also if the caller loses patience or the program ends.
        self.claims.mark(&tag, self.client.world.clock.now());
        let outcome = self.client.create(plan, &self.settings, &for_whom).await;
        let now = self.client.world.clock.now();
        match outcome {
            Ok(meeting) => {
                self.claims.mark(&tag, now);
                self.look_again_later(wish, place, &meeting.id);
                // Somebody else may have made one between our look and our request. A list that
                // cannot be had, or does not show it yet, changes nothing.
                match self.alone(wish, place, None).await {
                    Ok(Some(winner)) => self.conference(&winner, place),
                    Ok(None) | Err(_) => self.conference(&meeting, place),
                }
            }
            Err(failure) if failure.is_uncertain() || failure == CallFailure::Conflict => {
                if failure.is_uncertain() {
                    self.claims.mark(&tag, now);
                } else {
                    self.claims.forget(&tag);
                }
                match self.alone(wish, place, None).await? {
                    Some(meeting) => self.conference(&meeting, place),
                    None if failure == CallFailure::Conflict => Err(ProviderFailure::Meeting(
                        "Webex says that the meeting conflicts with another one",
                    )),
                    None => Err(ProviderFailure::Trouble("whether Webex made it is not known")),
                }
            }
            Err(failure) => {
                self.claims.forget(&tag);
                Err(failure.into())
            }
        }
    }

    /// Lists may lag behind: a second one shows itself when everybody has stopped looking.
    fn look_again_later(&self, wish: &Wish, place: Place, id: &str) {
        let (this, wish, id) = (Arc::downgrade(&self.0), wish.clone(), id.to_owned());
        let world = self.client.world.clone();
        tokio::spawn(async move {
            let time = SETTLED_AFTER + world.chance.jitter(SETTLED_AFTER);
            world.clock.sleep(time).await;
            // Whoever made it may have ended meanwhile; then somebody else is in charge.
            let Some(this) = this.upgrade().map(Webex) else { return };
            let tag = tag(&wish.key);
            let _claim = this.claims.lock(&tag).await;
            if this.claims.is_unchecked(&tag) {
                // If it fails, the next change of the meeting looks again.
                let _looked = this.alone(&wish, place, Some(&id)).await;
            }
        });
    }

    /// Looks for what carries our tag. Of several one stays: the one that is known, else the one
    /// that everybody would choose, since Webex does not say which is older.
    async fn alone(
        &self,
        wish: &Wish,
        place: Place,
        known: Option<&str>,
    ) -> Result<Option<Meeting>, CallFailure> {
        let tag = tag(&wish.key);
        let host = self.host(place, &wish.organizer);
        let ends = wish.recurrence.as_ref().and_then(|recurrence| recurrence.ends);
        let to = ends.map_or(wish.end, |ends| ends.max(wish.end));
        let search = Search { tag: &tag, host: host.clone(), from: wish.start, to };
        let mut found = self.client.find(&search).await?;
        let known_here = known.and_then(|id| found.iter().position(|meeting| meeting.id == id));
        if known.is_some() && known_here.is_none() {
            // The list does not show it: then it is not the list to decide by.
            return Ok(None);
        }
        let stays = (!found.is_empty()).then(|| found.remove(known_here.unwrap_or(0)));
        for extra in found {
            tracing::info!("Two meetings at Webex for one of ours: one is deleted");
            self.client.delete(&extra.id, &host).await?;
        }
        self.claims.checked(&tag, self.client.world.clock.now());
        Ok(stays)
    }

    /// The meeting of a known id, if it is there and ours. Tags are shown only to the app that wrote
    /// them: if the organization has another app now, what we know from our own state gets a new one.
    pub(super) async fn ours(
        &self,
        organizer: &str,
        tag: &str,
        reference: &Reference,
    ) -> Result<Option<Box<Meeting>>, CallFailure> {
        match self.look(organizer, tag, reference).await? {
            Known::Ours(meeting) => Ok(Some(meeting)),
            Known::Untagged(meeting) => {
                tracing::info!("A meeting of ours at Webex shows no tag: it is given one");
                let host = self.host(Place::of(reference).0, organizer);
                self.tag_again(&meeting.id, tag, &host).await?;
                Ok(Some(meeting))
            }
            Known::Gone | Known::Foreign => Ok(None),
        }
    }

    /// Asks for a known id, and whether it is what we take it for.
    pub(super) async fn look(
        &self,
        organizer: &str,
        tag: &str,
        reference: &Reference,
    ) -> Result<Known, CallFailure> {
        let (place, id) = Place::of(reference);
        let host = self.host(place, organizer);
        match self.client.get(id, &host).await {
            Ok(meeting) if meeting.is_tagged(tag) && is_host(&meeting, &host) => {
                Ok(Known::Ours(Box::new(meeting)))
            }
            Ok(meeting) if meeting.tags.is_empty() && is_host(&meeting, &host) => {
                Ok(Known::Untagged(Box::new(meeting)))
            }
            Ok(_) => Ok(Known::Foreign),
            Err(CallFailure::Gone) => Ok(Known::Gone),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn host(&self, place: Place, organizer: &str) -> Option<String> {
        match place {
            Place::Own => self.settings.acts_for(organizer),
            Place::Space => None,
        }
    }

    pub(super) fn conference(
        &self,
        meeting: &Meeting,
        place: Place,
    ) -> Result<Conference, ProviderFailure> {
        let made = meeting.conference(place.reference(&meeting.id), &self.settings.link_domains);
        made.map_err(|unusable| ProviderFailure::Meeting(unusable.0))
    }

    /// What stands in for a meeting whose rule Webex does not have.
    pub(super) fn is_unfit(&self, wish: &Wish) -> bool {
        let now = self.client.world.clock.now();
        matches!(Plan::new(wish, now), Err(Unplannable::Rule))
    }

    /// What the answer says about the room that was used instead of the one that was asked for.
    pub(super) fn instead(mut conference: Conference, room: Room) -> Conference {
        conference.fell_back = Some(room);
        conference
    }
}
