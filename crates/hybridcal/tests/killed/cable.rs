//! The cable between the cloud and PostgreSQL: it can hold what passes, at the nth message, so that
//! the cloud can be killed exactly there.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream, unix::OwnedReadHalf, unix::OwnedWriteHalf},
    sync::{Notify, mpsc},
};

/// Where a message is when the cloud dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// PostgreSQL never gets it.
    Before,
    /// PostgreSQL has answered it, and the cloud never hears.
    After,
}

#[derive(Clone)]
pub(crate) struct Cable {
    pub(crate) port: u16,
    order: Arc<Mutex<Order>>,
    cut: Arc<Notify>,
    reached: mpsc::UnboundedSender<()>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Order {
    /// Messages of the cloud seen since it was given.
    seen: usize,
    hold: Option<(usize, Side)>,
}

impl Cable {
    /// Says each time that something is held.
    #[expect(clippy::disallowed_methods, reason = "the database's side of the network")]
    pub(crate) async fn new(socket: PathBuf) -> (Self, mpsc::UnboundedReceiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (reached, held) = mpsc::unbounded_channel();
        let cable = Self { port, order: Arc::default(), cut: Arc::default(), reached };
        let here = cable.clone();
        tokio::spawn(async move {
            while let Ok((cloud, _)) = listener.accept().await {
                let database = UnixStream::connect(&socket).await.expect("a server");
                tokio::spawn(here.clone().carry(cloud, database));
            }
        });
        (cable, held)
    }

    /// From now on.
    pub(crate) fn hold(&self, hold: Option<(usize, Side)>) {
        *self.order() = Order { seen: 0, hold };
    }

    /// Both ends hear that the other is gone.
    pub(crate) fn cut(&self) {
        self.cut.notify_waiters();
    }

    fn order(&self) -> std::sync::MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn carry(self, cloud: TcpStream, database: UnixStream) {
        cloud.set_nodelay(true).expect("set");
        let (mut from_cloud, mut to_cloud) = cloud.into_split();
        let (mut from_database, mut to_database) = database.into_split();
        let cut = Arc::clone(&self.cut);
        let carrying = async {
            let mut buffer = vec![0; 256 * 1024];
            let mut answer = vec![0; 256 * 1024];
            loop {
                // A client of PostgreSQL says something and then waits for the answer to it.
                tokio::select! {
                    read = from_cloud.read(&mut buffer) => {
                        let read = read.unwrap_or(0);
                        if read == 0 { return }
                        match self.due() {
                            Some(Side::Before) => return self.stay().await,
                            Some(Side::After) => {
                                let message = &buffer[..read];
                                exchange(&mut to_database, &mut from_database, message).await;
                                return self.stay().await;
                            }
                            None => if to_database.write_all(&buffer[..read]).await.is_err() { return },
                        }
                    }
                    read = from_database.read(&mut answer) => {
                        let read = read.unwrap_or(0);
                        if read == 0 || to_cloud.write_all(&answer[..read]).await.is_err() { return }
                    }
                }
            }
        };
        tokio::select! {
            () = carrying => {}
            () = cut.notified() => {}
        }
    }

    fn due(&self) -> Option<Side> {
        let mut order = self.order();
        order.seen += 1;
        let (nth, side) = order.hold?;
        (order.seen == nth).then_some(side)
    }

    async fn stay(&self) {
        self.reached.send(()).expect("somebody waits for it");
        std::future::pending::<()>().await;
    }
}

/// Until the database is ready for more: then it has done what it was told.
async fn exchange(to: &mut OwnedWriteHalf, from: &mut OwnedReadHalf, message: &[u8]) {
    /// The last message of every answer: its letter and its length.
    const READY: [u8; 5] = [b'Z', 0, 0, 0, 5];
    to.write_all(message).await.expect("sent");
    let mut answer = Vec::new();
    while !answer.windows(READY.len()).any(|part| part == READY) {
        assert_ne!(from.read_buf(&mut answer).await.expect("an answer"), 0, "it hung up");
    }
}
