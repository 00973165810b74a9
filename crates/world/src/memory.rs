//! A network inside the process, for whole-system tests: hosts with names, pipes between them,
//! and everything that goes wrong on real ones, on demand and repeatable.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    sync::{Notify, mpsc},
    task::AbortHandle,
};

use crate::{
    World, chance::Chance, clock::Clock, names::Service, network::Network, tls::Certificate,
};

const PIPE_BYTES: usize = 16 * 1024;
const PENDING_CONNECTIONS_MAX: usize = 1024;

/// The whole network. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    clock: Clock,
    chance: Chance,
    state: Arc<Mutex<State>>,
}

/// One host's view of it: who connects decides what may fail.
#[derive(Clone)]
pub struct Host {
    name: String,
    memory: Memory,
}

/// A request leaves a host, or an answer reaches it: the moments at which a host may crash or the
/// message may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    Request,
    Answer,
}

/// How unreliable one host's network is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Of 1000 crossings, how many are lost.
    pub lost_per_mille: u64,
    /// Each crossing takes up to this long.
    pub delay_max: Duration,
}

#[derive(Default)]
struct State {
    listeners: BTreeMap<String, mpsc::Sender<DuplexStream>>,
    /// By `host:port`: what would be shown if there was TLS.
    certificates: BTreeMap<String, Certificate>,
    pipes: Vec<Pipe>,
    cuts: Vec<(String, String)>,
    recordings: Vec<Recording>,
    hosts: BTreeMap<String, HostState>,
    services: BTreeMap<String, Vec<Service>>,
    next_port: u16,
}

