//! Where Autodiscover says that mailboxes are, as tests arrange it.

use std::sync::Arc;

use world::World;

use super::{Simulator, StartFailure};
use crate::{
    autodiscover::{Signpost, Signposts},
    server::{locked, router},
};

impl Simulator {
    /// Listens under a further name, such as `autodiscover.example.com:443`.
    pub async fn listen_also(&self, world: &World, address: &str) -> Result<(), StartFailure> {
        let listener = world.network.listen(address).await?;
        let router = router(Arc::clone(&self.shared));
        tokio::spawn(world::http::serve(listener, router, self.shared.stop.clone()));
        Ok(())
    }

    /// From now on Autodiscover says this about a mailbox; one with an address of its own is
    /// served there only, as if it had moved.
    pub fn put_signpost(&self, mailbox: &str, signpost: Signpost) {
        self.signposts(|signposts| signposts.put(mailbox, signpost));
    }

    /// An anonymous GET of the plain XML is answered with a 302 to this address.
    pub fn redirect_plain_requests(&self, to: &str) {
        self.signposts(|signposts| signposts.plain_redirect = Some(to.to_owned()));
    }

    /// GetUserSettings about more users than this is refused.
    pub fn limit_users_per_request(&self, users: usize) {
        self.signposts(|signposts| signposts.users_max = Some(users));
    }

    /// Only plain XML is there.
    pub fn remove_soap_autodiscover(&self) {
        self.signposts(|signposts| signposts.is_soap_missing = true);
    }

    fn signposts(&self, change: impl FnOnce(&mut Signposts)) {
        change(&mut locked(&self.shared.signposts));
    }
}
