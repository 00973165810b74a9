//! The connector under test: the real program, in a process of its own.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) struct Connector(Child);

impl Connector {
    pub(crate) fn start(config: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hybridcal"));
        command.args(["--log", "error", "run", "--config"]).arg(config).stdout(Stdio::null());
        Self(command.spawn().expect("a connector"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Resident, as the kernel counts it.
    pub(crate) fn memory_bytes(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok());
        kib.expect("a number") * 1024
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.0.kill().expect("ended");
        self.0.wait().expect("ended");
    }
}
