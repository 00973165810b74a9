//! Secrets that an administrator gives: files with nothing else in them.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::provider::ProviderSettingsError;

/// No secret is longer; a larger file was named by mistake.
const SECRET_BYTES_MAX: usize = 16 * 1024;

/// A text that must not be shown. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The file's text without the white space around it.
    pub(crate) fn read(setting: &'static str, path: &Path) -> Result<Self, ProviderSettingsError> {
        let unreadable = || ProviderSettingsError::SecretFile { setting, path: path.into() };
        let text = Zeroizing::new(fs::read_to_string(path).ok().ok_or_else(unreadable)?);
        let secret = text.trim();
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            return Err(unreadable());
        }
        Ok(Self::new(secret.to_owned()))
    }

    pub(crate) fn read_if_given(
        setting: &'static str,
        path: Option<&PathBuf>,
    ) -> Result<Option<Self>, ProviderSettingsError> {
        path.map(|path| Self::read(setting, path)).transpose()
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
