//! What Exchange says about automatic replies: tips for many mailboxes at once, which only tell
//! that something changed, and the settings of one.

use aws_lc_rs::hmac;
use ews::{
    Mailbox, ResponseCode,
    operations::{GetMailTips, GetServiceConfiguration, GetUserOofSettings, MailTipType, MailTips},
    out_of_office::{OofSettings, OofState},
};
use jiff::tz::TimeZone;
use protocol::ids::MailboxAddress;
use world::World;

use super::{Connection, Failure};
use crate::presence::{Replies, Tip};

pub struct Absences {
    connection: Connection,
    /// Texts are compared by a keyed hash and thrown away; the key is drawn at each start.
    key: hmac::Key,
}

/// What an answer about many said of one.
pub struct Tipped {
    pub mailbox: MailboxAddress,
    pub tip: Tip,
}

impl Absences {
    pub fn new(connection: Connection, world: &World) -> Self {
        let mut key = [0; 32];
        world.chance.fill(&mut key);
        Self { connection, key: hmac::Key::new(hmac::HMAC_SHA256, &key) }
    }

    /// How many mailboxes one request may ask about, if the server says.
    pub async fn recipients_max(&self, asking: &MailboxAddress) -> Result<Option<usize>, Failure> {
        let request = GetServiceConfiguration::mail_tips();
        let tips = self.connection.call_one(Some(asking), &request).await?.mail_tips;
        if tips.as_ref().is_some_and(|tips| tips.mail_tips_enabled == Some(false)) {
            return Err(Failure::Refused {
                code: ResponseCode::ErrorMailTipsDisabled,
                back_off: None,
            });
        }
        let max = tips.and_then(|tips| tips.max_recipients_per_get_mail_tips_request);
        Ok(max.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0))
    }

    /// Matched by address, not by position; who is left out or pending is asked about again.
    pub async fn tips(
        &self,
        asking: &MailboxAddress,
        about: &[MailboxAddress],
    ) -> Result<Vec<Tipped>, Failure> {
        let recipients = about.iter().map(|address| Mailbox::smtp(address.as_str())).collect();
        let request = GetMailTips::out_of_office(Mailbox::smtp(asking.as_str()), recipients);
        let answers = self.connection.call(Some(asking), &request).await?;
        let mut tips = Vec::new();
        for answer in answers {
            match answer {
                Ok(reply) => tips.extend(reply.mail_tips.and_then(|tips| self.tip(&tips))),
                // One that is not there says nothing about the others.
                Err(error) if about.len() == 1 => return Err(error.into()),
                Err(error) if error.code == ResponseCode::ErrorMailTipsDisabled => {
                    return Err(error.into());
                }
                Err(_of_one) => {}
            }
        }
        Ok(tips)
    }

    fn tip(&self, tips: &MailTips) -> Option<Tipped> {
        let mailbox = MailboxAddress::new(tips.recipient_address.email_address.as_deref()?)?;
        if tips.pending_mail_tips.contains(&MailTipType::OutOfOfficeMessage) {
            return None;
        }
        let away = tips.out_of_office.as_ref()?;
        let message = away.reply_body.message.as_deref().unwrap_or_default();
        let times = away.duration.as_ref().map(|d| format!("{:?}", (&d.start_time, &d.end_time)));
        let mut context = hmac::Context::with_key(&self.key);
        context.update(times.unwrap_or_default().as_bytes());
        context.update(&[0]);
        context.update(message.as_bytes());
        let mut hash = [0; 16];
        hash.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        Some(Tipped { mailbox, tip: Tip(hash) })
    }

    pub async fn replies(&self, mailbox: &MailboxAddress) -> Result<Replies, Failure> {
        let request = GetUserOofSettings::of(mailbox.as_str());
        let reply = self.connection.call_one(Some(mailbox), &request).await?;
        let settings = reply.oof_settings.ok_or(Failure::Incomplete("the automatic replies"))?;
        replies(&settings).ok_or(Failure::Incomplete("the times of the automatic replies"))
    }
}

/// The times stand there when the replies are off, too: the state decides.
fn replies(settings: &OofSettings) -> Option<Replies> {
    match settings.oof_state {
        OofState::Disabled | OofState::Other(_) => Some(Replies::Off),
        OofState::Enabled => Some(Replies::On),
        OofState::Scheduled => {
            let duration = settings.duration.as_ref()?;
            // We send no time zone context, so Exchange answers in UTC.
            let utc = |time: ews::DateTime| time.to_timestamp(&TimeZone::UTC);
            let (start, end) = (utc(duration.start_time)?, utc(duration.end_time)?);
            Some(Replies::Scheduled { start, end })
        }
    }
}
