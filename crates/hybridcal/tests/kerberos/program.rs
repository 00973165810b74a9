//! The real program, as somebody would start it, beside a realm.

use std::{
    fs,
    future::Future,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use url::Url;

use crate::realm::Realm;

/// Whatever has to happen happens within this.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One that runs until it is dropped.
pub(crate) struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

impl Program {
    /// Started, and ready: the line it says then. Its log lies in the realm's
    /// folder under the name of the command.
    pub(crate) fn start(
        realm: &Realm,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> (Self, Value) {
        let command = arguments.first().expect("a command");
        let log = fs::File::create(realm.folder.join(format!("{command}.log"))).expect("a log");
        let mut command = hybridcal(realm);
        command.envs(environment.iter().copied()).stderr(log);
        let command = command.args(arguments).arg("--json").stdout(Stdio::piped());
        let mut program = Self(command.spawn().expect("started"));
        let out = program.0.stdout.take().expect("an output");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).expect("ready");
        (program, ready)
    }

    /// A simulated Exchange that takes tickets, and its address by the name of its service.
    pub(crate) fn exchange(realm: &Realm, channel_binding: &str) -> (Self, Url) {
        let tls = realm.folder.join("tls").display().to_string();
        let arguments = ["exchange-sim", "--exchange", "127.0.0.1:0", "--tls", &tls];
        let how = ["--auth", "negotiate,basic", "--channel-binding", channel_binding];
        let (program, ready) = Self::start(realm, &[&arguments[..], &how[..]].concat(), &[]);
        let url = ready["exchangeUrl"].as_str().expect("an address");
        let mut url: Url = url.parse().expect("a URL");
        url.set_host(Some("localhost")).expect("a host");
        (program, url)
    }
}

pub(crate) fn hybridcal(realm: &Realm) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hybridcal"));
    command.envs(realm.environment()).stdin(Stdio::null());
    command
}

/// The section of the connector; `exchange` are further lines of its own.
pub(crate) fn connector(realm: &Realm, url: &Url, mailbox: &str, exchange: &str) -> String {
    let folder = realm.folder.display();
    let key = realm.folder.join("connector.key");
    if !key.exists() {
        let made = hybridcal(realm).args(["new-key", "--out"]).arg(&key).output().expect("made");
        fs::write(realm.folder.join("public"), made.stdout).expect("written");
    }
    format!(
        "[connector]
id = \"connector-1\"
organization = \"example\"
key_file = \"{folder}/connector.key\"
cloud_url = \"http://127.0.0.1:1\"
kms_url = \"http://127.0.0.1:1\"
mailboxes = [\"{mailbox}\"]
presence = false
[connector.keywords]
\"@meet\" = \"jitsi\"
[connector.conferences.jitsi]
kind = \"jitsi\"
server = \"https://meet.example.com\"
[connector.exchange]
url = \"{url}\"
user = \"svc-cal\"
sign_in = [\"kerberos\"]
{exchange}
"
    )
}

/// With the authority of the simulator.
pub(crate) fn trusting(folder: &Path) -> String {
    format!("ca_file = \"{}/ca.pem\"", folder.display())
}

/// What the check finds, by its steps: fine, or what is wrong, and the words for it.
pub(crate) async fn check(realm: &Realm, config: &str, environment: &[(&str, &str)]) -> Findings {
    let file = realm.folder.join("check.toml");
    fs::write(&file, config).expect("written");
    let mut command = hybridcal(realm);
    command.args(["check", "--json", "--config"]).arg(file).envs(environment.iter().copied());
    let checked = tokio::task::spawn_blocking(move || command.output()).await;
    let output = checked.expect("no panic").expect("started");
    print!("{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |line: &str| serde_json::from_str(line).expect("JSON");
    Findings(text.lines().map(line).collect())
}

pub(crate) struct Findings(Vec<Value>);

impl Findings {
    /// `ok`, or the id of what was found at that step.
    pub(crate) fn at(&self, step: &str) -> &str {
        let found = self.find(step);
        found["id"].as_str().or(found["level"].as_str()).expect("an outcome")
    }

    pub(crate) fn what(&self, step: &str) -> &str {
        self.find(step)["what"].as_str().expect("words")
    }

    pub(crate) fn what_to_do(&self, step: &str) -> &str {
        self.find(step)["whatToDo"].as_str().expect("advice")
    }

    fn find(&self, step: &str) -> &Value {
        let found = self.0.iter().find(|finding| finding["step"] == step);
        found.unwrap_or_else(|| panic!("{step} was not tried: {:?}", self.0))
    }
}

/// Waits until something is so.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, looking).await;
    seen.unwrap_or_else(|_late| panic!("not in time: {what}"))
}
