//! Who may do what with which key: one pure function.

use protocol::{
    ids::{ConnectorId, UserId},
    keys::{Method, Purpose},
};
use uuid::Uuid;

/// Somebody whose token was good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    Person(UserId),
    Connector(ConnectorId),
}

impl Caller {
    /// How authorizations and creators are written down; never changes.
    pub(crate) fn holder(&self) -> String {
        match self {
            Self::Person(user) => format!("{HOLDER_USER}{user}"),
            Self::Connector(connector) => format!("{HOLDER_CLIENT}{connector}"),
        }
    }
}

pub(crate) const HOLDER_USER: &str = "user ";
pub(crate) const HOLDER_CLIENT: &str = "client ";
/// Those who may have the keys of that resource.
pub(crate) const HOLDER_RESOURCE: &str = "resource ";

/// Whether the caller may do this with keys of that purpose belonging to that resource. A user's
/// resource has the user's id; nobody but connectors has a use for the other ones.
pub(crate) fn may(caller: &Caller, method: Method, purpose: Purpose, resource: Uuid) -> bool {
    match (caller, method) {
        (Caller::Connector(_), Method::Create | Method::Retrieve) => true,
        (Caller::Person(user), Method::Retrieve) => match purpose {
            Purpose::Content | Purpose::Command => user.0 == resource,
            Purpose::Index | Purpose::State | Purpose::Conference => false,
        },
        // Somebody may order before a connector has come to look.
        (Caller::Person(user), Method::Create) => purpose == Purpose::Command && user.0 == resource,
        (Caller::Person(_) | Caller::Connector(_), Method::Update | Method::Delete) => false,
    }
}

/// Whether the caller may see which devices sign for a user.
pub(crate) fn may_know_devices(caller: &Caller, user: Uuid) -> bool {
    match caller {
        Caller::Connector(_) => true,
        Caller::Person(person) => person.0 == user,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        use Method::{Create, Delete, Retrieve, Update};
        use Purpose::{Command, Conference, Content, Index, State};

        let own = Uuid::from_u128(1);
        let other = Uuid::from_u128(2);
        let person = Caller::Person(UserId(own));
        let connector = Caller::Connector(ConnectorId("c-1".into()));
        let allowed = |method, purpose| {
            [
                may(&person, method, purpose, own),
                may(&person, method, purpose, other),
                may(&connector, method, purpose, own),
            ]
        };
        // Columns: a person with an own key, with somebody else's; a connector.
        let (no, yes) = (false, true);
        for (method, purpose, expected) in [
            (Create, Content, [no, no, yes]),
            (Create, Index, [no, no, yes]),
            (Create, State, [no, no, yes]),
            (Create, Conference, [no, no, yes]),
            (Create, Command, [yes, no, yes]),
            (Retrieve, Command, [yes, no, yes]),
            (Update, Command, [no, no, no]),
            (Delete, Command, [no, no, no]),
            (Retrieve, Content, [yes, no, yes]),
            (Retrieve, Index, [no, no, yes]),
            (Retrieve, State, [no, no, yes]),
            (Retrieve, Conference, [no, no, yes]),
            (Update, Content, [no, no, no]),
            (Update, Index, [no, no, no]),
            (Update, State, [no, no, no]),
            (Update, Conference, [no, no, no]),
            (Delete, Content, [no, no, no]),
            (Delete, Index, [no, no, no]),
            (Delete, State, [no, no, no]),
            (Delete, Conference, [no, no, no]),
        ] {
            assert_eq!(allowed(method, purpose), expected, "{method:?} {purpose:?}");
        }
    }
}
