//! The configuration file: a section for each role that this process is to play. A mistake is
//! named with its key and its line; values are never repeated, since they may be secrets.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// See `config.example.toml` for every setting with its meaning.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub connector: Option<connector::config::Config>,
    pub cloud: Option<cloud::Config>,
    pub kms: Option<kms::config::Config>,
    pub rooms: Option<rooms::Config>,
    /// For trying out on one computer only.
    pub dev_issuer: Option<DevIssuer>,
}

/// The development issuer: signs people in with passwords from this file, on loopback only.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevIssuer {
    pub listen: String,
    pub people: Vec<Person>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub address: String,
    pub name: String,
    pub password: connector::config::Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigMistake {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}, line {line}{}: {what}", path.display(), key.as_ref().map(|key| format!(", {key}")).unwrap_or_default())]
    Wrong { path: PathBuf, line: usize, key: Option<String>, what: String },
    #[error("{}: no section [connector], [cloud], [kms] or [rooms]: nothing to run", path.display())]
    Nothing { path: PathBuf },
    #[error("{}: no section [connector], which this command is about", path.display())]
    NoConnector { path: PathBuf },
    #[error("{}: no section [kms], which this command is about", path.display())]
    NoKms { path: PathBuf },
    #[error("{}: no section [cloud], which this command is about", path.display())]
    NoCloud { path: PathBuf },
}

impl Config {
    pub fn read(path: &Path) -> Result<Self, ConfigMistake> {
        let unreadable = |source| ConfigMistake::Unreadable { path: path.into(), source };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let config = Self::parse(&text, path)?;
        let Self { connector, cloud, kms, rooms, dev_issuer: _ } = &config;
        if connector.is_none() && cloud.is_none() && kms.is_none() && rooms.is_none() {
            return Err(ConfigMistake::Nothing { path: path.into() });
        }
        Ok(config)
    }

    /// The section [connector] alone, for commands that do what it would do.
    pub fn read_connector(path: &Path) -> Result<connector::config::Config, ConfigMistake> {
        Self::read(path)?.connector.ok_or(ConfigMistake::NoConnector { path: path.into() })
    }

    /// The section [kms] alone, for what is done beside the key server.
    pub fn read_kms(path: &Path) -> Result<kms::config::Config, ConfigMistake> {
        Self::read(path)?.kms.ok_or(ConfigMistake::NoKms { path: path.into() })
    }

    /// The section [cloud] alone, for commands about its database.
    pub fn read_cloud(path: &Path) -> Result<cloud::Config, ConfigMistake> {
        Self::read(path)?.cloud.ok_or(ConfigMistake::NoCloud { path: path.into() })
    }

    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigMistake> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let key = text.lines().nth(line - 1).and_then(key_of);
            ConfigMistake::Wrong {
                path: path.into(),
                line,
                key,
                what: without_value(error.message()),
            }
        })
    }
}

/// `name = …` → `name`
fn key_of(line: &str) -> Option<String> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    (!key.is_empty() && key.len() <= 60).then(|| key.to_owned())
}

/// Parsers like to quote what they stumbled over; here that may be a password.
fn without_value(message: &str) -> String {
    let quotes_value = message.starts_with("invalid type") || message.starts_with("invalid value");
    match message.split_once(", expected ") {
        Some((_, expected)) if quotes_value => {
            format!("this value is not usable, expected {expected}")
        }
        Some(_) | None if quotes_value => "this value is not usable".into(),
        Some(_) | None => message.trim().replace('\n', "; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        match Config::parse(text, Path::new("hybridcal.toml")) {
            Ok(_) => panic!("accepted"),
            Err(mistake) => mistake.to_string(),
        }
    }

    #[test]
    fn a_typo_is_named_with_its_key_and_line() {
        let text = "[kms]\nlisten = \"127.0.0.1:1\"\nhots = \"x\"\n";
        let mistake = mistake(text);
        assert!(
            mistake.starts_with("hybridcal.toml, line 3, hots: unknown field `hots`"),
            "{mistake}"
        );
    }

    #[derive(Deserialize)]
    struct Section {
        autodiscover: connector::config::Autodiscover,
    }

    #[derive(Deserialize)]
    struct Links {
        links: connector::config::Site,
    }

    #[test]
    fn the_example_is_a_configuration() {
        let text = include_str!("../config.example.toml");
        let config = Config::parse(text, Path::new("config.example.toml")).expect("readable");
        assert!(config.connector.is_some() && config.cloud.is_some() && config.kms.is_some());
        assert!(config.connector.expect("a section").check().is_ok());
        // What is commented out is right, too.
        let discovery =
            text.split("# [connector.exchange.autodiscover]").nth(1).expect("a section");
        let discovery = discovery.split("[connector.keywords]").next().expect("its lines");
        let discovery = format!("[autodiscover]{}", discovery.replace("\n# ", "\n"))
            .replace("[connector.exchange.autodiscover.directory]", "[autodiscover.directory]");
        let section: Section = toml::from_str(&discovery).expect("readable");
        assert!(section.autodiscover.enabled && section.autodiscover.directory.is_some());
        let links = text.split("# [connector.links]").nth(1).expect("a section");
        let links = links.split("# --- what people").next().expect("its lines");
        let links = links.replace("\n# ", "\n").replace("\n#\n", "\n\n");
        let links = format!("[links]{}", links.replace("[[connector.links.", "[[links."));
        let section: Links = toml::from_str(&links).expect("readable");
        assert_eq!(section.links.self_hosted.len(), 1);
        assert!(conference::Rules::new(&section.links).is_ok());
        let rooms = uncommented(text, "[rooms]", "# --- for trying out");
        assert!(Config::parse(&rooms, Path::new("x")).expect("readable").rooms.is_some());
        let conferences = uncommented(text, "[connector.conferences.rooms]", "# [connector.links]");
        let conferences = conferences.replace("[connector.conferences.", "[");
        let named: std::collections::BTreeMap<String, connector::config::ProviderSettings> =
            toml::from_str(&conferences).expect("readable");
        assert_eq!(named.keys().map(String::as_str).collect::<Vec<_>>(), ["mine", "rooms"]);
        let issuer = text.split("# [dev_issuer]").nth(1).expect("the last section");
        let issuer = format!("[dev_issuer]{}", issuer.replace("\n# ", "\n"));
        assert!(Config::parse(&issuer, Path::new("x")).expect("readable").dev_issuer.is_some());
    }

    /// A commented section with its heading, up to some other words.
    fn uncommented(text: &str, heading: &str, end: &str) -> String {
        let (_, section) = text.split_once(&format!("# {heading}")).expect("a section");
        let section = section.split(end).next().expect("its lines");
        format!("{heading}{}", section.replace("\n# ", "\n").replace("\n#\n", "\n\n"))
    }

    #[test]
    fn an_unknown_section_is_named() {
        let mistake = mistake("[conector]\nid = \"a\"\n");
        assert!(mistake.contains("line 1") && mistake.contains("`conector`"), "{mistake}");
    }

    #[test]
    fn a_wrong_value_is_not_repeated() {
        let text = "[dev_issuer]\nlisten = \"127.0.0.1:1\"\npeople = [{ address = \"a@b\", name = \"A\", password = 73313 }]\n";
        let mistake = mistake(text);
        assert!(mistake.contains("line 3") && !mistake.contains("73313"), "{mistake}");
    }

    #[test]
    fn broken_text_is_placed() {
        let mistake = mistake("[kms]\nlisten = \"127\n");
        assert!(mistake.contains("line 2"), "{mistake}");
    }
}
