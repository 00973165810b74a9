//! Everything outside the program: time, chance, the network, and who signs people in.
//!
//! Production and simulation differ by variants of small enums here and nowhere else. A [`World`]
//! is handed to each part at its start; nothing else may ask the computer's clock, draw randomness
//! or open a socket.

pub mod chance;
pub mod clock;
#[cfg(feature = "database")]
pub mod database;
pub mod http;
pub mod issuer;
pub mod memory;
pub mod names;
pub mod network;
pub mod stop;
pub mod tls;

use chance::Chance;
use clock::Clock;
use jiff::Timestamp;
use memory::Memory;
use network::Network;

/// What a part is given at its start.
#[derive(Clone)]
pub struct World {
    pub clock: Clock,
    pub chance: Chance,
    pub network: Network,
    pub http: http::Client,
}

impl World {
    /// The computer's clock and randomness, real sockets, TLS with this trust.
    pub fn system(trust: &tls::Trust) -> Result<Self, tls::TrustFailure> {
        let network = Network::internet(trust)?;
        Ok(Self::new(Clock::System, Chance::System, network))
    }

    /// The same clock and chance, with another trust and proxy; pipes in memory need neither.
    pub fn towards(
        &self,
        trust: &tls::Trust,
        proxy: Option<network::Proxy>,
    ) -> Result<Self, tls::TrustFailure> {
        let network = match &self.network {
            Network::Internet(_) => Network::internet_through(trust, proxy)?,
            Network::Memory(_) => self.network.clone(),
        };
        Ok(Self::new(self.clock.clone(), self.chance.clone(), network))
    }

    /// Virtual time from `start`, chance from `seed`, a network of pipes. Must be called inside a
    /// paused tokio runtime; each host of the [`Memory`] gets a world of its own.
    pub fn in_memory(start: Timestamp, seed: u64) -> Memory {
        Memory::new(Clock::virtual_from(start), Chance::seeded(seed))
    }

    /// The same, but no connection leads to a computer of a private network, whatever its name.
    #[must_use]
    pub fn public_only(&self) -> Self {
        Self::new(self.clock.clone(), self.chance.clone(), self.network.public_only())
    }

    fn new(clock: Clock, chance: Chance, network: Network) -> Self {
        let http = http::Client::new(network.clone());
        Self { clock, chance, network, http }
    }
}
