//! Where the demo's calls take place: on a Janus of this computer if one is installed, started with
//! a configuration of its own and ended with the demo; else on a Jitsi server.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use conference::{
    janus::{JanusSettings, ServerSettings},
    jitsi::JitsiSettings,
};
use connector::config::ProviderSettings;
use url::Url;
use world::{World, chance::Chance, http::Request};

const PROGRAM: &str = "/usr/bin/janus";
const LIBRARIES: &str = "/usr/lib";
const JITSI: &str = "https://meet.jit.si";
const START_MAX: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Who may send pictures at once; one computer does not play more people.
const PUBLISHERS: u32 = 12;

/// What the command line says.
pub(super) struct Wanted<'a> {
    pub(super) jitsi: Option<&'a str>,
    /// One that runs already, and the folder of its secrets.
    pub(super) janus: Option<(&'a str, &'a Path)>,
}

pub(super) enum Video {
    Janus(Janus),
    Jitsi { server: String, why: &'static str },
}

/// A Janus that answers.
pub(super) struct Janus {
    pub(super) api: String,
    admin_key: PathBuf,
    api_secret: PathBuf,
    room_key: PathBuf,
    _folder: Folder,
    _child: Option<Process>,
}

/// Gone with its content when dropped.
struct Folder(PathBuf);

/// Ended when dropped.
struct Process(Child);

impl Video {
    pub(super) async fn start(wanted: &Wanted<'_>, world: &World) -> io::Result<Self> {
        let jitsi = |server: &str, why| Self::Jitsi { server: server.to_owned(), why };
        if let Some(server) = wanted.jitsi {
            return Ok(jitsi(server, "as --jitsi says"));
        }
        let folder = Folder::new(&world.chance)?;
        let secret = |name: &str| folder.secret(name, &world.chance);
        let room_key = secret("room.key")?.0;
        if let Some((api, secrets)) = wanted.janus {
            return Ok(Self::Janus(Janus {
                api: api.to_owned(),
                admin_key: secrets.join("admin.key"),
                api_secret: secrets.join("api.secret"),
                room_key,
                _folder: folder,
                _child: None,
            }));
        }
        let Some(plugins) = installed() else {
            return Ok(jitsi(
                JITSI,
                "Janus is not installed here: on Debian, apt-get install janus",
            ));
        };
        let (admin_key, admin_words) = secret("admin.key")?;
        let (api_secret, api_words) = secret("api.secret")?;
        let address = world.network.listen("127.0.0.1:0").await?.address().to_owned();
        let port = address.rsplit_once(':').map_or("0", |(_, port)| port);
        folder.configure(&plugins, port, &admin_words, &api_words)?;
        let child = Process::start(&folder.0)?;
        let api = format!("http://127.0.0.1:{port}/janus");
        if !answers(&api, world).await {
            return Ok(jitsi(JITSI, "Janus is installed here, but does not start"));
        }
        let child = Some(child);
        Ok(Self::Janus(Janus {
            api,
            admin_key,
            api_secret,
            room_key,
            _folder: folder,
            _child: child,
        }))
    }

    /// What `@meet` stands for.
    pub(super) fn settings(&self, rooms: &Url) -> ProviderSettings {
        match self {
            Self::Jitsi { server, .. } => {
                ProviderSettings::Jitsi(JitsiSettings { server: server.clone(), token: None })
            }
            Self::Janus(janus) => ProviderSettings::Janus(JanusSettings {
                rooms_url: rooms.to_string(),
                room_key_file: janus.room_key.clone(),
                permanent: false,
                titles: true,
                janus: janus.server(),
            }),
        }
    }

