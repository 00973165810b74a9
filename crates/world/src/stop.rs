//! A graceful end: one side says stop, everybody who listens finishes what they are doing.

use tokio::sync::watch;

/// Says stop, also when dropped.
pub struct Stopper(watch::Sender<bool>);

/// Hears it. Cheap to clone.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when it is time to end.
    pub async fn stopped(&self) {
        let mut receiver = self.0.clone();
        // An error means that the stopper is gone, which is a stop too.
        let _gone = receiver.wait_for(|stopped| *stopped).await;
    }

    pub fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_it_also_when_the_stopper_is_gone() {
        let (stopper, stop) = Stopper::new();
        assert!(!stop.is_stopped());
        stopper.stop();
        stop.stopped().await;
        assert!(stop.is_stopped());

        let (stopper, stop) = Stopper::new();
        drop(stopper);
        stop.stopped().await;
        assert!(stop.is_stopped());
    }
}
