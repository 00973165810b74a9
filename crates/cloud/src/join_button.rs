//! The Join button's schedule on the server's clock: which buttons are on the screen, what to tell
//! when that changes, and when to look again. Needs clear facts only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::{
    ids::{MeetingId, UserId},
    join_button::JoinButton,
};

use crate::store::{self, Store};

/// Buttons shown at once to one person.
const BUTTONS_MAX: u16 = 100;

/// The buttons on one person's screen, as last told.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    shown: BTreeMap<MeetingId, JoinButton>,
}

impl Screen {
    /// What to tell now that exactly these buttons are shown.
    pub(crate) fn show(&mut self, buttons: Vec<JoinButton>) -> Vec<JoinButton> {
        let now: BTreeMap<_, _> =
            buttons.into_iter().map(|button| (button.meeting_id.clone(), button)).collect();
        let before = std::mem::replace(&mut self.shown, now);
        let is_gone = |button: &JoinButton| !self.shown.contains_key(&button.meeting_id);
        let is_news = |button: &&JoinButton| before.get(&button.meeting_id) != Some(button);
        let gone = before.values().filter(|button| is_gone(button));
        let gone = gone.map(|button| JoinButton { shown: false, ..button.clone() });
        gone.chain(self.shown.values().filter(is_news).cloned()).collect()
    }
}

/// One stream's buttons, kept up to date from the database.
#[derive(Default)]
pub(crate) struct Buttons {
    screen: Screen,
    due: Option<Timestamp>,
}

impl Buttons {
    /// When to look again although nothing changed in the list.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// What to tell now.
    pub(crate) async fn look(
        &mut self,
        store: &Store,
        user: UserId,
        now: Timestamp,
    ) -> store::Result<Vec<JoinButton>> {
        let news = self.screen.show(shown(store, user, now).await?);
        self.due = store.next_button_time(user, now).await?;
        Ok(news)
    }
}

/// The buttons on the user's screen now.
pub(crate) async fn shown(
    store: &Store,
    user: UserId,
    now: Timestamp,
) -> store::Result<Vec<JoinButton>> {
    let meetings = store.meetings_to_join(user, now, BUTTONS_MAX).await?;
    let buttons = meetings.iter().filter_map(|meeting| JoinButton::of(meeting, now));
    Ok(buttons.filter(|button| button.shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(id: &str, generation: i64) -> JoinButton {
        JoinButton {
            meeting_id: MeetingId(id.into()),
            appears_at: Timestamp::MIN,
            disappears_at: Timestamp::MAX,
            generation,
            shown: true,
        }
    }

    #[test]
    fn each_change_of_the_screen_is_told_once() {
        let mut screen = Screen::default();
        assert_eq!(screen.show(vec![button("a", 1)]), [button("a", 1)]);
        assert_eq!(screen.show(vec![button("a", 1)]), []);
        let moved = screen.show(vec![button("a", 2), button("b", 1)]);
        assert_eq!(moved, [button("a", 2), button("b", 1)]);
        let gone = JoinButton { shown: false, ..button("a", 2) };
        assert_eq!(screen.show(vec![button("b", 1)]), [gone]);
    }
}
