//! What a request's URI names, absolute (`kms://host/…`) or relative.

use uuid::Uuid;

use crate::device_key::THUMBPRINT_CHARACTERS;

/// A user's device, by the thumbprint of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceId {
    pub(crate) user: Uuid,
    pub(crate) id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Keys,
    Key(Uuid),
    ResourceKeys(Uuid),
    Resource(Uuid),
    /// The log's rows about a resource's keys.
    ResourceReads(Uuid),
    /// What was changed by an administrator, after a serial number.
    Changes(Option<i64>),
    Devices,
    Device(DeviceId),
    Resources,
    ResourceAuthorizations(Uuid),
    Authorizations,
    Ping,
    /// The handshake; only in a frame for the lasting key.
    Ecdhe,
    /// Of the draft, but not offered; or of no meaning to us.
    NotOffered,
    /// Of another key server, or not an id: nothing we have.
    Unknown,
}

impl Target {
    pub(crate) fn read(uri: &str, our_host: &str) -> Self {
        let after = asked(uri, AFTER);
        let uri = uri.split_once('?').map_or(uri, |(uri, _query)| uri);
        let path = match uri.strip_prefix("kms://").map(|rest| rest.split_once('/')) {
            None => uri.strip_prefix('/').unwrap_or(uri),
            Some(Some((host, path))) if host.eq_ignore_ascii_case(our_host) => path,
            Some(Some(_) | None) => return Self::Unknown,
        };
        let segments: Vec<&str> = path.splitn(SEGMENTS_MAX, '/').collect();
        match segments.as_slice() {
            ["keys"] => Self::Keys,
            ["keys", id] => named(id, Self::Key),
            ["resources"] => Self::Resources,
            ["resources", id] => named(id, Self::Resource),
            ["resources", id, "authorizations"] => named(id, Self::ResourceAuthorizations),
            ["authorizations"] => Self::Authorizations,
            ["ecdhe"] => Self::Ecdhe,
            ["resources", id, "keys"] => named(id, Self::ResourceKeys),
            ["resources", id, "reads"] => named(id, Self::ResourceReads),
            ["devices"] => Self::Devices,
            ["devices", user, id] if id.len() == THUMBPRINT_CHARACTERS => {
                named(user, |user| Self::Device(DeviceId { user, id: (*id).to_owned() }))
            }
            ["devices", _, _] => Self::Unknown,
            ["ping"] => Self::Ping,
            ["changes"] => match after.map(|serial| serial.parse()) {
                None => Self::Changes(None),
                Some(Ok(serial)) => Self::Changes(Some(serial)),
                Some(Err(_)) => Self::Unknown,
            },
            _ => Self::NotOffered,
        }
    }
}

/// A member of a URI's query; an unreadable one is as good as none.
pub(crate) fn asked(uri: &str, member: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == member).map(|(_, value)| value.into_owned())
}

/// `retrieve /changes?after=17`
const AFTER: &str = "after";
/// One more than any URI we know has.
const SEGMENTS_MAX: usize = 4;

fn named(id: &str, target: impl FnOnce(Uuid) -> Target) -> Target {
    // Only the usual spelling, so that one thing has one name.
    match Uuid::try_parse(id) {
        Ok(uuid) if uuid.to_string() == id => target(uuid),
        Ok(_) | Err(_) => Target::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_understood() {
        let id = "5f0c8a52-3d1b-4b8e-9a44-0d6a7f3f2b10";
        let uuid = Uuid::parse_str(id).expect("an id");
        let check = |path: &str, expected| {
            let path = path.replace("ID", id);
            for uri in [format!("/{path}"), path.clone(), format!("kms://kms.example.org/{path}")] {
                assert_eq!(Target::read(&uri, "kms.example.org"), expected, "{uri}");
            }
        };
        check("keys", Target::Keys);
        check("keys/ID", Target::Key(uuid));
        check("resources/ID", Target::Resource(uuid));
        check("resources/ID/keys", Target::ResourceKeys(uuid));
        check("resources/ID/reads", Target::ResourceReads(uuid));
        check("changes", Target::Changes(None));
        check("changes?after=17", Target::Changes(Some(17)));
        check("changes?after=x", Target::Unknown);
        let thumbprint = "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s";
        let device = Target::Device(DeviceId { user: uuid, id: thumbprint.into() });
        check(&format!("devices/ID/{thumbprint}"), device);
        check("devices/ID/short", Target::Unknown);
        check("devices", Target::Devices);
        check("ping", Target::Ping);
        check("resources/ID/authorizations", Target::ResourceAuthorizations(uuid));
        check("resources/ID/authorizations?authId=x", Target::ResourceAuthorizations(uuid));
        check("resources/ID/keys?count=3", Target::ResourceKeys(uuid));
        check("authorizations", Target::Authorizations);
        check("resources/ID/keys/more", Target::NotOffered);
        check("resources", Target::Resources);
        check("ecdhe", Target::Ecdhe);
        check("cmk", Target::NotOffered);
        check("", Target::NotOffered);
        check("keys/1", Target::Unknown);
        check("keys/{ID}", Target::Unknown);
    }

    #[test]
    fn another_servers_things_are_unknown() {
        for uri in ["kms://other/keys", "kms://kms.example.org", "kms:///keys"] {
            assert_eq!(Target::read(uri, "kms.example.org"), Target::Unknown, "{uri}");
        }
    }
}
