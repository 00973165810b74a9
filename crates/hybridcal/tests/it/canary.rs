//! Words that must be nowhere: not in the databases, not in any log at the most verbose level, not
//! in what crosses between connector and cloud.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use ews::items::Body;
use exchange_sim::NewMeeting;
use hybridcal::client::{Invitee, MeetingText};
use protocol::command::Role;
use tracing_subscriber::fmt::MakeWriter;

use crate::site::{ALICE, BOB, Settings, Site};

const ORDERED: [&str; 3] = ["KanarieAuftrag7Q", "KanarieRaum7Q", "KanarieNotiz7Q"];
const WORDS: [&str; 4] = ["KanarieTitel7Q", "KanarieOrt7Q", "KanarieText7Q", "Bob Brown"];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("hybridcal-canary-{}", world::chance::Chance::System.uuid());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let files = fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        files.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// The word as it may stand in bytes: as it is, in UTF-16, in base64 at each alignment.
fn disguises(word: &str) -> Vec<Vec<u8>> {
    let utf16 = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all = vec![word.as_bytes().to_vec(), utf16];
    for padding in 0..3 {
        let padded = [vec![b'x'; padding], word.as_bytes().to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(padded);
        // The first and last characters depend on the neighbours.
        let inner = &encoded[(padding * 4).div_ceil(3)..encoded.len() - 1];
        all.push(inner.as_bytes().to_vec());
    }
    all
}

fn holds(bytes: &[u8], word: &str) -> bool {
    disguises(word).iter().any(|wanted| bytes.windows(wanted.len()).any(|window| window == wanted))
}

#[test]
fn the_search_finds_what_is_there() {
    for prefix in ["", "x", "xx", "xxx"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{prefix}KanarieTitel7Q and more"));
        assert!(holds(encoded.as_bytes(), "KanarieTitel7Q"), "{prefix}");
    }
    assert!(holds(b"..KanarieTitel7Q..", "KanarieTitel7Q"));
    assert!(!holds(b"KanarieTitel7", "KanarieTitel7Q"));
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_the_connector_in_plain_text() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let folder = Folder::new();
    let settings = Settings { data: Some(folder.0.clone()), ..Settings::default() };
    let mut site = Site::without_connector(settings).await;
    let crossings = [
        ("between connector and cloud", site.memory.record("connector", "cloud")),
        ("between connector and key server", site.memory.record("connector", "kms")),
        ("between people and cloud", site.memory.record("laptop", "cloud")),
    ];
    let exchange = site.memory.record("connector", "exchange");
    site.start_connector();
    let meeting = NewMeeting {
        location: Some(format!("{}; @meet", WORDS[1])),
        body: Some(Body::html(format!("<p>{}</p>", WORDS[2]))),
        required: vec![BOB.into()],
        ..NewMeeting::new(WORDS[0], site.in_minutes(60), site.in_minutes(90))
    };
    site.invite(ALICE, meeting);
    // Alice looks, since a person's own token names the person.
    let link = site.until_joinable(ALICE, WORDS[0]).await;
    let room = link.rsplit('/').next().expect("a room").to_owned();
    let listed = site.listed(ALICE, WORDS[0]).await.expect("listed");
    let names: Vec<_> = listed.participants.iter().filter_map(|p| p.person.name.text()).collect();
    assert!(names.contains(&WORDS[3]), "the canary is a name: {names:?}");
    // The same from the app.
    let order = MeetingText {
        subject: Some(ORDERED[0].into()),
        location: Some(ORDERED[1].into()),
        notes: Some(ORDERED[2].into()),
        times: Some((site.in_minutes(120), site.in_minutes(150))),
        invited: Some(vec![Invitee { address: BOB.into(), role: Role::Required }]),
    };
    let orders = site.client(ALICE).await.orders().await.expect("a device");
    orders.create(&order).await.expect("done");
    let people = [BOB.to_owned()];
    let (from, to) = (site.in_minutes(0), site.in_minutes(600));
    orders.free_busy(&people, from, to).await.expect("an answer");
    site.until_list(ALICE, "the order", |list| {
        list.iter().any(|meeting| meeting.subject.text() == Some(ORDERED[0]))
    })
    .await;
    // Trouble is when programs talk too much.
    site.memory.cut("connector", "exchange");
    site.memory.cut("connector", "cloud");
    site.pass(Duration::from_secs(300)).await;
    site.memory.mend("connector", "exchange");
    site.memory.mend("connector", "cloud");
    site.pass(Duration::from_secs(600)).await;
    site.kill_connector().await;

    let mut places: Vec<(String, Vec<u8>)> = folder.files();
    assert!(places.iter().any(|(name, _)| name == "cloud.db"), "databases are in files");
    assert!(places.iter().any(|(name, _)| name == "kms.db"));
    places.push(("the log".into(), log.0.lock().unwrap().clone()));
    places.extend(crossings.map(|(name, recording)| (name.to_owned(), recording.bytes())));
    for (name, bytes) in &places {
        assert!(!bytes.is_empty(), "{name} is empty");
        for word in WORDS.into_iter().chain(ORDERED).chain([room.as_str(), "bob@example.com"]) {
            assert!(!holds(bytes, word), "{word} is in {name}");
        }
    }
    // The search itself works: Exchange is told everything.
    assert!(WORDS.iter().take(3).all(|word| holds(&exchange.bytes(), word)));
}
