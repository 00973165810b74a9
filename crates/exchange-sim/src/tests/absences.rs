//! Automatic replies, the mail tips that show them, and what is said about their limits.

use ews::{
    DateTime, Mailbox, ResponseCode,
    operations::{
        GetMailTips, GetServiceConfiguration, GetUserOofSettings, MailTipType, MailTipTypes,
        MailTips, SetUserOofSettings,
    },
    out_of_office::{Duration, EmailAddress, ExternalAudience, OofSettings, OofState, ReplyBody},
};

use super::{ALICE, BOB, Client, Site, at};
use crate::AutomaticReplies;

async fn settings(client: &Client<'_>, address: &str) -> Result<OofSettings, ResponseCode> {
    let reply = client.one(&GetUserOofSettings::of(address)).await?;
    assert_eq!(reply.allow_external_oof, Some(ExternalAudience::All));
    Ok(reply.oof_settings.expect("settings"))
}

fn set(address: &str, user_oof_settings: OofSettings) -> SetUserOofSettings {
    SetUserOofSettings { mailbox: EmailAddress::of(address), user_oof_settings }
}

fn scheduled(start: DateTime, end: DateTime) -> OofSettings {
    OofSettings {
        oof_state: OofState::Scheduled,
        external_audience: Some(ExternalAudience::Known),
        duration: Some(Duration { start_time: start, end_time: end }),
        internal_reply: Some(ReplyBody::of("Away")),
        external_reply: Some(ReplyBody::of("Away, too")),
    }
}

async fn tip(client: &Client<'_>, recipient: &str) -> MailTips {
    let ask = GetMailTips::out_of_office(Mailbox::smtp(ALICE), vec![Mailbox::smtp(recipient)]);
    client.one(&ask).await.expect("an answer").mail_tips.expect("tips")
}

/// What the tip says; empty if no automatic reply is sent.
async fn message(client: &Client<'_>, recipient: &str) -> String {
    let tip = tip(client, recipient).await.out_of_office.expect("was asked for");
    tip.reply_body.message.expect("a message, perhaps an empty one")
}

