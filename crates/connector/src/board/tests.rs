//! Fair, woken by what was waited for and by nothing else, nobody twice in the queue.

use std::time::Duration;

use super::*;
use crate::news::SourceId;

const HOUR: Duration = Duration::from_secs(3600);

async fn all_wait(mailboxes: u32) -> Arc<Board> {
    let board = Arc::new(Board::new(mailboxes));
    for n in 0..mailboxes {
        let (seat, news) = board.take().await;
        assert_eq!((seat, news.is_none()), (Seat(n), true));
        board.wait(seat, Instant::now() + HOUR);
    }
    board
}

fn is_nobodys_turn(board: &Board) -> bool {
    board.state().queue.is_empty() && board.queued.available_permits() == 0
}

fn change(board: &Arc<Board>, seat: u32, item: &str) {
    board.inbox(Seat(seat)).note(|news| news.changed(SourceId(item.into()), None));
}

#[tokio::test(start_paused = true)]
async fn a_noisy_mailbox_stands_behind_everybody_else() {
    let board = all_wait(3).await;
    change(&board, 0, "a");
    let (noisy, _) = board.take().await;
    change(&board, 1, "x");
    change(&board, 0, "b");
    change(&board, 0, "c");
    change(&board, 2, "y");
    board.wait(noisy, Instant::now() + HOUR);
    let mut order = Vec::new();
    for _ in 0..3 {
        let (seat, news) = board.take().await;
        order.push((seat.0, news.changed.len()));
    }
    assert_eq!(order, [(1, 1), (2, 1), (0, 2)], "one turn with all its news");
    assert!(is_nobodys_turn(&board));
}

#[tokio::test(start_paused = true)]
async fn time_wakes_and_is_kept_by_one() {
    let board = all_wait(2).await;
    let keeper = tokio::spawn({
        let board = Arc::clone(&board);
        async move { board.keep_time().await }
    });
    change(&board, 1, "a");
    let (seat, _) = board.take().await;
    board.pause(seat, Instant::now() + Duration::from_secs(5));
    change(&board, 1, "b");
    assert!(is_nobodys_turn(&board), "a pause is a pause");
    let began = Instant::now();
    let (seat, news) = board.take().await;
    assert_eq!((seat, began.elapsed().as_secs(), news.changed.len()), (Seat(1), 5, 1));
    board.wait(seat, Instant::now() + HOUR);
    let (seat, news) = board.take().await;
    assert_eq!((seat, news.is_none()), (Seat(0), true), "the first hour is over");
    keeper.abort();
}

#[tokio::test(start_paused = true)]
async fn a_lease_wakes_those_it_covers() {
    let board = all_wait(3).await;
    for seat in [0, 1] {
        change(&board, seat, "a");
        let (seat, _) = board.take().await;
        board.await_lease(seat);
        change(&board, seat.0, "b");
    }
    assert!(is_nobodys_turn(&board), "news is no lease");
    board.leases_changed(|seat| seat == Seat(1));
    let (seat, news) = board.take().await;
    assert_eq!((seat, news.changed.len()), (Seat(1), 1));
    assert!(is_nobodys_turn(&board));
}