    /// The join page, if it is ours.
    pub(super) fn page(&self, listen: &str, rooms: &Url) -> Option<rooms::Config> {
        match self {
            Self::Jitsi { .. } => None,
            Self::Janus(janus) => Some(rooms::Config {
                listen: listen.to_owned(),
                tls: None,
                public_url: rooms.clone(),
                room_key_file: janus.room_key.clone(),
                reopen: true,
                janus: janus.server(),
            }),
        }
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Janus(_) => "calls stay on this computer, on Janus".into(),
            Self::Jitsi { server, why } => format!("calls go to {server} ({why})"),
        }
    }
}

impl Janus {
    fn server(&self) -> ServerSettings {
        ServerSettings {
            server: self.api.clone(),
            admin_key_file: self.admin_key.clone(),
            api_secret_file: Some(self.api_secret.clone()),
            publishers: PUBLISHERS,
        }
    }
}

/// The folder of Janus' plugins, if Debian's package is there.
fn installed() -> Option<PathBuf> {
    if !Path::new(PROGRAM).exists() {
        return None;
    }
    let folders = fs::read_dir(LIBRARIES).ok()?.filter_map(Result::ok);
    folders.map(|entry| entry.path().join("janus")).find(|path| path.join("plugins").is_dir())
}

async fn answers(api: &str, world: &World) -> bool {
    let Ok(url) = Url::parse(&format!("{api}/info")) else { return false };
    let looking = async {
        while world.http.send(Request::get(&url).deadline(LOOK_AGAIN * 20)).await.is_err() {
            world.clock.sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(START_MAX, looking).await.is_ok()
}

impl Folder {
    fn new(chance: &Chance) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;

        let path = std::env::temp_dir().join(format!("hybridcal-demo-{}", chance.uuid()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// A new secret in a file, and the secret.
    fn secret(&self, name: &str, chance: &Chance) -> io::Result<(PathBuf, String)> {
        let words = format!("{}{}", chance.uuid().simple(), chance.uuid().simple());
        let path = self.0.join(name);
        fs::write(&path, &words)?;
        Ok((path, words))
    }

    /// Nothing but the VideoRoom, spoken to over HTTP, all of it on this computer only.
    fn configure(&self, lib: &Path, port: &str, admin: &str, secret: &str) -> io::Result<()> {
        let (folder, lib) = (self.0.display(), lib.display());
        let file = |name: &str, text: String| fs::write(self.0.join(name), text);
        file(
            "janus.jcfg",
            format!(
                "general: {{ configs_folder = \"{folder}\", plugins_folder = \"{lib}/plugins\", \
                 transports_folder = \"{lib}/transports\", events_folder = \"{lib}/events\", \
                 loggers_folder = \"{lib}/loggers\", debug_level = 2, \
                 api_secret = \"{secret}\" }}\n\
                 nat: {{ ice_enforce_list = \"lo\" }}\n\
                 plugins: {{ disable = \"{}\" }}\ntransports: {{ disable = \"{}\" }}\n",
                others(&format!("{lib}/plugins"), "videoroom")?,
                others(&format!("{lib}/transports"), "http")?,
            ),
        )?;
        file(
            "janus.transport.http.jcfg",
            format!(
                "general: {{ json = \"compact\", base_path = \"/janus\", http = true, \
                 port = {port}, ip = \"127.0.0.1\", https = false }}\n\
                 admin: {{ admin_http = false }}\n"
            ),
        )?;
        let rooms = format!("general: {{ admin_key = \"{admin}\", string_ids = true }}\n");
        file("janus.plugin.videoroom.jcfg", rooms)
    }
}

/// The libraries of a folder but for the one that is needed, as Janus wants them listed.
fn others(folder: &str, wanted: &str) -> io::Result<String> {
    let names = fs::read_dir(folder)?.filter_map(Result::ok);
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let others: Vec<_> =
        names.filter(|name| name.ends_with(".so") && !name.contains(wanted)).collect();
    Ok(others.join(","))
}

impl Process {
    fn start(folder: &Path) -> io::Result<Self> {
        let mut command = Command::new(PROGRAM);
        command.arg("-F").arg(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _waited = self.0.wait();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = fs::remove_dir_all(&self.0);
    }
}
