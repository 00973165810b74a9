//! Where a database may lie. Between us and PostgreSQL nobody may listen: a socket of this computer,
//! its loopback, or TLS with a verified name; the driver alone would go on without TLS.

use std::{fmt, net::IpAddr};

use url::Url;

use super::Kind;

/// An address that may be connected to. Its `Debug` shows nothing, since a password may stand in it.
#[derive(Clone)]
pub struct Address {
    kind: Kind,
    url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefused {
    #[error("a database is sqlite:FILE or postgres://USER@HOST/NAME")]
    Form,
    #[error("the database's address names no host; a socket is named by ?host=/FOLDER")]
    NoHost,
    #[error("the database's address has a parameter that is not known here")]
    Parameter,
    #[error("a database on another computer needs sslmode=verify-full")]
    Unverified,
}

const PARAMETERS: [&str; 11] = [
    "application_name",
    "dbname",
    "host",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];
const VERIFIED: &str = "verify-full";

impl Address {
    pub fn parse(text: &str) -> Result<Self, AddressRefused> {
        if text.starts_with("sqlite:") {
            return Ok(Self { kind: Kind::Sqlite, url: creating(text) });
        }
        let url = Url::parse(text).map_err(|_not_a_url| AddressRefused::Form)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(AddressRefused::Form);
        }
        Ok(Self { kind: Kind::Postgres, url: protected(url)?.into() })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?}, …)", self.kind)
    }
}

/// A file that does not exist yet is a new database.
fn creating(address: &str) -> String {
    let is_file = !address.contains(":memory:");
    if is_file && !address.contains('?') { format!("{address}?mode=rwc") } else { address.into() }
}

/// The mode of TLS is always said, or the environment would decide.
fn protected(mut url: Url) -> Result<Url, AddressRefused> {
    if url.query_pairs().any(|(key, _)| !PARAMETERS.contains(&&*key)) {
        return Err(AddressRefused::Parameter);
    }
    let named = |name| url.query_pairs().filter(|(key, _)| key == name).last();
    let host = named("host").map(|(_, host)| host.into_owned());
    let host = host.or_else(|| url.host_str().map(|host| host.replace("%2F", "/")));
    let host = host.filter(|host| !host.is_empty()).ok_or(AddressRefused::NoHost)?;
    let mode = named("sslmode").map(|(_, mode)| mode.into_owned());
    let missing = match (is_near(&host), mode.as_deref()) {
        (false, None) => Some(VERIFIED),
        (false, Some(VERIFIED)) | (true, Some(_)) => None,
        (false, Some(_)) => return Err(AddressRefused::Unverified),
        (true, None) => Some("disable"),
    };
    if let Some(mode) = missing {
        url.query_pairs_mut().append_pair("sslmode", mode);
    }
    Ok(url)
}

/// A socket in a folder, or this computer.
fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    host.starts_with('/') || host == "localhost" || is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<String, AddressRefused> {
        Address::parse(text).map(|address| address.url)
    }

    #[test]
    fn what_leaves_the_computer_is_verified() {
        let near = [
            "postgres://cal@%2Frun%2Fpostgresql/cal",
            "postgres:///cal?host=/run/postgresql&user=cal",
            "postgres://cal:secret@127.0.0.1:5433/cal",
            "postgresql://cal@[::1]/cal",
            "postgres://cal@localhost/cal",
        ];
        for text in near {
            assert!(url(text).expect(text).ends_with("sslmode=disable"), "{text}");
        }
        let far = "postgres://cal@db.example.org/cal";
        assert_eq!(url(far), Ok(format!("{far}?sslmode=verify-full")));
        let named = format!("{far}?sslmode=verify-full&sslrootcert=/etc/db.pem");
        assert_eq!(url(&named), Ok(named.clone()));
        for mode in ["disable", "allow", "prefer", "require", "verify-ca", ""] {
            let refused = url(&format!("{far}?sslmode={mode}"));
            assert_eq!(refused, Err(AddressRefused::Unverified), "{mode}");
        }
        // The later name is the one that counts.
        let moved = "postgres://cal@localhost/cal?host=db.example.org&sslmode=prefer";
        assert_eq!(url(moved), Err(AddressRefused::Unverified));
    }

    #[test]
    fn slips_are_refused_and_not_repeated() {
        assert_eq!(url("mysql://cal@localhost/cal"), Err(AddressRefused::Form));
        assert_eq!(url("cloud.db"), Err(AddressRefused::Form));
        assert_eq!(url("postgres:///cal"), Err(AddressRefused::NoHost));
        let slip = url("postgres://cal@localhost/cal?pasword=secret");
        assert_eq!(slip, Err(AddressRefused::Parameter));
        let address = Address::parse("postgres://cal:secret@localhost/cal").expect("an address");
        assert_eq!(format!("{address:?}"), "Address(Postgres, …)");
    }

    #[test]
    fn a_file_is_made_and_memory_is_not() {
        assert_eq!(url("sqlite:cloud.db"), Ok("sqlite:cloud.db?mode=rwc".to_owned()));
        assert_eq!(url("sqlite::memory:"), Ok("sqlite::memory:".to_owned()));
        assert_eq!(url("sqlite:c.db?mode=ro"), Ok("sqlite:c.db?mode=ro".to_owned()));
    }
}
