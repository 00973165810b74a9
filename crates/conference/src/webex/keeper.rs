//! Keeps the tokens: renews them in time, one renewal at once, and never uses a new access token
//! before the refresh token that came with it is on the disk. Counts the day's requests beside them.

use std::{fs, path::PathBuf, time::Duration};

use aws_lc_rs::digest;
use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use url::{Url, form_urlencoded};
use world::{World, http};
use zeroize::Zeroizing;

use super::{
    failure::{CallFailure, retry_after},
    ledger::{Counted, Exhausted, Ledger},
    settings::{Account, WebexSettings},
    tokens::{Nearness, Pair, Token, Use, first_refresh_token},
    vault::{Kept, Vault},
};

const DEADLINE: Duration = Duration::from_secs(20);
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// After a renewal that failed, and after one that was refused.
const AGAIN: Duration = Duration::from_secs(60);
const AGAIN_REFUSED: Duration = Duration::from_secs(5 * 60);
const SAID_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Keeper {
    world: World,
    endpoint: Url,
    client_id: String,
    secret_file: PathBuf,
    first_file: Option<PathBuf>,
    account: Account,
    vault: Vault,
    /// Whoever holds it may renew; the others wait and then find the new token.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_loaded: bool,
    saved: Grant,
    /// Came from Webex and is not on the disk yet: not used.
    unsaved: Option<Grant>,
    ledger: Ledger,
    failed: Option<(CallFailure, Timestamp)>,
    said: Option<(Nearness, Timestamp)>,
}

#[derive(Clone, Default)]
struct Grant {
    pair: Option<Pair>,
    began_with: Option<u64>,
}

impl Keeper {
    pub(super) fn new(
        world: &World,
        settings: &WebexSettings,
        api: &Url,
        vault: Vault,
    ) -> Option<Self> {
        Some(Self {
            world: world.clone(),
            endpoint: api.join("access_token").ok()?,
            client_id: settings.client_id.clone(),
            secret_file: settings.client_secret_file.clone(),
            first_file: settings.first_tokens_file.clone(),
            account: settings.account,
            vault,
            state: Mutex::default(),
        })
    }

    /// A token to call with; another one than that which was refused.
    pub(super) async fn access(&self, refused: Option<&Token>) -> Result<Token, CallFailure> {
        let mut state = self.loaded().await?;
        self.save(&mut state);
        let now = self.world.clock.now();
        let is_good = |pair: &Pair| Some(&pair.access) != refused && pair.usage(now) == Use::Good;
        if !state.saved.pair.as_ref().is_some_and(is_good) {
            self.catch_up(&mut state);
        }
        let present = state.saved.pair.as_ref().filter(|pair| Some(&pair.access) != refused);
        let usable = present.filter(|pair| pair.usage(now) != Use::Over).map(|p| p.access.clone());
        if let (true, Some(token)) = (present.is_some_and(is_good), &usable) {
            return Ok(token.clone());
        }
        if state.unsaved.is_some() {
            return usable.ok_or(NOT_SAVED);
        }
        match self.renewed(&mut state, now).await {
            Ok(token) => Ok(token),
            Err(failure) => {
                tracing::warn!(?failure, "The access token for Webex could not be renewed");
                usable.ok_or(failure)
            }
        }
    }

    /// Counts one more meeting that is asked for; written down before it is.
    pub(super) async fn count(&self, host: &str, meeting: &str) -> Result<(), CallFailure> {
        let mut state = self.loaded().await?;
        let now = self.world.clock.now();
        let (host, meeting) = (hashed(host), hashed(meeting));
        self.catch_up(&mut state);
        let taken = state.ledger.take(host, meeting, self.account, now);
        match taken {
            Ok(()) => {
                self.store(&mut state);
                Ok(())
            }
            Err(Exhausted::Meeting) => {
                Err(CallFailure::Invalid("this meeting was asked for too often today"))
            }
            Err(why @ (Exhausted::All | Exhausted::Host)) => {
                tracing::error!(
                    ?why,
                    "Nine tenths of the meetings that Webex allows a day were made"
                );
                Err(CallFailure::Quota)
            }
        }
    }

    pub(super) async fn is_exhausted(&self) -> Result<bool, CallFailure> {
        let mut state = self.loaded().await?;
        Ok(state.ledger.is_exhausted(self.account, self.world.clock.now()))
    }

    /// How near the end of everything is, unless somebody brings new tokens.
    pub(super) async fn nearness(&self) -> Result<Nearness, CallFailure> {
        let state = self.loaded().await?;
        let pair = state.saved.pair.as_ref();
        Ok(pair.map_or(Nearness::Far, |pair| pair.nearness(self.world.clock.now())))
    }

