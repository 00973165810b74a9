//! Frames of the published protocol: handshakes for the lasting key, messages in a channel, resets.
//! What cannot be read gets no answer, since nobody knows who said it.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_lc_rs::digest;
use jiff::Timestamp;
use protocol::keys::{
    ChannelObject, Frame, HandshakeAnswer, KeyAnswer, KeyRequest, Method, RESET_STATUS, ResetAnswer,
};
use serde::Deserialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    answers::{Kms, database, master_key},
    reply::{Denied, Given, log_entry, to_answer},
    target::Target,
};
use crate::{
    channel::{
        CHANNEL_LIFE,
        compact::{Encrypted, FrameRefused, Protection},
        secret::{Half, Secret},
        static_key::StaticKey,
    },
    hex,
    permission::Caller,
    store::{ANSWERS_PER_CHANNEL_MAX, StoredChannel},
};

/// What only the channel needs.
pub(super) struct ChannelParts {
    pub(super) static_key: StaticKey,
    pub(super) brake: Brake,
    pub(super) answering: Answering,
}

/// Operations with the lasting key per second: each costs milliseconds, and nobody has said yet
/// who they are.
const STATIC_PER_SECOND_MAX: u32 = 200;

/// The same within one call, so that nobody alone can use up everybody's.
const STATIC_PER_CALL_MAX: u32 = 4;

#[derive(Default)]
pub(super) struct Brake(Mutex<(i64, u32)>);

/// What one call has taken of it.
#[derive(Default)]
struct Taken(AtomicU32);

impl Brake {
    fn take(&self, taken: &Taken, now: Timestamp) -> Result<(), FrameRefused> {
        if taken.0.fetch_add(1, Ordering::Relaxed) >= STATIC_PER_CALL_MAX {
            return Err(FrameRefused::Busy);
        }
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if second.0 != now.as_second() {
            *second = (now.as_second(), 0);
        }
        if second.1 >= STATIC_PER_SECOND_MAX {
            return Err(FrameRefused::Busy);
        }
        second.1 += 1;
        Ok(())
    }
}

/// Requests that are being answered now: a repeated one waits for nothing and does nothing.
#[derive(Default)]
pub(super) struct Answering(Mutex<HashSet<(Uuid, Uuid)>>);

struct Turn<'a>(&'a Answering, (Uuid, Uuid));

impl Answering {
    fn begin(&self, channel: Uuid, request: Uuid) -> Result<Turn<'_>, FrameRefused> {
        let turn = (channel, request);
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(turn);
        if is_new { Ok(Turn(self, turn)) } else { Err(FrameRefused::Repeated) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// What can be said of a message that is otherwise senseless.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    request_id: Uuid,
}

impl Kms {
    /// The answers to those frames that have one.
    pub(super) async fn answer_frames(&self, frames: &[Frame]) -> Vec<Frame> {
        let mut answers = Vec::with_capacity(frames.len());
        let taken = Taken::default();
        for frame in frames {
            match self.answer_frame(&frame.0, &taken).await {
                Ok(answer) => answers.push(Frame(answer)),
                Err(refused) => tracing::debug!(%refused, "A frame got no answer"),
            }
        }
        answers
    }

    async fn answer_frame(&self, text: &str, taken: &Taken) -> Result<String, FrameRefused> {
        let parts = self.channel.as_ref().ok_or(FrameRefused::NotNow)?;
        let frame = Encrypted::read(text)?;
        match frame.protection {
            Protection::Static { .. } => self.meet(parts, taken, text, frame).await,
            Protection::Channel => self.converse(parts, taken, frame).await,
        }
    }

    /// A handshake. The same frame again gets the same answer, and makes no second channel.
    async fn meet(
        &self,
        parts: &ChannelParts,
        taken: &Taken,
        text: &str,
        frame: Encrypted<'_>,
    ) -> Result<String, FrameRefused> {
        let now = self.world.clock.now();
        let handshake = hex::encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        let known = self.store.find_handshake(&handshake, now).await.map_err(away)?;
        if let Some(answer) = known {
            return Ok(answer);
        }
        parts.brake.take(taken, now)?;
        let message = parts.static_key.open(frame)?;
        let request = match serde_json::from_slice::<KeyRequest>(&message) {
            Ok(request) => request,
            Err(_form) => return parts.static_key.sign(&senseless(&message)?),
        };
        match self.agree(parts, handshake, &request, now).await {
            Ok(answer) => Ok(answer),
            Err(denied) => parts.static_key.sign(&to_answer(request.request_id, Err(denied))),
        }
    }

