//! What a server remembers about one connection for as long as it lives.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

type Things = HashMap<TypeId, Box<dyn Any + Send>>;

/// Found among a request's extensions; the same for all requests of a connection.
#[derive(Clone, Default)]
pub struct Peer(Arc<Mutex<Things>>);

impl Peer {
    /// Looks at or changes the connection's one thing of that type.
    pub fn with<T: Default + Send + 'static, R>(&self, see: impl FnOnce(&mut T) -> R) -> R {
        let mut things = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let thing = things.entry(TypeId::of::<T>()).or_insert_with(|| Box::<T>::default());
        match thing.downcast_mut() {
            Some(thing) => see(thing),
            // Cannot be: the key is the type.
            None => see(&mut T::default()),
        }
    }
}