    async fn loaded(&self) -> Result<MutexGuard<'_, State>, CallFailure> {
        let mut state = self.state.lock().await;
        if !state.is_loaded {
            let kept = self.vault.open().map_err(|failure| {
                tracing::error!(error = %failure, "The token file for Webex cannot be opened");
                CallFailure::SignedOut("the token file for Webex cannot be opened")
            })?;
            let kept = kept.unwrap_or_default();
            state.saved = Grant { pair: kept.pair, began_with: kept.began_with };
            state.ledger = kept.ledger;
            state.is_loaded = true;
        }
        self.warn(&mut state);
        Ok(state)
    }

    /// Another process may have renewed or counted since, such as a check beside a running
    /// connector: a spent refresh token must neither be sent again nor written over the new one.
    fn catch_up(&self, state: &mut State) {
        let Ok(Some(kept)) = self.vault.open() else { return };
        let obtained = |pair: &Option<Pair>| pair.as_ref().map(|pair| pair.obtained);
        if state.unsaved.is_none() && obtained(&kept.pair) > obtained(&state.saved.pair) {
            state.saved = Grant { pair: kept.pair, began_with: kept.began_with };
            state.failed = None;
        }
        state.ledger.catch_up(&kept.ledger);
    }

    async fn renewed(&self, state: &mut State, now: Timestamp) -> Result<Token, CallFailure> {
        let (refresh, began_with) = self.refresh_token(&state.saved)?;
        if let Some((failure, until)) = &state.failed
            && now < *until
            && began_with == state.saved.began_with
        {
            return Err(failure.clone());
        }
        let ends = state.saved.pair.as_ref().and_then(|pair| pair.refresh_ends);
        match self.ask(&refresh, ends, now).await {
            Ok(pair) => {
                let token = pair.access.clone();
                state.failed = None;
                state.said = None;
                state.unsaved = Some(Grant { pair: Some(pair), began_with });
                if self.save(state) { Ok(token) } else { Err(NOT_SAVED) }
            }
            Err(failure) => {
                let is_refused = matches!(failure, CallFailure::SignedOut(_));
                let again = if is_refused { AGAIN_REFUSED } else { AGAIN };
                let until = now.checked_add(again).unwrap_or(now);
                state.failed = Some((failure.clone(), until));
                Err(failure)
            }
        }
    }

    /// The one we have, or another first one that somebody has brought.
    fn refresh_token(&self, grant: &Grant) -> Result<(Token, Option<u64>), CallFailure> {
        let first = self.first_file.as_ref().and_then(|file| {
            let text = Zeroizing::new(fs::read_to_string(file).ok()?);
            first_refresh_token(&text)
        });
        if let Some(first) = first {
            let hash = hashed(first.expose());
            if grant.began_with != Some(hash) || grant.pair.is_none() {
                return Ok((first, Some(hash)));
            }
        }
        let pair = grant.pair.as_ref();
        let pair = pair.ok_or(CallFailure::SignedOut("there are no tokens for Webex yet"))?;
        Ok((pair.refresh.clone(), grant.began_with))
    }

    async fn ask(
        &self,
        refresh: &Token,
        refresh_ends: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Pair, CallFailure> {
        let secret = fs::read_to_string(&self.secret_file).map(Zeroizing::new);
        let secret = secret.map_err(|error| {
            tracing::error!(%error, "The client secret for Webex cannot be read");
            CallFailure::SignedOut("the client secret for Webex cannot be read")
        })?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", secret.trim())
            .append_pair("refresh_token", refresh.expose())
            .finish();
        let request = http::Request::post(&self.endpoint, form)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .deadline(DEADLINE)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        let answer = self.world.http.send(request).await.map_err(|failure| match failure {
            http::Failure::Connect(_) | http::Failure::Unusable(_) => CallFailure::NotSent,
            http::Failure::Broken(_) | http::Failure::Deadline | http::Failure::TooLarge { .. } => {
                CallFailure::Uncertain("the access token could not be renewed")
            }
        })?;
        let status = answer.status.as_u16();
        if status != 200 {
            let told = answer.headers.get("retry-after").and_then(|value| value.to_str().ok());
            tracing::warn!(status, "Webex does not renew the access token");
            return Err(match status {
                400..=428 | 430..=499 => CallFailure::SignedOut(REVOKED),
                _ => CallFailure::of(status, told.and_then(retry_after)),
            });
        }
        let percent = 50 + u8::try_from(self.world.chance.below(31)).unwrap_or_default();
        Pair::read(&answer.body, refresh, refresh_ends, now, percent)
            .ok_or(CallFailure::Uncertain("the answer with the access token makes no sense"))
    }

    /// Whether nothing is left to be saved.
    fn save(&self, state: &mut State) -> bool {
        state.unsaved.is_none() || self.store(state)
    }

    /// A short write, and worth waiting for: nobody may use what it is about before it is done.
    fn store(&self, state: &mut State) -> bool {
        let grant = state.unsaved.clone().unwrap_or_else(|| state.saved.clone());
        let kept = Kept {
            pair: grant.pair.clone(),
            began_with: grant.began_with,
            ledger: state.ledger.clone(),
        };
        match self.vault.store(&kept) {
            Ok(()) => {
                state.saved = grant;
                state.unsaved = None;
                true
            }
            Err(failure) => {
                tracing::error!(error = %failure, "The token file for Webex cannot be written");
                false
            }
        }
    }

    fn warn(&self, state: &mut State) {
        let now = self.world.clock.now();
        let Some(pair) = &state.saved.pair else { return };
        let nearness = pair.nearness(now);
        let is_said = state.said.is_some_and(|(said, at)| {
            said == nearness && now < at.checked_add(SAID_AGAIN).unwrap_or(now)
        });
        let Some(warning) = nearness.warning().filter(|_| !is_said) else { return };
        tracing::error!("Webex: {warning}; bring a new pair");
        state.said = Some((nearness, now));
    }
}

const NOT_SAVED: CallFailure = CallFailure::SignedOut("the token file for Webex cannot be written");
const REVOKED: &str = "Webex does not take the refresh token any more: bring a new pair of tokens";

fn hashed(text: &str) -> Counted {
    let hash = digest::digest(&digest::SHA256, text.to_lowercase().as_bytes());
    hash.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
