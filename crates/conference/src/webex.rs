//! Webex Meetings over its public REST interface: meetings of their own found again by a tag,
//! personal rooms, and, where the caller may, a space.
//!
//! `webex/one_time.rs` makes, `webex/change.rs` changes, `webex/end.rs` ends; what they ask is in
//! `webex/calls.rs`, and what becomes of a refusal in `webex/failure.rs`.

mod answer;
mod calls;
mod change;
mod claims;
mod client;
mod doctor;
mod end;
mod failure;
mod gate;
mod keeper;
mod ledger;
mod one_time;
mod plan;
mod recurrence;
mod settings;
mod title;
mod tokens;
mod vault;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use world::World;

pub use self::settings::{
    Account, EarlyMinutes, PatchMediaType, UnfitRule, UsualRoom, WebexSettings,
};
use self::{
    claims::Claims, client::Client, failure::CallFailure, keeper::Keeper, one_time::Place,
    plan::Plan, vault::Vault,
};
use crate::{
    key::ConferenceKey,
    meeting::{Conference, Held, ProviderFailure, Reference, Room, Wish},
    provider::ProviderSettingsError,
};

/// Cheap to clone; clones share tokens, pauses and claims.
#[derive(Clone)]
pub struct Webex(Arc<Inner>);

/// What the clones share.
pub struct Inner {
    settings: WebexSettings,
    client: Client,
    claims: Claims,
    media_type: Mutex<PatchMediaType>,
    /// Webex does not let us make meetings in the space: nobody tries again.
    is_space_refused: AtomicBool,
}

impl std::ops::Deref for Webex {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Webex {
    pub(crate) fn from_settings(
        settings: &WebexSettings,
        world: &World,
    ) -> Result<Self, ProviderSettingsError> {
        let key = settings.token_key().ok_or(ProviderSettingsError::NoTokenKey)?;
        Self::new(settings, world, &key)
    }

    /// `key` seals the file with the tokens.
    pub fn new(
        settings: &WebexSettings,
        world: &World,
        key: &[u8; 32],
    ) -> Result<Self, ProviderSettingsError> {
        let api = settings.api()?;
        let chance = world.chance.clone();
        let vault = Vault::new(&settings.token_file, key, &settings.client_id, chance);
        let vault = vault.ok_or(ProviderSettingsError::NotAUrl)?;
        let keeper = Keeper::new(world, settings, &api, vault);
        let keeper = keeper.ok_or(ProviderSettingsError::NotAUrl)?;
        Ok(Self(Arc::new(Inner {
            settings: settings.clone(),
            client: Client::new(world, api, keeper),
            claims: Claims::default(),
            media_type: Mutex::new(settings.patch_media_type),
            is_space_refused: AtomicBool::new(false),
        })))
    }

    /// The conference of this key: found, or made. Safe to repeat.
    pub async fn ensure(
        &self,
        wish: &Wish,
        known: Option<&Reference>,
    ) -> Result<Conference, ProviderFailure> {
        match self.settings.room(wish.room) {
            Room::Personal => match self.personal(wish).await? {
                Some(room) => Ok(room),
                None => Ok(Self::instead(self.own(wish, known).await?, Room::OneTime)),
            },
            Room::Space => self.space(wish, known).await,
            Room::OneTime | Room::Usual => self.own(wish, known).await,
        }
    }

    /// Title and times, if they have changed. What is gone is made anew.
    pub async fn update(
        &self,
        wish: &Wish,
        reference: &Reference,
    ) -> Result<Conference, ProviderFailure> {
        if self.settings.room(wish.room) != Room::Personal {
            return self.patched(wish, reference).await;
        }
        match self.personal(wish).await? {
            Some(room) => Ok(room),
            None => Ok(Self::instead(self.patched(wish, reference).await?, Room::OneTime)),
        }
    }

    /// Ends what carries our tag. Gone already is as good.
    pub async fn cancel(&self, held: &Held) -> Result<(), ProviderFailure> {
        let _claim = self.claims.lock(&tag(&held.key)).await;
        self.ended(held).await
    }

    /// Whether a person must do something.
    pub async fn check(&self) -> Result<(), ProviderFailure> {
        self.examined().await
    }

    /// `None` for a host without a room, who gets a meeting instead.
    async fn personal(&self, wish: &Wish) -> Result<Option<Conference>, ProviderFailure> {
        let user = self.settings.acts_for(&wish.organizer);
        match self.client.personal_room(&user, &self.settings).await {
            Err(CallFailure::Gone) => Ok(None),
            room => Ok(Some(room?)),
        }
    }

    async fn patched(
        &self,
        wish: &Wish,
        reference: &Reference,
    ) -> Result<Conference, ProviderFailure> {
        if self.is_unfit(wish) {
            return self.unfit(wish).await;
        }
        let _claim = self.claims.lock(&tag(&wish.key)).await;
        self.changed(wish, reference).await
    }

    async fn own(
        &self,
        wish: &Wish,
        known: Option<&Reference>,
    ) -> Result<Conference, ProviderFailure> {
        if self.is_unfit(wish) {
            return self.unfit(wish).await;
        }
        let _claim = self.claims.lock(&tag(&wish.key)).await;
        self.made(wish, known, Place::Own).await
    }

    /// Most apps are in no space, and Webex then refuses: a meeting of its own is made instead.
    async fn space(
        &self,
        wish: &Wish,
        known: Option<&Reference>,
    ) -> Result<Conference, ProviderFailure> {
        let is_refused = self.is_space_refused.load(Ordering::Relaxed);
        let is_plannable = Plan::new(wish, self.client.world.clock.now()).is_ok();
        if self.settings.space.is_some() && !is_refused && is_plannable {
            let _claim = self.claims.lock(&tag(&wish.key)).await;
            match self.made(wish, known, Place::Space).await {
                Err(ProviderFailure::Refused(_) | ProviderFailure::Meeting(_)) => {
                    tracing::warn!("Webex makes no meetings in the space of the settings");
                    self.is_space_refused.store(true, Ordering::Relaxed);
                }
                outcome => return outcome,
            }
        }
        let conference = self.own(wish, known).await?;
        if conference.fell_back.is_some() {
            return Ok(conference);
        }
        Ok(Self::instead(conference, Room::OneTime))
    }

    /// A series that Webex could only have in part.
    async fn unfit(&self, wish: &Wish) -> Result<Conference, ProviderFailure> {
        match self.settings.unfit_rule {
            UnfitRule::Refuse => {
                Err(ProviderFailure::Meeting("Webex has no such rule for a series"))
            }
            UnfitRule::PersonalRoom => {
                let user = self.settings.acts_for(&wish.organizer);
                let room = self.client.personal_room(&user, &self.settings).await?;
                Ok(Self::instead(room, Room::Personal))
            }
        }
    }

    fn media_type(&self) -> PatchMediaType {
        *self.media_type.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn use_media_type(&self, media_type: PatchMediaType) {
        *self.media_type.lock().unwrap_or_else(PoisonError::into_inner) = media_type;
    }
}

/// The mark on a meeting of ours; it tells nothing about it.
fn tag(key: &ConferenceKey) -> String {
    format!("hc1-{}", key.tag())
}

impl fmt::Debug for Webex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webex(…)")
    }
}
