//! Devices that sign for their user: registered by the user, asked for by connectors.

use protocol::{
    ids::UserId,
    keys::{Device, DeviceKey},
};

use super::{
    answers::{Kms, database},
    reply::{Denied, Given},
    target::DeviceId,
};
use crate::{
    device_key::thumbprint,
    permission::{Caller, may_know_devices},
    store::devices::StoredDevice,
};

impl Kms {
    /// Under the user's own token; whoever has it could fetch the user's keys as well.
    pub(super) async fn register_device(
        &self,
        caller: &Caller,
        key: Option<&DeviceKey>,
    ) -> Result<Given, Denied> {
        let key = key.ok_or(Denied::Malformed("deviceKey is needed"))?;
        let id = thumbprint(key).ok_or(Denied::Malformed("deviceKey is no P-256 public key"))?;
        let Caller::Person(user) = caller else { return Err(Denied::NotPermitted) };
        let device = StoredDevice { key: key.clone(), made: self.world.clock.now() };
        self.store.put_device(user.0, &id, &device).await.map_err(database)?;
        Ok(Given::Device(Box::new(self.device(*user, &id, device))))
    }

    pub(super) async fn find_device(
        &self,
        caller: &Caller,
        DeviceId { user, id }: &DeviceId,
    ) -> Result<Given, Denied> {
        if !may_know_devices(caller, *user) {
            return Err(Denied::NotFound);
        }
        let found = self.store.find_device(*user, id).await.map_err(database)?;
        let device = self.device(UserId(*user), id, found.ok_or(Denied::NotFound)?);
        Ok(Given::Device(Box::new(device)))
    }

    pub(super) async fn remove_device(
        &self,
        caller: &Caller,
        DeviceId { user, id }: &DeviceId,
    ) -> Result<Given, Denied> {
        if *caller != Caller::Person(UserId(*user)) {
            return Err(Denied::NotFound);
        }
        self.store.remove_device(*user, id).await.map_err(database)?;
        Ok(Given::Nothing)
    }

    fn device(&self, user: UserId, id: &str, stored: StoredDevice) -> Device {
        Device {
            uri: format!("kms://{}/devices/{user}/{id}", self.host),
            user_id: user.0,
            device_key: stored.key,
            create_date: stored.made,
        }
    }
}
