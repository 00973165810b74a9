//! Connector or cloud die between any two messages of an order: in the end it was done once.

use world::memory::Weather;

use super::*;

/// Long enough that the cloud can be killed between any two messages.
const DELAY_MAX: Duration = Duration::from_millis(20);

async fn site(folder: &Folder) -> (Site, Orders) {
    let settings = Settings { data: Some(folder.0.clone()), ..Settings::default() };
    let site = Site::start_with(settings).await;
    followed(&site).await;
    let alice = orders(&site, ALICE).await;
    (site, alice)
}

async fn until_all_is_done(site: &Site) {
    for address in [ALICE, BOB] {
        listed(site, address, "Review 2").await;
    }
    site.pass(Duration::from_secs(30)).await;
}

/// Invites, and changes the meeting.
async fn order_both(alice: Orders, meeting: MeetingText) {
    let id = alice.create(&meeting).await.expect("done").expect("an id");
    let other = MeetingText { subject: Some("Review 2".into()), ..MeetingText::default() };
    loop {
        // Until the meeting has come into the list it is unknown there.
        match alice.change(&id, &other).await {
            Err(Failure::NotFound) => tokio::time::sleep(Duration::from_millis(200)).await,
            done => break done.expect("changed"),
        }
    }
}

fn check(site: &Site, when: &str) {
    assert_eq!(held(site, ALICE, "Review 2"), 1, "meetings, {when}");
    assert_eq!(held(site, ALICE, "Review"), 0, "meetings, {when}");
    assert_eq!(held(site, BOB, "Review 2"), 1, "at Bob's, {when}");
    assert_eq!(site.mails(BOB, MailKind::Request), 1, "requests, {when}");
    assert_eq!(site.mails(BOB, MailKind::Update), 1, "updates, {when}");
}

/// Messages sent and answers got by those who talk to the cloud.
fn crossings(site: &Site) -> u64 {
    site.memory.crossings("connector") + site.memory.crossings("laptop")
}

#[tokio::test(start_paused = true)]
async fn of_the_connector() {
    let folder = Folder::new();
    let (whole, alice) = site(&folder).await;
    let before = whole.memory.crossings("connector");
    order_both(alice, review(&whole)).await;
    let after = whole.memory.crossings("connector");
    until_all_is_done(&whole).await;
    check(&whole, "without a crash");
    println!("messages of the connector: {}", after - before);
    assert!(after - before > 10);
    for nth in before + 1..=after {
        let folder = Folder::new();
        let (mut site, alice) = site(&folder).await;
        site.memory.crash_at("connector", nth);
        let ordering = tokio::spawn(order_both(alice, review(&site)));
        site.memory.crashed("connector").await;
        site.kill_connector().await;
        site.start_connector();
        ordering.await.expect("done");
        until_all_is_done(&site).await;
        check(&site, &format!("the connector crashed at message {nth}"));
    }
}

/// With a network on which messages take a while.
async fn slow_site(folder: &Folder) -> (Site, Orders) {
    let (site, alice) = site(folder).await;
    for host in ["connector", "laptop"] {
        let weather = Weather { delay_max: DELAY_MAX, ..Weather::default() };
        site.memory.set_weather(host, weather);
    }
    (site, alice)
}

#[tokio::test(start_paused = true)]
async fn of_the_cloud() {
    let folder = Folder::new();
    let (whole, alice) = slow_site(&folder).await;
    let before = crossings(&whole);
    order_both(alice, review(&whole)).await;
    let messages = crossings(&whole) - before;
    until_all_is_done(&whole).await;
    check(&whole, "without a crash");
    println!("messages around the cloud: {messages}");
    assert!(messages > 20);
    for nth in 1..=messages {
        let folder = Folder::new();
        let (mut site, alice) = slow_site(&folder).await;
        let from = crossings(&site);
        let ordering = tokio::spawn(order_both(alice, review(&site)));
        while crossings(&site) < from + nth && !ordering.is_finished() {
            site.pass(Duration::from_millis(1)).await;
        }
        for host in ["connector", "laptop"] {
            site.memory.cut(host, "cloud");
        }
        site.restart_cloud().await;
        for host in ["connector", "laptop"] {
            site.memory.mend(host, "cloud");
        }
        ordering.await.expect("done");
        until_all_is_done(&site).await;
        check(&site, &format!("the cloud crashed at message {nth}"));
    }
}
