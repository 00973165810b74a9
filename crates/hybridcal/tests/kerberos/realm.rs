//! A Kerberos realm for trying out: a real key distribution centre (MIT) on loopback, without
//! privileges, in a folder of its own.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::program::until;

const NAME: &str = "EXAMPLE.COM";
/// Debian keeps the servers' programs where only root looks.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
pub(crate) const SERVICE: &str = "HTTP/localhost";
pub(crate) const ACCOUNT: &str = "svc-cal";

pub(crate) struct Realm {
    pub(crate) folder: PathBuf,
    centre: Child,
}

impl Realm {
    /// With Exchange's service, in `http.keytab`, and the connector's account, in `client.keytab`.
    pub(crate) async fn start() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("hybridcal-kerberos-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        let port = free_port();
        fs::write(folder.join("krb5.conf"), configuration(&folder, port)).expect("written");
        let mut create = in_realm("kdb5_util", &folder);
        run(create.args(["create", "-s", "-P", "not-a-secret", "-r", NAME]));
        let mut centre = in_realm("krb5kdc", &folder);
        let centre = centre.arg("-n").stdout(Stdio::null()).stderr(Stdio::null());
        let realm = Self { centre: centre.spawn().expect("krb5kdc is there"), folder };
        until("the key distribution centre listens", || async {
            TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        realm.kadmin(&format!("addprinc -randkey {SERVICE}"));
        realm.kadmin(&format!("addprinc -randkey {ACCOUNT}"));
        realm.extract("http.keytab", SERVICE);
        realm.extract("client.keytab", ACCOUNT);
        realm
    }

    /// What an administrator of the realm says.
    pub(crate) fn kadmin(&self, query: &str) {
        run(in_realm("kadmin.local", &self.folder).args(["-r", NAME, "-q", query]));
    }

    /// Gives a principal a new key and writes it into a keytab.
    pub(crate) fn extract(&self, keytab: &str, principal: &str) {
        let file = self.folder.join(keytab);
        self.kadmin(&format!("ktadd -k {} {principal}", file.display()));
    }

    /// From now on the account's tickets are over after so many seconds.
    pub(crate) fn limit_tickets(&self, seconds: u32) {
        self.kadmin(&format!("modprinc -maxlife \"{seconds} seconds\" {ACCOUNT}"));
    }

    /// Gets a ticket into the cache `tickets` and waits for its end: all before it have ended, too.
    pub(crate) async fn until_a_ticket_has_ended(&self) {
        let cache = self.folder.join("tickets");
        let keytab = self.folder.join("client.keytab");
        let mut kinit = in_realm("kinit", &self.folder);
        run(kinit.arg("-c").arg(&cache).arg("-k").arg("-t").arg(keytab).arg(ACCOUNT));
        until("the ticket is over", || async {
            let mut klist = in_realm("klist", &self.folder);
            let status = klist.arg("-s").arg("-c").arg(&cache).status().expect("klist is there");
            (!status.success()).then_some(())
        })
        .await;
    }

    /// Nobody answers any more.
    pub(crate) fn end(&mut self) {
        self.centre.kill().expect("it was there");
        self.centre.wait().expect("it is gone");
    }

    /// What every program in the realm is told.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        environment(&self.folder)
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        let _gone = self.centre.kill();
        let _gone = self.centre.wait();
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

fn environment(folder: &Path) -> Vec<(&'static str, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        ("KRB5_CONFIG", file("krb5.conf")),
        ("KRB5_KDC_PROFILE", file("krb5.conf")),
        ("KRB5_KTNAME", format!("FILE:{}", file("http.keytab"))),
        ("KRB5_CLIENT_KTNAME", format!("FILE:{}", file("client.keytab"))),
        ("KRB5CCNAME", "MEMORY:tickets".to_owned()),
        ("KRB5RCACHENAME", "none:".to_owned()),
    ]
}

fn in_realm(program: &str, folder: &Path) -> Command {
    let mut command = Command::new("env");
    command.arg(program).env("PATH", PATH).envs(environment(folder)).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("Debian: apt-get install krb5-kdc krb5-admin-server");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    // kadmin.local succeeds whatever happens.
    let is_refused = said.lines().any(|line| line.contains(" while "));
    assert!(!is_refused, "{command:?}: {said}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "[libdefaults]
 default_realm = {NAME}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 qualify_shortname = \"\"
 udp_preference_limit = 1
[realms]
 {NAME} = {{
  kdc = 127.0.0.1:{port}
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  max_life = 1h
 }}
[logging]
 kdc = FILE:{folder}/kdc.log
"
    )
}
