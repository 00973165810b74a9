//! What a cloud, or somebody in its place, could try: each is refused by the connector alone, which
//! is shown by putting it into the cloud's database behind the back of its checks.

use cloud::{Store, store::NewCommand};
use kms::device_key::DeviceSigner;
use protocol::command::{Outcome, SignedCommand, Statement, Why};

use super::*;

const ORGANIZATION: &str = "example";

/// A site whose cloud's database can be written to from outside.
struct Lair {
    site: Site,
    store: Store,
    folder: Folder,
}

impl Lair {
    async fn new() -> Self {
        let folder = Folder::new();
        let settings = Settings { data: Some(folder.0.clone()), ..Settings::default() };
        let site = Site::start_with(settings).await;
        followed(&site).await;
        let address = format!("sqlite:{}", folder.0.join("cloud.db").display());
        let organization = OrganizationId(ORGANIZATION.into());
        let store = Store::open(&address, organization, site.memory.clock().clone());
        Self { store: store.await.expect("opens"), site, folder }
    }

    /// Puts a command under a name, and gives what the connector says to it.
    async fn put(&self, name: CommandName, command: &SignedCommand) -> Outcome {
        let new = NewCommand { name, request_hash: Uuid::nil(), command };
        self.store.accept_command(new, self.site.now()).await.expect("written").expect("room");
        let mut outcome = None;
        for _ in 0..240 {
            outcome = self.store.find_command(name).await.expect("read").expect("there").outcome;
            if outcome.is_some() {
                break;
            }
            self.site.pass(Duration::from_millis(500)).await;
        }
        outcome.expect("a connector looks at it")
    }

    async fn refused(&self, name: CommandName, command: &SignedCommand) -> Why {
        let why = match self.put(name, command).await {
            Outcome::Refused { why } => Some(why),
            Outcome::Done { .. } => None,
        };
        why.expect("it is not done")
    }
}

fn user(address: &str) -> UserId {
    UserId::of(&OrganizationId(ORGANIZATION.into()), address)
}

fn name(address: &str, order: &Order) -> CommandName {
    CommandName { user: user(address), idempotency_key: order.idempotency_key }
}

fn statement(order: &Order) -> Statement {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(&order.command.payload).expect("base64url");
    serde_json::from_slice(&payload).expect("a statement")
}

#[tokio::test(start_paused = true)]
async fn nothing_forged_spliced_or_moved_is_done() {
    let lair = Lair::new().await;
    let site = &lair.site;
    let (alice, bob) = (orders(site, ALICE).await, orders(site, BOB).await);
    let stranger = DeviceSigner::generate(&site.memory.host("cloud").chance).expect("a key");
    let fresh = || order(&alice, &review(site));

    // Signed by a device that nobody registered.
    let forged = fresh();
    let command = stranger.sign(&statement(&forged)).expect("signs");
    assert_eq!(lair.refused(name(ALICE, &forged), &command).await, Why::NotPermitted);

    // Signed by Bob, in Alice's name or for Alice's mailbox.
    let of_bob = order(&bob, &review(site));
    assert_eq!(lair.refused(name(ALICE, &of_bob), &of_bob.command).await, Why::NotPermitted);

    // Alice's order handed to Bob's mailbox, or under another key.
    let moved = fresh();
    assert_eq!(lair.refused(name(BOB, &moved), &moved.command).await, Why::NotPermitted);
    let renamed = CommandName { user: user(ALICE), idempotency_key: Uuid::from_u128(7) };
    assert_eq!(lair.refused(renamed, &moved.command).await, Why::NotPermitted);

    // Ciphertexts exchanged: the signature covers them.
    let (one, two) = (fresh(), fresh());
    let spliced = SignedCommand { payload: two.command.payload.clone(), ..one.command.clone() };
    assert_eq!(lair.refused(name(ALICE, &two), &spliced).await, Why::NotPermitted);

    assert_eq!(held(site, ALICE, "Review") + held(site, BOB, "Review"), 0);
    assert!(site.exchange.mails(CAROL).is_empty());
    // The lair itself works: an honest order is done.
    let honest = fresh();
    let done = lair.put(name(ALICE, &honest), &honest.command).await;
    assert!(matches!(done, Outcome::Done { meeting_id: Some(_), .. }));
    assert_eq!(site.mails(CAROL, MailKind::Request), 1);
}