    async fn agree(
        &self,
        parts: &ChannelParts,
        handshake: String,
        request: &KeyRequest,
        now: Timestamp,
    ) -> Result<String, Denied> {
        let is_handshake = Target::read(&request.uri, &self.host) == Target::Ecdhe
            && request.method == Method::Create;
        if !is_handshake {
            return Err(Denied::Malformed("only create /ecdhe comes under the lasting key"));
        }
        let jwk = request.jwk.as_ref().ok_or(Denied::Malformed("jwk is needed"))?;
        let caller = self.authenticate(request).await?;
        self.within_quota(&caller, now)?;
        let chance = &self.world.chance;
        let half = Half::draw(chance).ok_or(Denied::NotNow)?;
        let secret = half.agree(jwk).ok_or(Denied::Malformed("jwk is not a point of P-256"))?;
        let id = chance.uuid();
        let uri = format!("kms://{}/ecdhe/{id}", self.host);
        let mut jwk = half.jwk().clone();
        jwk.kid = Some(uri.clone());
        let ends = now.checked_add(CHANNEL_LIFE).map_err(|_never| Denied::NotNow)?;
        let key = ChannelObject {
            uri: uri.clone(),
            jwk,
            user_id: match &caller {
                Caller::Person(user) => Some(user.0),
                Caller::Connector(_) => None,
            },
            client_id: request.client.client_id.clone(),
            create_date: now,
            expiration_date: ends,
        };
        let answer = HandshakeAnswer { status: 201, request_id: request.request_id, key };
        let answer = parts.static_key.sign(&answer).map_err(|_refused| Denied::NotNow)?;
        let holder = caller.holder();
        let wrapped_for = self.wrapped_for(id, &of_caller(&holder));
        let secret = self.master_key.wrap(secret.bytes(), &wrapped_for, chance);
        let secret = secret.map_err(master_key)?;
        let entry = log_entry(&caller, request, &Ok(Given::Nothing), now);
        self.store.append(entry).await.map_err(database)?;
        let caller = holder;
        let channel = StoredChannel { id, handshake, caller, secret, answer: answer.clone(), ends };
        self.store.put_channel(channel).await.map_err(database)?;
        Ok(answer)
    }

    /// A message in a channel. A request that comes again gets the answer it has got.
    async fn converse(
        &self,
        parts: &ChannelParts,
        taken: &Taken,
        frame: Encrypted<'_>,
    ) -> Result<String, FrameRefused> {
        let now = self.world.clock.now();
        let kid = frame.kid.clone();
        let id = channel_id(&kid, &self.host).ok_or(FrameRefused::Malformed)?;
        let Some(channel) = self.store.find_channel(id, now).await.map_err(away)? else {
            return self.reset(parts, taken, kid, now);
        };
        let wrapped_for = self.wrapped_for(id, &of_caller(&channel.caller));
        let secret = self.master_key.unwrap(channel.secret, &wrapped_for);
        let secret = Secret::new(secret.map_err(|failure| {
            master_key(failure);
            FrameRefused::NotNow
        })?);
        let message = secret.open(frame)?;
        let seal = |answer: &KeyAnswer| {
            let text = serde_json::to_vec(answer).map_err(|_form| FrameRefused::Content)?;
            secret.seal(&kid, &Zeroizing::new(text), &self.world.chance)
        };
        let request = match serde_json::from_slice::<KeyRequest>(&message) {
            Ok(request) => request,
            Err(_form) => return seal(&senseless(&message)?),
        };
        let _turn = parts.answering.begin(id, request.request_id)?;
        let known = self.store.find_answer(id, request.request_id).await.map_err(away)?;
        if let Some(answer) = known {
            return Ok(answer);
        }
        if self.store.count_answers(id).await.map_err(away)? >= ANSWERS_PER_CHANNEL_MAX {
            return self.reset(parts, taken, kid, now);
        }
        let answer = self.answer_in_channel(&channel.caller, &request).await;
        let sealed = match seal(&answer) {
            Err(FrameRefused::TooLong) => {
                let too_much = Err(Denied::Malformed("the answer is too long: ask for less"));
                seal(&to_answer(request.request_id, too_much))?
            }
            sealed => sealed?,
        };
        // What may be otherwise the next time is asked anew.
        if answer.status < 500 && answer.status != 429 && answer.status != 401 {
            self.store.put_answer(id, request.request_id, &sealed).await.map_err(away)?;
        }
        Ok(sealed)
    }

    /// A channel is for whoever began it.
    async fn answer_in_channel(&self, began: &str, request: &KeyRequest) -> KeyAnswer {
        let given = match self.authenticate(request).await {
            Ok(caller) if caller.holder() == began => self.answer_to(&caller, request).await,
            Ok(_somebody_else) => Err(Denied::Token),
            Err(denied) => Err(denied),
        };
        to_answer(request.request_id, given)
    }

    fn reset(
        &self,
        parts: &ChannelParts,
        taken: &Taken,
        uri: String,
        now: Timestamp,
    ) -> Result<String, FrameRefused> {
        parts.brake.take(taken, now)?;
        let reason = "the channel has ended: begin again".into();
        parts.static_key.sign(&ResetAnswer { status: RESET_STATUS, uri, reason })
    }
}

fn senseless(message: &[u8]) -> Result<KeyAnswer, FrameRefused> {
    let asked: Asked = serde_json::from_slice(message).map_err(|_form| FrameRefused::Content)?;
    Ok(to_answer(asked.request_id, Err(Denied::Malformed("not a message for a key server"))))
}

fn of_caller(holder: &str) -> String {
    format!("channel {holder}")
}

/// `kms://<our host>/ecdhe/<id>`, in the one usual spelling.
fn channel_id(kid: &str, host: &str) -> Option<Uuid> {
    let id = kid.strip_prefix("kms://")?.strip_prefix(host)?.strip_prefix("/ecdhe/")?;
    Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id)
}

fn away(error: sqlx::Error) -> FrameRefused {
    database(error);
    FrameRefused::NotNow
}