/// Everything that crosses between two hosts from some moment on.
#[derive(Clone)]
pub struct Recording {
    from: String,
    to: String,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Recording {
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, bytes: &[u8]) {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}

struct Pipe {
    from: String,
    to: String,
    task: AbortHandle,
}

#[derive(Default)]
struct HostState {
    crossings: u64,
    crash_at: Option<u64>,
    is_crashed: bool,
    crashed: Arc<Notify>,
    weather: Weather,
}

impl Memory {
    pub(crate) fn new(clock: Clock, chance: Chance) -> Self {
        Self { clock, chance, state: Arc::default() }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn chance(&self) -> &Chance {
        &self.chance
    }

    /// The world as seen from the host of that name.
    pub fn host(&self, name: &str) -> World {
        let host = Host { name: name.into(), memory: self.clone() };
        World::new(self.clock.clone(), self.chance.clone(), Network::Memory(host))
    }

    /// From now on `from` cannot reach `to`, and their connections break.
    pub fn cut(&self, from: &str, to: &str) {
        let mut state = self.state();
        state.cuts.push((from.into(), to.into()));
        state.sever(|pipe| pipe.from == from && pipe.to == to);
    }

    /// Keeps what is said on connections that are made from now on, both ways.
    pub fn record(&self, from: &str, to: &str) -> Recording {
        let bytes = Arc::default();
        let recording = Recording { from: from.into(), to: to.into(), bytes };
        self.state().recordings.push(recording.clone());
        recording
    }

    pub fn mend(&self, from: &str, to: &str) {
        self.state().cuts.retain(|(f, t)| f != from || t != to);
    }

    /// Breaks the connections from one host to another once.
    pub fn reset(&self, from: &str, to: &str) {
        self.state().sever(|pipe| pipe.from == from && pipe.to == to);
    }

    /// What everybody hears who asks for the service records of a name.
    pub fn set_services(&self, name: &str, services: Vec<Service>) {
        self.state().services.insert(name.into(), services);
    }

    pub fn set_weather(&self, host: &str, weather: Weather) {
        self.state().host(host).weather = weather;
    }

    /// How many crossings this host has made so far.
    pub fn crossings(&self, host: &str) -> u64 {
        self.state().host(host).crossings
    }

    /// The host's `nth` crossing from the beginning does not happen any more: it is dead.
    pub fn crash_at(&self, host: &str, nth: u64) {
        self.state().host(host).crash_at = Some(nth);
    }

    /// Whether the host has crashed or will.
    pub fn is_crashing(&self, host: &str) -> bool {
        self.state().host(host).crash_at.is_some()
    }

    /// Returns when the host has crashed.
    pub async fn crashed(&self, host: &str) {
        loop {
            let crashed = Arc::clone(&self.state().host(host).crashed);
            let notified = crashed.notified();
            if self.state().host(host).is_crashed {
                return;
            }
            notified.await;
        }
    }

    /// A crashed host gets its network back; its program must be started anew.
    pub fn revive(&self, host: &str) {
        let mut state = self.state();
        let host = state.host(host);
        host.is_crashed = false;
        host.crash_at = None;
    }

    /// From now on clients of that `host:port` believe to see that certificate, as behind a proxy
    /// that ends TLS.
    pub fn show_certificate(&self, address: &str, certificate: Certificate) {
        self.state().certificates.insert(address.into(), certificate);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn host(&mut self, name: &str) -> &mut HostState {
        self.hosts.entry(name.into()).or_default()
    }

    fn sever(&mut self, which: impl Fn(&Pipe) -> bool) {
        for pipe in self.pipes.extract_if(.., |pipe| which(pipe)) {
            pipe.task.abort();
        }
    }
}

impl Host {
    pub(crate) fn listen(
        &self,
        address: &str,
    ) -> io::Result<(String, mpsc::Receiver<DuplexStream>)> {
        let mut state = self.memory.state();
        let address = match address.strip_suffix(":0") {
            Some(host) => {
                state.next_port += 1;
                format!("{host}:{}", 40_000 + state.next_port)
            }
            None => address.into(),
        };
        // A host that ended has dropped its receiver; its address is free again.
        if state.listeners.get(&address).is_some_and(|listener| !listener.is_closed()) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, receiver) = mpsc::channel(PENDING_CONNECTIONS_MAX);
        state.listeners.insert(address.clone(), sender);
        Ok((address, receiver))
    }

    pub(crate) fn services(&self, name: &str) -> Vec<Service> {
        self.memory.state().services.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn certificate(&self, address: &str) -> Option<Certificate> {
        self.memory.state().certificates.get(address).cloned()
    }

    pub(crate) fn show_certificate(&self, address: &str, certificate: Certificate) {
        self.memory.show_certificate(address, certificate);
    }

    pub(crate) async fn connect(&self, address: &str) -> io::Result<DuplexStream> {
        let listener = {
            let mut state = self.memory.state();
            let to = name_of(address);
            let is_cut = state.cuts.iter().any(|(f, t)| *f == self.name && *t == to);
            if is_cut || state.host(&self.name).is_crashed {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            state.listeners.get(address).cloned().ok_or(io::ErrorKind::ConnectionRefused)?
        };
        let (ours, near) = duplex(PIPE_BYTES);
        let (far, theirs) = duplex(PIPE_BYTES);
        let refused = |_closed| io::Error::from(io::ErrorKind::ConnectionRefused);
        listener.send(theirs).await.map_err(refused)?;
        let (from, to) = (self.name.clone(), name_of(address));
        let mut state = self.memory.state();
        let recordings = state.recordings.iter();
        let recording = recordings.filter(|r| r.from == from && r.to == to).cloned().collect();
        let task = tokio::spawn(carry(near, far, recording));
        state.pipes.retain(|pipe| !pipe.task.is_finished());
        state.pipes.push(Pipe { from, to, task: task.abort_handle() });
        Ok(ours)
    }

    /// Called by the HTTP client at each crossing.
    pub(crate) async fn cross(&self, to: &str, _crossing: Crossing) -> io::Result<()> {
        let weather = {
            let mut state = self.memory.state();
            let host = state.host(&self.name);
            host.crossings += 1;
            if host.crash_at.is_some_and(|nth| host.crossings >= nth) && !host.is_crashed {
                host.is_crashed = true;
                host.crashed.notify_waiters();
                let name = self.name.clone();
                state.sever(|pipe| pipe.from == name);
            }
            let host = state.host(&self.name);
            if host.is_crashed {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            host.weather
        };
        let delay = self.memory.chance.jitter(weather.delay_max);
        if !delay.is_zero() {
            self.memory.clock.sleep(delay).await;
        }
        let is_lost = self.memory.chance.below(1000) < weather.lost_per_mille;
        let is_cut = self.memory.state().cuts.iter().any(|(f, t)| *f == self.name && t == to);
        if is_lost || is_cut { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

async fn carry(near: DuplexStream, far: DuplexStream, recordings: Vec<Recording>) {
    let (near_reads, near_writes) = split(near);
    let (far_reads, far_writes) = split(far);
    let there = carry_one_way(near_reads, far_writes, &recordings);
    let back = carry_one_way(far_reads, near_writes, &recordings);
    tokio::join!(there, back);
}

async fn carry_one_way(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    recordings: &[Recording],
) {
    let mut buffer = vec![0; PIPE_BYTES];
    // An error is a closed end, which the other end notices when this one is shut down.
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let bytes = buffer.get(..read).unwrap_or_default();
        recordings.iter().for_each(|recording| recording.add(bytes));
        if to.write_all(bytes).await.is_err() {
            break;
        }
    }
    let _closed = to.shutdown().await;
}

/// `host:port` → `host`
fn name_of(address: &str) -> String {
    address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned()
}
