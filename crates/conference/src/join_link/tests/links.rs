//! A link of every class, and beside it one that only looks like it.

use super::{found, rules};
use crate::join_link::{Body, JoinLink, Sender};

/// Class, link, what a room dials (`-`: nothing), links of the same host that are no meeting.
const LINKS: &[(&str, &str, &str, &[&str])] = &[
    (
        "webex.meeting",
        "https://fabrikam.webex.com/fabrikam/j.php?MTID=m1a2b3",
        "-",
        &[
            "/fabrikam/j.php",
            "/fabrikam/j.php?MTID=",
            "/j.php?MTID=m1",
            "/fabrikam/url.php?gourl=x",
        ],
    ),
    (
        "webex.meeting",
        "https://fabrikam.webex.com/fabrikam/onstage/e.php?ED=12",
        "-",
        &["/a/b/c/j.php?MTID=m1"],
    ),
    (
        "webex.webapp",
        "https://fabrikam.webex.com/webappng/sites/fabrikam/meeting/download/0a1b2c",
        "-",
        &["/webappng/sites/fabrikam/meeting/other/0a1b2c"],
    ),
    (
        "webex.pmr",
        "https://fabrikam.webex.com/join/ann.b@fabrikam.example",
        "-",
        &["/meet/", "/meet/a/b"],
    ),
    (
        "webex.pmr",
        "https://fabrikam.webex.com/meet/ann",
        "ann@fabrikam.webex.com",
        &["/meet/a%20b"],
    ),
    ("webex.pmr", "https://fabrikam.my.webex.com/meet/ann", "-", &[]),
    ("webex.pmr", "https://fabrikam.webex.com.cn/meet/ann", "-", &[]),
    (
        "teams.meetup",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=x",
        "-",
        &["/l/meetup-join/19%3ameeting_x%40thread.v2", "/l/chat/1/2"],
    ),
    (
        "teams.meet",
        "https://teams.cloud.microsoft/meet/2345678901234?p=x",
        "-",
        &["/meet/1234567", "/meet/12345678901234567", "/meet/x"],
    ),
    ("teams.live", "https://teams.live.com/meet/9345678901234", "-", &["/l/community/x"]),
    (
        "zoom.meeting",
        "https://zoom.us/j/93456789012?pwd=x",
        "93456789012@zoomcrc.com",
        &["/j/12345678", "/j/1234567890123", "/u/abc", "/j/"],
    ),
    (
        "zoom.meeting",
        "https://fabrikam.zoom.com/w/93456789012/?tk=x",
        "93456789012@zoomcrc.com",
        &[],
    ),
    ("zoom.meeting", "https://zoom.com.cn/wc/join/93456789012", "-", &[]),
    (
        "zoom.wc",
        "https://app.zoom.us/wc/93456789012/join",
        "93456789012@zoomcrc.com",
        &["/wc/93456789012", "/wc/93456789012/leave"],
    ),
    ("zoom.vanity", "https://zoom-x.de/my/ann.b", "-", &["/my/", "/my/a/b"]),
    (
        "gmeet.code",
        "https://meet.google.com/_meet/abc-defg-hij",
        "-",
        &["/abc-defg-hi", "/abcdefghij", "/new", "/landing"],
    ),
    ("gmeet.lookup", "https://meet.google.com/lookup/team", "-", &["/lookup/"]),
    (
        "gmeet.stream",
        "https://stream.meet.google.com/stream/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f",
        "-",
        &["/stream/x"],
    ),
    (
        "s4b.online",
        "https://meet.lync.com/fabrikam/ann/AB12CD",
        "-",
        &["/fabrikam/ann/ab12cd", "/fabrikam/AB12CD"],
    ),
    (
        "s4b.onprem",
        "https://skype.fabrikam.example/fabrikam.example/ann/AB12CD34",
        "-",
        &["/ann/AB12C", "/ann/ab12cd34"],
    ),
    ("s4b.onprem", "https://skype.fabrikam.example/meet/fabrikam.example/ann/AB12CD34", "-", &[]),
    (
        "cms.webapp",
        "https://cms.fabrikam.example/meeting/4501?secret=x",
        "4501@vc.fabrikam.example",
        &["/meeting/45?secret=x", "/meeting/4501"],
    ),
    ("cms.legacy", "https://old.fabrikam.example/invited.sf?secret=x", "-", &["/invited.sf"]),
    (
        "pexip.webapp",
        "https://vc.fabrikam.example/webapp3/m/meet.ann/step",
        "meet.ann@vc.fabrikam.example",
        &["/webapp/", "/webapp/m/", "/webapp2/m/x"],
    ),
    ("pexip.webapp", "https://vc.fabrikam.example/webapp/home", "-", &[]),
    ("pexip.me", "https://www.pexip.me/sip/ann@pexip.example", "-", &["/about"]),
    (
        "jitsi.public",
        "https://beta.meet.jit.si/tenant/Room",
        "-",
        &["/", "/static/x", "/a.js", "/a/b/c"],
    ),
    (
        "jitsi.selfhosted",
        "https://jitsi.fabrikam.example:8443/Room",
        "-",
        &["/static/x", "/api", "/x.html"],
    ),
    (
        "jitsi.8x8",
        "https://8x8.vc/vpaas-magic-cookie-0123456789abcdef0123456789abcdef/Room",
        "-",
        &["/Room", "/login/x"],
    ),
    (
        "bbb.greenlight2",
        "https://bbb.fabrikam.example/gl/abc-d1f-ghi",
        "-",
        &["/b/signin", "/b/abc-def"],
    ),
    (
        "bbb.greenlight3",
        "https://bbb.fabrikam.example/rooms/abc-def-ghi-jkl/join",
        "-",
        &["/rooms/abc-def-ghi-jkl"],
    ),
    (
        "bbb.nextcloud",
        "https://cloud.fabrikam.example/index.php/apps/bbb/b/AbC1",
        "-",
        &["/apps/files"],
    ),
    (
        "bbb.api",
        "https://bbb.fabrikam.example/bigbluebutton/api/join?meetingID=y&checksum=0",
        "-",
        &["/bigbluebutton/api/join?meetingID=y"],
    ),
    (
        "nextcloud.talk",
        "https://cloud.fabrikam.example/call/abcd1234",
        "-",
        &["/call/abcd123", "/s/abcd1234"],
    ),
    (
        "opentalk",
        "https://meet.opentalk.eu/room/0a1b2c3d-0a1b-4c3d-8e5f-0a1b2c3d4e5f",
        "-",
        &["/room/x"],
    ),
    (
        "opentalk.selfhosted",
        "https://talk.fabrikam.example/invite/0a1b2c3d-0a1b-4c3d-8e5f-0a1b2c3d4e5f",
        "-",
        &["/login"],
    ),
    (
        "element.call",
        "https://call.element.dev/room/#/plan?roomId=!x:example.org",
        "-",
        &["/", "/home"],
    ),
    ("element.selfhosted", "https://element.fabrikam.example/plan#key", "-", &["/static/x"]),
    ("livekit", "https://meet-eu.livekit.io/rooms/plan#key", "-", &["/rooms/"]),
    ("livekit.selfhosted", "https://live.fabrikam.example/rooms/plan", "-", &["/"]),
    (
        "galene.group",
        "https://galene.fabrikam.example/group/plan/",
        "-",
        &["/group/", "/galene.html"],
    ),
    (
        "janus.room",
        "https://rooms.fabrikam.example/room/abcdefghijklmnopqrstuvwxyz234567#k7q2m4x6za",
        "-",
        &["/", "/room/abcdefghijklmnop", "/assets/room.js"],
    ),
    ("webhook", "https://calls.fabrikam.example/r/7Q?a=b#c", "-", &[]),
    ("url-template", "https://any.fabrikam.example/a/b?c=d", "-", &[]),
    (
        "goto.join",
        "https://global.gotomeeting.com/join/123456789",
        "-",
        &["/join/12345678", "/en-gb"],
    ),
    ("goto.app", "https://app.goto.com/meeting/plan-1", "-", &["/meeting"]),
    ("goto.meet", "https://meet.goto.com/314159265", "-", &["/install", "/ab"]),
    ("goto.vanity", "https://www.gotomeet.at/AnnB", "-", &["/login"]),
    ("goto.webinar", "https://attendee.gotowebinar.com/join/123/456", "-", &["/register/123"]),
    ("ringcentral.video", "https://video.ringcentral.com/conf/on/123456", "-", &["/join/12345"]),
    ("ringcentral.legacy", "https://meetings.ringcentral.com/j/1234567890", "-", &["/j/12345678"]),
    (
        "ringcentral.brand",
        "https://meetings.officeathand.att.com/j/1234567890",
        "-",
        &["/x/1234567890"],
    ),
    ("whereby", "https://fabrikam.whereby.com/plan", "-", &["/information/tos", "/a/b"]),
    ("dialpad", "https://www.uberconference.com/room/AnnB", "-", &["/pricing"]),
    ("doxy", "https://doxy.me/drann", "-", &["/sign-in"]),
    (
        "lifesize",
        "https://app.lifesizecloud.com/12345",
        "12345@lifesizecloud.com",
        &["/12", "/ann"],
    ),
    ("around", "https://around.co/r/plan", "-", &["/r/"]),
    ("lasuite.visio", "https://visio.numerique.gouv.fr/abc-defg-hij", "-", &["/abc"]),
    ("proton.meet", "https://meet.proton.me/join/id-ABC#pwd-x", "-", &["/join"]),
    ("facetime", "https://facetime.apple.com/join#v=1&p=x", "-", &["/"]),
    ("whatsapp", "https://call.whatsapp.com/voice/AbC1", "-", &["/voice/"]),
    ("signal", "https://signal.link/call/#key=x", "-", &["/"]),
    ("teamviewer", "https://join.blizz.com/v15/m123", "-", &["/123"]),
    ("zoho", "https://meet.zoho.eu/abcd-ef", "-", &["/abc", "/login"]),
    ("zoho.cliq", "https://cliq.zoho.in/meetings/1/2", "-", &["/meetings"]),
    ("calvideo", "https://app.cal.eu/video/AbC1", "-", &["/ann"]),
    ("vonage", "https://meetings.vonage.com/123456789", "-", &["/12345678"]),
    ("blackboard", "https://au.bbcollab.com/collab/ui/x", "-", &["/x"]),
    ("meetecho", "https://meetings.conf.meetecho.com/ietf1/?group=x", "-", &["/"]),
    ("tencent", "https://meeting.tencent.com/dw/AbC1", "-", &["/x/AbC1"]),
    ("lark", "https://vc.larksuite.com/j/123456789", "-", &["/j/12345678"]),
    ("dingtalk", "https://meeting.dingtalk.com/j/AbC1", "-", &["/AbC1"]),
    ("telemost", "https://telemost.360.yandex.ru/j/123", "-", &["/j/x"]),
    ("jazz.sber", "https://salutejazz.ru/abc1?psw=x", "-", &["/abc1"]),
    ("ktalk", "https://fabrikam.ktalk.ru/plan", "-", &["/help"]),
    ("discord", "https://ptb.discord.com/invite/AbC1", "-", &["/terms"]),
    ("discord.short", "https://discord.gg/AbC1", "-", &["/a-b"]),
    (
        "slack.huddle",
        "https://app.slack.com/huddle/T1a/C2b",
        "-",
        &["/client/T1/C2", "/huddle/T1/X2"],
    ),
    ("gather", "https://app.v2.gather.town/app/AbC1/Office", "-", &["/get-started"]),
    ("livestorm", "https://app.livestorm.com/p/AbC1", "-", &["/x"]),
    ("streamyard", "https://www.streamyard.com/guest/abcdefgh", "-", &["/abc", "/pricing"]),
    ("riverside", "https://riverside.com/studio/plan", "-", &["/dashboard"]),
    ("chime", "https://app.chime.aws/meetings/12345678", "-", &["/1234567"]),
    ("bluejeans", "https://www.bluejeans.com/123456789/4321", "-", &["/12345678"]),
    ("starleaf", "https://meet.starleaf.com/123456", "-", &["/12345"]),
    ("skype.consumer", "https://join.skype.com/meetnow/AbCdEf", "-", &["/AbC"]),
];

