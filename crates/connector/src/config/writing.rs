//! Settings for what is written into invitations, and the brakes on writing.

use std::path::PathBuf;

use conference::invitation_block::{ADDITION_CHARACTERS_MAX, Language, Template};
use serde::Deserialize;

use super::Mistake;

/// Writes per hour before a person has to say that so many are meant.
const WRITES_PER_HOUR_MAX: u32 = 1000;

/// How the block is worded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Invitation {
    /// `en` or `de`, where the calendar entry says none of the two.
    pub language: Option<String>,
    pub hide_phone: bool,
    pub hide_video_address: bool,
    pub en: InvitationText,
    pub de: InvitationText,
}

/// What an organization adds in one language.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InvitationText {
    pub header: String,
    pub footer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Writing {
    /// Decide, tell and log, but change no calendar and call no provider.
    pub dry_run: bool,
    /// More than this in an hour raises an alarm, and the rest waits.
    pub writes_per_hour_max: u32,
    /// Folder of the record of every write; one file per day, kept for 90 days.
    pub log_folder: Option<PathBuf>,
}

impl Default for Writing {
    fn default() -> Self {
        Self { dry_run: false, writes_per_hour_max: WRITES_PER_HOUR_MAX, log_folder: None }
    }
}

impl Invitation {
    pub(crate) fn check(&self) -> Result<(), Mistake> {
        if self.language.as_deref().is_some_and(|language| Language::known(language).is_none()) {
            return Err(Mistake::InvitationLanguage);
        }
        for (language, text) in [("en", &self.en), ("de", &self.de)] {
            let is_long = |text: &str| text.chars().count() > ADDITION_CHARACTERS_MAX;
            if is_long(&text.header) || is_long(&text.footer) {
                return Err(Mistake::InvitationText { language, max: ADDITION_CHARACTERS_MAX });
            }
        }
        Ok(())
    }

    pub(crate) fn language(&self) -> Language {
        self.language.as_deref().and_then(Language::known).unwrap_or(Language::English)
    }

    pub(crate) fn template(&self, language: Language) -> Template {
        let text = match language {
            Language::English => &self.en,
            Language::German => &self.de,
        };
        Template {
            header: text.header.clone(),
            footer: text.footer.clone(),
            hides_phone: self.hide_phone,
            hides_video_address: self.hide_video_address,
        }
    }
}