#[tokio::test(start_paused = true)]
async fn even_a_signed_text_opens_only_where_it_was_put() {
    let lair = Lair::new().await;
    let site = &lair.site;
    let chance = site.memory.host("laptop").chance;
    let device = DeviceSigner::generate(&chance).expect("a key");
    let alice = site.client(ALICE).await.orders_from(device.clone()).await.expect("registered");
    let swaps: [fn(&mut Statement, &Statement); 4] = [
        |to, _| {
            // Between two fields of one order.
            let place = to.sealed["location"].clone();
            let subject = to.sealed.insert("subject".into(), place).expect("a subject");
            to.sealed.insert("location".into(), subject);
        },
        |to, from| {
            // From another order.
            to.sealed.insert("subject".into(), from.sealed["subject"].clone());
        },
        |to, _| to.sent_at_ms += 1,
        |to, from| to.sealed.clone_from(&from.sealed),
    ];
    for (number, swap) in swaps.into_iter().enumerate() {
        let texts = hybridcal::client::texts(&review(site)).expect("texts");
        let order = |_| alice.order(Kind::Create, None, &texts).expect("an order");
        let [to, from] = [(), ()].map(order);
        let mut swapped = statement(&to);
        swap(&mut swapped, &statement(&from));
        let command = device.sign(&swapped).expect("signs");
        assert_eq!(
            lair.refused(name(ALICE, &to), &command).await,
            Why::NotPermitted,
            "swap {number}"
        );
    }
    assert_eq!(held(site, ALICE, "Review"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_stale_or_comes_once_more_is_not_done() {
    let lair = Lair::new().await;
    let site = &lair.site;
    let alice = orders(site, ALICE).await;

    let old = order(&alice, &review(site));
    site.pass(Duration::from_secs(10 * 60 + 1)).await;
    assert_eq!(lair.refused(name(ALICE, &old), &old.command).await, Why::Stale);
    assert_eq!(held(site, ALICE, "Review"), 0);

    // A change that was overtaken by a later one, brought again after the connector has forgotten.
    let id = alice.create(&review(site)).await.expect("done").expect("an id");
    listed(site, ALICE, "Review").await;
    let change = |subject: &str| {
        let text = MeetingText { subject: Some(subject.into()), ..MeetingText::default() };
        let texts = hybridcal::client::texts(&text).expect("texts");
        alice.order(Kind::Change, Some(&id), &texts).expect("an order")
    };
    let first = change("First");
    alice.send::<MeetingDone>(&first).await.expect("done");
    site.pass(Duration::from_secs(1)).await;
    alice.send::<MeetingDone>(&change("Second")).await.expect("done");
    let Lair { mut site, store, folder } = lair;
    site.kill_connector().await;
    forget(&site, &folder, &first).await;
    site.start_connector();
    let lair = Lair { site, store, folder };
    assert_eq!(lair.refused(name(ALICE, &first), &first.command).await, Why::Stale);
    assert_eq!(held(&lair.site, ALICE, "Second"), 1);
    assert_eq!(lair.site.mails(BOB, MailKind::Update), 2);
}

#[tokio::test(start_paused = true)]
async fn a_meeting_that_was_removed_is_not_made_again() {
    let lair = Lair::new().await;
    let alice = orders(&lair.site, ALICE).await;
    let order = order(&alice, &review(&lair.site));
    let done: MeetingDone = alice.send(&order).await.expect("done");
    listed(&lair.site, ALICE, "Review").await;
    alice.cancel(&done.meeting_id.expect("an id")).await.expect("called off");
    let Lair { mut site, store, folder } = lair;
    site.kill_connector().await;
    forget(&site, &folder, &order).await;
    site.start_connector();
    let lair = Lair { site, store, folder };
    assert_eq!(lair.refused(name(ALICE, &order), &order.command).await, Why::Conflict);
    assert_eq!(held(&lair.site, ALICE, "Review"), 0);
    assert_eq!(lair.site.mails(BOB, MailKind::Request), 1);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_was_removed_orders_nothing_more() {
    let lair = Lair::new().await;
    let site = &lair.site;
    let alice = orders(site, ALICE).await;
    let order = order(&alice, &review(site));
    alice.forget_device().await.expect("removed");
    assert_eq!(lair.refused(name(ALICE, &order), &order.command).await, Why::NotPermitted);
}

/// As a cloud does that wants an order to be carried out once more.
async fn forget(site: &Site, folder: &Folder, order: &Order) {
    let clock = site.memory.clock();
    let _hold = clock.hold();
    let address = format!("sqlite:{}", folder.0.join("cloud.db").display());
    let pool = sqlx::AnyPool::connect(&address).await.expect("opens");
    sqlx::query("delete from command where idempotency_key = $1")
        .bind(order.idempotency_key.to_string())
        .execute(&pool)
        .await
        .expect("deleted");
    pool.close().await;
}
