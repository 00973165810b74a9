//! Ending a meeting: everything that carries our tag, and nothing else.

use super::{
    Webex,
    calls::Search,
    failure::CallFailure,
    one_time::{Known, Place},
    tag,
};
use crate::meeting::{Held, ProviderFailure};

impl Webex {
    /// The caller holds the claim.
    pub(super) async fn ended(&self, held: &Held) -> Result<(), ProviderFailure> {
        let tag = tag(&held.key);
        let mut is_foreign = false;
        let mut has_ended = false;
        if let Some(reference) = &held.reference {
            let (place, id) = Place::of(reference);
            match self.look(&held.organizer, &tag, reference).await? {
                Known::Ours(meeting) => {
                    self.delete(
                        id,
                        &self.host(place, &held.organizer),
                        meeting.is_in("inProgress"),
                    )
                    .await?;
                    has_ended = true;
                }
                Known::Gone => {}
                // Not even if we could give it a tag: what cannot be undone needs one beforehand.
                Known::Untagged(_) | Known::Foreign => is_foreign = true,
            }
        }
        // Also what a request made of which nobody heard the answer.
        for place in self.places() {
            let host = self.host(place, &held.organizer);
            let search = Search { tag: &tag, host: host.clone(), from: held.from, to: held.to };
            let found = match (place, self.client.find(&search).await) {
                // An app that is in no space has made nothing there.
                (
                    Place::Space,
                    Err(CallFailure::Invalid(_) | CallFailure::Forbidden | CallFailure::Gone),
                ) => Vec::new(),
                (_, found) => found?,
            };
            for meeting in found {
                self.delete(&meeting.id, &host, meeting.is_in("inProgress")).await?;
                has_ended = true;
            }
        }
        if is_foreign && !has_ended {
            return Err(ProviderFailure::Meeting(
                "the meeting at Webex does not carry our tag: end it there",
            ));
        }
        match self.claims.doubt(&tag, self.client.world.clock.now()) {
            Some(doubt) if !has_ended => Err(ProviderFailure::Wait(doubt)),
            Some(_) | None => {
                self.claims.forget(&tag);
                Ok(())
            }
        }
    }

    async fn delete(
        &self,
        id: &str,
        host: &Option<String>,
        is_running: bool,
    ) -> Result<(), ProviderFailure> {
        match self.client.delete(id, host).await {
            Err(CallFailure::Invalid(_) | CallFailure::Conflict | CallFailure::Forbidden)
                if is_running =>
            {
                Err(ProviderFailure::Trouble("the meeting is running: it can be ended afterwards"))
            }
            outcome => Ok(outcome?),
        }
    }

    /// Where a meeting of ours may be.
    fn places(&self) -> Vec<Place> {
        match self.settings.space {
            Some(_) => vec![Place::Own, Place::Space],
            None => vec![Place::Own],
        }
    }
}