#[tokio::test(start_paused = true)]
async fn settings_are_kept_and_shown_in_utc_to_their_owner_only() {
    let site = Site::start().await;
    let bob = site.as_user("bob");
    let before = settings(&bob, BOB).await.expect("settings");
    assert_eq!(before.oof_state, OofState::Disabled);
    assert!(before.duration.is_some(), "even without a schedule");
    assert_eq!(before.internal_reply.expect("a reply").message.as_deref(), Some(""));

    let (start, end) = (at("2026-11-25T08:00:00Z"), at("2026-11-27T08:00:00Z"));
    let wanted = scheduled(start.into(), end.into());
    bob.one(&set(BOB, wanted.clone())).await.expect("set");
    assert_eq!(settings(&bob, BOB).await, Ok(wanted.clone()));
    assert_eq!(site.simulator.automatic_replies(BOB), Some(wanted.clone()));
    let as_bob = site.impersonating("svc-cal", BOB);
    assert_eq!(settings(&as_bob, BOB).await, Ok(wanted));

    let denied = Err(ResponseCode::ErrorAccessDenied);
    assert_eq!(settings(&site.as_user("alice"), BOB).await, denied);
    assert_eq!(settings(&site.as_user("svc-cal"), BOB).await, denied);
    let nobody = settings(&bob, "nobody@example.com").await;
    assert_eq!(nobody, Err(ResponseCode::ErrorNonExistentMailbox));
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_ends_before_it_begins_is_refused() {
    let site = Site::start().await;
    let bob = site.as_user("bob");
    let wrong = scheduled(at("2026-11-27T08:00:00Z").into(), at("2026-11-25T08:00:00Z").into());
    let response = bob.one(&set(BOB, wrong)).await;
    assert_eq!(response.expect_err("refused"), ResponseCode::ErrorInvalidScheduledOofDuration);
    assert_eq!(site.simulator.automatic_replies(BOB), None);
}

#[tokio::test(start_paused = true)]
async fn a_tip_shows_a_schedule_only_while_it_lasts() {
    let site = Site::start().await;
    let client = site.as_user("svc-cal");
    assert_eq!(message(&client, BOB).await, "");
    let (start, end) = (at("2026-11-24T09:00:00Z"), at("2026-11-24T10:00:00Z"));
    let replies = AutomaticReplies::Scheduled { start, end, message: "Away".to_owned() };
    site.simulator.set_automatic_replies(BOB, replies).expect("known");
    assert_eq!(message(&client, BOB).await, "", "it has not begun");
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    assert_eq!(message(&client, BOB).await, "Away");
    let shown = tip(&client, BOB).await.out_of_office.and_then(|tip| tip.duration);
    assert_eq!(shown, Some(Duration { start_time: start.into(), end_time: end.into() }));
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    assert_eq!(message(&client, BOB).await, "", "it is over");

    let replies = AutomaticReplies::On { message: "Still away".to_owned() };
    site.simulator.set_automatic_replies(BOB, replies).expect("known");
    assert_eq!(message(&client, BOB).await, "Still away");
    site.simulator.set_automatic_replies(BOB, AutomaticReplies::Off).expect("known");
    assert_eq!(message(&client, BOB).await, "");
}

#[tokio::test(start_paused = true)]
async fn tips_are_told_for_each_recipient_and_unknown_ones_marked() {
    let site = Site::start().await;
    let ask = GetMailTips {
        sending_as: Mailbox::smtp(ALICE),
        recipients: vec![Mailbox::smtp(BOB), Mailbox::smtp("nobody@example.com")],
        mail_tips_requested: MailTipTypes(vec![MailTipType::All]),
    };
    let results = site.as_user("alice").ask(&ask).await;
    let [known, unknown] = results.try_into().expect("one each");
    let known = known.expect("tips").mail_tips.expect("tips");
    assert_eq!(known.invalid_recipient, Some(false));
    assert_eq!(known.mailbox_full, Some(false));
    let unknown = unknown.expect("tips").mail_tips.expect("tips");
    assert_eq!(unknown.invalid_recipient, Some(true));
    assert_eq!(unknown.out_of_office, None);
    assert_eq!(unknown.recipient_address.email_address.as_deref(), Some("nobody@example.com"));
}

#[tokio::test(start_paused = true)]
async fn tips_have_a_limit_that_the_configuration_names() {
    let site = Site::with(|config| config.mail_tips.recipients_max = 2).await;
    let client = site.as_user("svc-cal");
    let limits = client.one(&GetServiceConfiguration::mail_tips()).await.expect("an answer");
    let limits = limits.mail_tips.expect("limits");
    assert_eq!(limits.mail_tips_enabled, Some(true));
    assert_eq!(limits.max_recipients_per_get_mail_tips_request, Some(2));
    let ask =
        |count| GetMailTips::out_of_office(Mailbox::smtp(ALICE), vec![Mailbox::smtp(BOB); count]);
    assert_eq!(client.ask(&ask(2)).await.len(), 2);
    assert_eq!(
        client.one(&ask(3)).await.expect_err("too many"),
        ResponseCode::ErrorInvalidArgument
    );
    let nobody = GetMailTips::out_of_office(Mailbox::smtp("x@example.com"), Vec::new());
    let code = client.one(&nobody).await.expect_err("no such sender");
    assert_eq!(code, ResponseCode::ErrorNonExistentMailbox);
}

#[tokio::test(start_paused = true)]
async fn tips_can_be_off() {
    let site = Site::with(|config| config.mail_tips.enabled = false).await;
    let client = site.as_user("alice");
    let ask = GetMailTips::out_of_office(Mailbox::smtp(ALICE), vec![Mailbox::smtp(BOB); 2]);
    let code = client.one(&ask).await.expect_err("off");
    assert_eq!(code, ResponseCode::ErrorMailTipsDisabled);
    let limits = client.one(&GetServiceConfiguration::mail_tips()).await.expect("an answer");
    assert_eq!(limits.mail_tips.expect("limits").mail_tips_enabled, Some(false));
}