#[test]
fn every_class_has_a_link_that_is_recognised_and_dialled_as_told() {
    for (class, link, dial, _) in LINKS {
        let findings = found("", Body::Text(link), Sender::Internal);
        let join = findings.join.as_ref().map(|join| (join.class(), join.as_str()));
        assert_eq!(join, Some((*class, *link)));
        assert_eq!(findings.dial.as_deref().unwrap_or("-"), *dial, "{link}");
    }
    let rules = rules();
    let has_link = |class: &&str| LINKS.iter().any(|(known, ..)| known == class);
    let missing: Vec<_> = rules.classes().filter(|class| !has_link(class)).collect();
    assert!(missing.is_empty(), "no link here of {missing:?}");
}

#[test]
fn other_pages_of_the_same_hosts_are_no_meetings() {
    for (_, link, _, others) in LINKS {
        let host = link.match_indices('/').nth(2).map(|(at, _)| &link[..at]).unwrap();
        for other in *others {
            let page = format!("{host}{other}");
            let findings = found("", Body::Text(&page), Sender::Internal);
            assert_eq!(findings.join, None, "{page}");
        }
    }
}

/// The links, for tests of what does not depend on the class.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    LINKS.iter().map(|(_, link, ..)| *link)
}

#[test]
fn whose_token_starts_the_meeting_is_not_told() {
    let cases = [
        ("https://x.zoom.us/s/93456789012?zak=a&pwd=b#c", "https://x.zoom.us/j/93456789012?pwd=b"),
        ("https://x.zoom.us/wc/93456789012/start", "https://x.zoom.us/j/93456789012"),
        ("https://x.zoom.us/my/ann?zak=a&pwd=b", "https://x.zoom.us/my/ann?pwd=b"),
        ("https://x.zoom.us/my/1234567890?ZAK=a", "https://x.zoom.us/my/1234567890"),
        ("https://8x8.vc/a/b#config.x=1", "https://8x8.vc/a/b"),
    ];
    for (link, canonical) in cases {
        let join = found("", Body::Text(link), Sender::Internal).join;
        assert_eq!(join.as_ref().map(JoinLink::as_str), Some(canonical));
    }
}

#[test]
fn personal_links_are_marked() {
    let is_personal = |link: &str| {
        found("", Body::Text(link), Sender::Internal).join.map(|join| join.is_personal())
    };
    assert_eq!(is_personal("https://zoom.us/w/93456789012?tk=a"), Some(true));
    assert_eq!(is_personal("https://zoom.us/w/93456789012"), Some(false));
    let bbb = "https://bbb.fabrikam.example/bigbluebutton/api/join?meetingID=y&checksum=0";
    assert_eq!(is_personal(bbb), Some(true));
}
