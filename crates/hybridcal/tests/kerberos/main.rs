//! Signing in to Exchange by Kerberos: the real program, a real key distribution centre, TLS, and
//! loopback. `make kerberos` runs it; it needs Debian's krb5-kdc and krb5-admin-server.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests say what went wrong by stopping"
)]

mod followed;
mod impostors;
mod program;
mod realm;
mod refused;
