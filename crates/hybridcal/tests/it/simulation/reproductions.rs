//! Each mistake that a seed has found, as the list of operations that shows it.

use super::{model::Operation, play};

#[test]
fn nothing_at_all() {
    play(0, &[Operation::TimePasses { seconds: 60 }]);
}
