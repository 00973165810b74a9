//! Any system whose rooms come into being when somebody opens their URL.

use url::Url;

use crate::{
    join_link::JoinLink,
    key::ConferenceKey,
    meeting::ProviderFailure,
    provider::{ProviderSettingsError, checked_url},
};

/// How such links are recognised again.
pub(crate) const CLASS: &str = "url-template";

const SLUG: &str = "{slug}";
const TITLE: &str = "{title_urlenc}";

/// More of a title says nothing more, and each character may take twelve in a URL.
const TITLE_CHARACTERS_MAX: usize = 80;

#[derive(Clone, Debug)]
pub struct UrlTemplate {
    template: String,
    example: Url,
}

impl UrlTemplate {
    pub(crate) fn new(template: &str) -> Result<Self, ProviderSettingsError> {
        let filled = filled(template, "slug", "title");
        if filled.contains(['{', '}']) {
            return Err(ProviderSettingsError::UnknownPlaceholder);
        }
        let example = checked_url(&filled)?;
        if !template.contains(SLUG) {
            return Err(ProviderSettingsError::NoSlug);
        }
        let other = checked_url(&self::filled(template, "other", "words"))?;
        if other.host() != example.host() || other.port() != example.port() {
            return Err(ProviderSettingsError::UnknownPlaceholder);
        }
        Ok(Self { template: template.to_owned(), example })
    }

    /// The template with made-up values: it has the host of every link made from it.
    pub(crate) fn example(&self) -> &Url {
        &self.example
    }

    pub(crate) fn join_link(
        &self,
        key: &ConferenceKey,
        title: &str,
    ) -> Result<JoinLink, ProviderFailure> {
        let title: String = title.chars().take(TITLE_CHARACTERS_MAX).collect();
        let url = filled(&self.template, &key.room_name(), &escaped(&title));
        JoinLink::made("url-template", CLASS, &url)
    }
}

/// An escaped title holds no braces, so that the order of the two does not matter.
fn filled(template: &str, slug: &str, title: &str) -> String {
    template.replace(SLUG, slug).replace(TITLE, title)
}

/// Everything but letters, digits and `-._~` as `%XX`: right in a path, a query and a fragment.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
