//! Names of hosts and domains: which of them somebody can own, and which stands below which.

use protocol::ids::MailboxAddress;
use url::Host;

/// Where Microsoft serves mailboxes itself.
const MICROSOFTS_CLOUD: [&str; 5] =
    ["office365.com", "outlook.com", "office.com", "office365.us", "partner.outlook.cn"];

/// Lower-case ASCII with at least one dot, as it stands in addresses; `None` for anything else.
pub(super) fn plain_name(text: &str) -> Option<String> {
    let Ok(Host::Domain(name)) = Host::parse(text.trim()) else { return None };
    let labels_are_plain = name.split('.').all(|label| {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        !label.is_empty() && label.chars().all(is_plain)
    });
    labels_are_plain.then_some(name)
}

/// A public suffix, below which strangers own names; and a name of one label, which may become
/// one any day.
pub(super) fn is_nobodys(name: &str) -> bool {
    let suffix = psl::suffix(name.as_bytes());
    let is_listed =
        suffix.is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() == name.len());
    is_listed || !name.contains('.')
}

/// The same name, or one that ends with it at a dot.
pub(super) fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

pub(super) fn is_of_microsofts_cloud(name: &str) -> bool {
    MICROSOFTS_CLOUD.iter().any(|cloud| is_below(name, cloud))
}

/// What stands behind the `@`, as a name of hosts.
pub fn domain_of(address: &MailboxAddress) -> Option<String> {
    let (_, domain) = address.as_str().rsplit_once('@')?;
    plain_name(domain)
}
