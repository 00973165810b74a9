//! The program, as somebody would start it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use url::Url;

use crate::{asker::Asker, place::Folder};

/// One that runs until it is killed.
pub(crate) struct Program(Child);

/// How it is started, again and again.
pub(crate) struct Recipe {
    config: PathBuf,
    log: PathBuf,
    pub(crate) url: Url,
}

impl Recipe {
    /// The configuration is told where to listen.
    pub(crate) fn new(folder: &Folder, config_text: impl FnOnce(&str) -> String) -> Self {
        // Free now; the program takes it at once.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let listen = listener.local_addr().expect("an address").to_string();
        drop(listener);
        let config = folder.0.join("hybridcal.toml");
        fs::write(&config, config_text(&listen)).expect("written");
        let url = format!("http://{listen}").parse().expect("a URL");
        Self { config, log: folder.0.join("log"), url }
    }

    /// A cloud that knows this connector.
    pub(crate) fn cloud(folder: &Folder, database: &str, asker: &Asker) -> Self {
        Self::new(folder, |listen| {
            format!(
                "[cloud]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\n\
                 organization = \"example\"\ndatabase = \"{database}\"\n\
                 issuer = \"http://127.0.0.1:9\"\nclient_id = \"web\"\n\
                 kms_url = \"http://127.0.0.1:9\"\nkms_host = \"kms\"\nweb = false\n\
                 [[cloud.connectors]]\nid = \"connector-1\"\npublic_key = '''\n{}'''\n",
                asker.public_pem
            )
        })
    }

    /// Returns when it listens.
    pub(crate) fn start(&self) -> Program {
        let log = fs::OpenOptions::new().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hybridcal"));
        command.args(["--log", "warn", "run", "--json", "--config"]).arg(&self.config);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("started");
        let mut line = String::new();
        let out = child.stdout.take().expect("an output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert!(!line.is_empty(), "{}", fs::read_to_string(&self.log).expect("a log"));
        Program(child)
    }
}

impl Program {
    /// SIGKILL: nothing can be tidied up.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}
