//! One meeting of Alice's with Bob, and what can be seen of it.

use std::time::Duration;

use connector::config::{Config, ProviderSettings};
use ews::items::Body;
use exchange_sim::{Changes, MeetingRef, NewMeeting, Occasion};
use hybridcal::client::OpenedMeeting;

use crate::{
    invitation::blocks,
    site::{ALICE, BOB, Settings, Site},
};

/// Longer than anything takes that is not about to be tried again.
const A_WHILE: Duration = Duration::from_mins(3);
pub(super) const AGENDA: &str = "<html><body><p>Agenda</p></body></html>";

pub(super) struct Story {
    pub(super) site: Site,
    pub(super) meeting: MeetingRef,
}

/// `@meet` stands for Jitsi, `@video` and `@meet:space` for another service.
pub(super) fn conferences(config: &mut Config) {
    let template = "https://video.example.com/{slug}?t={title_urlenc}".to_owned();
    let video = ProviderSettings::UrlTemplate { template };
    config.conferences.insert("video".to_owned(), video);
    for (keyword, target) in [("@video", "video"), ("@meet:space", "video")] {
        config.keywords.insert(keyword.to_owned(), target.to_owned());
    }
}

pub(super) fn settings() -> Settings {
    Settings { change_config: conferences, ..Settings::default() }
}

/// In an hour, with Bob.
pub(super) fn meeting(site: &Site, place: &str) -> NewMeeting {
    NewMeeting {
        location: Some(place.to_owned()),
        body: Some(Body::html(AGENDA)),
        required: vec![BOB.to_owned()],
        ..NewMeeting::new("Plan", site.in_minutes(60), site.in_minutes(90))
    }
}

/// Another place for the meeting.
pub(super) fn place(text: &str) -> Changes {
    Changes { location: Some(text.to_owned()), ..Changes::default() }
}

pub(super) fn body(body: Body) -> Changes {
    Changes { body: Some(body), ..Changes::default() }
}

impl Story {
    /// Alice invites Bob to this place, and everything settles.
    pub(super) async fn begins(place: &str) -> Self {
        Self::begins_with(settings(), |meeting| meeting.location = Some(place.to_owned())).await
    }

    pub(super) async fn begins_with(
        settings: Settings,
        change: impl FnOnce(&mut NewMeeting),
    ) -> Self {
        let site = Site::start_with(settings).await;
        let mut invitation = meeting(&site, "Room 4");
        change(&mut invitation);
        Self::of(site, invitation).await
    }

    /// Alice sends this invitation, and everything settles.
    pub(super) async fn of(site: Site, invitation: NewMeeting) -> Self {
        let meeting = site.invite(ALICE, invitation);
        let story = Self { site, meeting };
        story.settles().await;
        story
    }

    /// Until nothing more happens by itself.
    pub(super) async fn settles(&self) {
        self.site.pass(A_WHILE).await;
    }

    /// Alice changes it, tells everybody, and everything settles.
    pub(super) async fn alice_changes(&self, changes: &Changes) {
        self.site
            .exchange
            .change_meeting(&self.meeting, Occasion::Whole, changes)
            .expect("changed");
        self.settles().await;
    }

    pub(super) async fn alice_changes_silently(&self, changes: &Changes) {
        let exchange = &self.site.exchange;
        exchange.change_meeting_silently(&self.meeting, Occasion::Whole, changes).expect("changed");
        self.settles().await;
    }

    pub(super) fn place(&self, whose: &str) -> String {
        self.site.entry(whose, "Plan").location.unwrap_or_default()
    }

    pub(super) fn body(&self, whose: &str) -> String {
        self.site.entry(whose, "Plan").body.content
    }

    /// Blocks of ours in somebody's copy.
    pub(super) fn blocks(&self, whose: &str) -> usize {
        blocks(&self.body(whose))
    }

    /// Mails that somebody got, of all kinds.
    pub(super) fn mails(&self, whose: &str) -> usize {
        self.site.exchange.mails(whose).len()
    }

    pub(super) async fn listed(&self, whose: &str) -> OpenedMeeting {
        self.site.listed(whose, "Plan").await.expect("listed")
    }

    /// What the Join button opens.
    pub(super) async fn link(&self, whose: &str) -> Option<String> {
        self.listed(whose).await.join_url.and_then(|link| link.text().map(str::to_owned))
    }

    pub(super) async fn notes(&self, whose: &str) -> Vec<String> {
        self.listed(whose).await.notes
    }

    /// Both have the same link of this host, in list, place and body, with one block.
    pub(super) async fn is_joinable_at(&self, host: &str) -> String {
        let link = self.link(ALICE).await.expect("a link");
        assert!(link.starts_with(&format!("https://{host}/")), "{link}");
        assert_eq!(self.link(BOB).await, Some(link.clone()));
        for whose in [ALICE, BOB] {
            assert_eq!(self.blocks(whose), 1);
            assert!(self.place(whose).contains(&link), "{}", self.place(whose));
        }
        link
    }

    /// Neither list, place nor body have anything of ours.
    pub(super) async fn is_without_trace(&self) {
        for whose in [ALICE, BOB] {
            assert_eq!(self.link(whose).await, None);
            assert_eq!(self.blocks(whose), 0);
            assert!(!self.place(whose).contains("https://"), "{}", self.place(whose));
        }
    }
}
