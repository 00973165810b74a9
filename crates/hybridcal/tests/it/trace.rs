//! The recorder: what it writes down holds nothing of what people wrote, and all that is needed to
//! see what Exchange did.

use std::{fs, path::PathBuf, time::Duration};

use connector::exchange::trace::Order;
use ews::items::Body;
use exchange_sim::{AutomaticReplies, NewMeeting};
use hybridcal::commands::trace::record;
use protocol::ids::MailboxAddress;

use crate::site::{ALICE, BOB, SERVICE_PASSWORD, Settings, Site, connector_config};

const CANARIES: [&str; 4] = ["kanarietitel", "kanarieort", "kanarietext", "@meet"];

/// Beside what people wrote: who they are, and how we sign in.
const NEVER: [&str; 7] = [
    "alice@",
    "bob@example",
    "alice archer",
    "bob brown",
    SERVICE_PASSWORD,
    "c3ZjLWNhb",
    "authorization",
];

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("hybridcal-trace-{}", world::chance::Chance::System.uuid());
        Self(std::env::temp_dir().join(name))
    }

    /// Names and contents.
    fn files(&self) -> Vec<(String, String)> {
        let read = |path: PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        };
        let mut files: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|entry| read(entry.unwrap().path())).collect();
        files.sort();
        files
    }

    fn expect_nothing_private(&self, site: &Site) {
        let ids = site.exchange.calendar(ALICE).into_iter().map(|entry| entry.meeting.item_id);
        let ids: Vec<String> = ids.map(|id| id[40..].to_owned()).collect();
        assert!(!ids.is_empty());
        let words = CANARIES.into_iter().chain(NEVER).chain(ids.iter().map(String::as_str));
        let words: Vec<_> = words.map(str::to_lowercase).collect();
        for (name, text) in self.files().iter().filter(|(name, _)| name != "README.txt") {
            let text = text.to_lowercase();
            for word in &words {
                assert!(!text.contains(word), "{word} is in {name}: {text}");
            }
        }
    }

    fn holds(&self, name: &str, text: &str) -> bool {
        self.files().iter().any(|(file, content)| file.contains(name) && content.contains(text))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn invite(site: &Site) {
    let meeting = NewMeeting {
        location: Some("KanarieOrt; @meet".into()),
        body: Some(Body::html("<p>KanarieText</p>")),
        required: vec![BOB.into()],
        ..NewMeeting::new("KanarieTitel", site.in_minutes(60), site.in_minutes(90))
    };
    site.invite(ALICE, meeting);
}

#[tokio::test(start_paused = true)]
async fn a_recorded_conversation_shows_exchange_and_nobody() {
    let site = Site::without_connector(Settings::default()).await;
    invite(&site);
    let away = AutomaticReplies::On { message: "KanarieText: not in the office".into() };
    site.exchange.set_automatic_replies(ALICE, away).expect("set");
    let folder = Folder::new();
    let order =
        Order { mailbox: MailboxAddress::new(ALICE).unwrap(), listening: Duration::from_mins(3) };
    let config = connector_config(&site.settings);
    let (world, start) = (site.memory.host("connector"), site.now());
    let (steps, ()) = tokio::join!(record(&config, &world, &folder.0, &order), async {
        site.pass(Duration::from_secs(60)).await;
        invite(&site);
    });
    let steps = steps.expect("recorded");
    let failed: Vec<_> =
        steps.iter().filter_map(|step| Some((step.name, step.outcome.as_ref().err()?))).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(site.now().duration_since(start).as_secs() < 200);
    folder.expect_nothing_private(&site);
    for (name, text) in [
        ("ConvertId-answer", "ErrorInvalidIdMalformed"),
        ("GetFolder-answer", "CalendarFolder"),
        ("FindItem-answer", "IncludesLastItemInRange=\"true\""),
        ("GetItem-answer", "&lt;p&gt;XxxxxxxXxxx&lt;/p&gt;"),
        ("SyncFolderItems-answer", "IncludesLastItemInRange>true"),
        ("Subscribe-answer", "NoError"),
        ("GetStreamingEvents-stream", "ConnectionStatus>OK"),
        ("GetStreamingEvents-stream", "CreatedEvent"),
        ("GetItem-request", "SmtpAddress>"),
        ("GetServiceConfiguration-answer", "MaxRecipientsPerGetMailTipsRequest>"),
        ("GetMailTips-answer", "OutOfOffice"),
        ("GetUserOofSettings-answer", "OofState>Enabled"),
        ("GetUserAvailability-answer", "BusyType>Busy"),
        ("GetRooms-answer", "EmailAddress>"),
        ("index.jsonl", "\"status\":200"),
        ("index.jsonl", "\"www-authenticate\":[\"Basic\""),
        ("README.txt", "What was replaced"),
    ] {
        assert!(folder.holds(name, text), "{text} is not in {name}: {:?}", folder.files());
    }
    // Nothing stays behind in Exchange.
    assert_eq!(site.exchange.subscriptions(), 0);
    let again = record(&config, &world, &folder.0, &order).await;
    assert!(again.is_err(), "two records in one folder");
}

#[tokio::test(start_paused = true)]
async fn a_running_connector_can_be_recorded() {
    let folder = Folder::new();
    let settings = Settings { trace_folder: Some(folder.0.clone()), ..Settings::default() };
    let site = Site::start_with(settings).await;
    invite(&site);
    site.until_joinable(ALICE, "KanarieTitel").await;
    folder.expect_nothing_private(&site);
    for name in ["Subscribe-answer", "GetStreamingEvents-stream", "UpdateItem-request"] {
        assert!(folder.holds(name, "Envelope"), "{name} is missing: {:?}", folder.files());
    }
}
