//! Hosts that look like listed ones. They are refused anyway; the trace says whose name they borrow.

use std::collections::{HashMap, HashSet};

use url::quirks::domain_to_unicode;

/// Shorter names are ordinary words too often.
const BRAND_BYTES_MIN: usize = 4;
/// Below these, with two letters behind, names are registered one level deeper.
const SHARED_LABELS: [&str; 6] = ["ac", "co", "com", "gouv", "net", "org"];
/// Letters of other scripts, and figures, that are read as Latin ones.
const CONFUSABLES: &[(&str, char)] = &[
    ("àáâãäåāăąǎαа4", 'a'),
    ("ḃƅвь", 'b'),
    ("çćĉċčϲсᴄ", 'c'),
    ("ďđԁ", 'd'),
    ("èéêëēĕėęěеёєҽε3", 'e'),
    ("ĝğġģɡց", 'g'),
    ("ĥħһн", 'h'),
    ("ìíîïĩīĭįıιіїᎥ1|!lӏɩ", 'i'),
    ("ĵјϳ", 'j'),
    ("ķκкᴋ", 'k'),
    ("мᴍ", 'm'),
    ("ñńņňŉηпո", 'n'),
    ("òóôõöøōŏőοоօσ0", 'o'),
    ("ρрƿ", 'p'),
    ("ԛգ", 'q'),
    ("ŕŗřгᴦ", 'r'),
    ("śŝşšѕƽ5", 's'),
    ("ţťŧτт", 't'),
    ("ùúûüũūŭůűųυսц", 'u'),
    ("νѵᴠ", 'v'),
    ("ŵωшԝᴡ", 'w'),
    ("×χхҳ", 'x'),
    ("ýÿŷγуүў", 'y'),
    ("źżžᴢ", 'z'),
];

/// What listed hosts look like.
#[derive(Debug, Default)]
pub(super) struct Likenesses {
    /// Appearance → the listed host.
    hosts: HashMap<String, String>,
    /// Appearance of an owner's name → a listed host of that owner.
    brands: HashMap<String, String>,
    /// Registered names of the owners: what stands below them is theirs.
    sites: HashSet<String>,
}

impl Likenesses {
    pub(super) fn new(mut listed: Vec<&str>) -> Self {
        let mut this = Self::default();
        listed.sort_unstable();
        for host in listed {
            this.hosts.entry(appearance(host)).or_insert_with(|| host.to_owned());
            let (brand, site) = owner(host);
            if brand.len() >= BRAND_BYTES_MIN {
                this.brands.entry(appearance(brand)).or_insert_with(|| host.to_owned());
            }
            this.sites.insert(site.to_owned());
        }
        this
    }

    pub(super) fn find(&self, host: &str) -> Option<&str> {
        let (_, site) = owner(host);
        if self.sites.contains(site) {
            return None;
        }
        let seen = domain_to_unicode(host);
        let looks = appearance(&seen);
        let parents = looks.match_indices('.').filter_map(|(at, _)| looks.get(at + 1..));
        let same = [looks.as_str()].into_iter().chain(parents).find_map(|it| self.hosts.get(it));
        let brand =
            || seen.split(['.', '-']).find_map(|label| self.brands.get(appearance(label).as_str()));
        same.or_else(brand).map(String::as_str)
    }
}

/// The owner's name and the name that was registered.
fn owner(host: &str) -> (&str, &str) {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), second, third) = (dots.next(), dots.next(), dots.next()) else {
        return (host, host);
    };
    let start = |dot: Option<usize>| dot.map_or(0, |at| at + 1);
    let label = host.get(start(second)..last).unwrap_or_default();
    let is_country = host.len() - last == ".xx".len();
    match second {
        Some(second) if is_country && SHARED_LABELS.contains(&label) => {
            let begin = start(third);
            (host.get(begin..second).unwrap_or(host), host.get(begin..).unwrap_or(host))
        }
        Some(_) | None => (label, host.get(start(second)..).unwrap_or(host)),
    }
}

/// What a hurried reader sees.
fn appearance(host: &str) -> String {
    let folded = |c: char| {
        // Most hosts are of these alone.
        if c.is_ascii_lowercase() && c != 'l' || c == '.' {
            return c;
        }
        let same = CONFUSABLES.iter().find(|(letters, _)| letters.contains(c));
        same.map_or(c, |(_, latin)| *latin)
    };
    let letters: String = host.to_lowercase().chars().filter(|c| *c != '-').map(folded).collect();
    letters.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::Likenesses;

    #[test]
    fn borrowed_names_are_noticed_and_others_not() {
        let listed = ["zoom.us", "webex.com", "meet.google.com", "teams.microsoft.com"];
        let likenesses = Likenesses::new(listed.to_vec());
        let cases = [
            ("rneet.google.com.example", Some("meet.google.com")),
            ("z00m.us", Some("zoom.us")),
            ("zoom.us.evil.example", Some("zoom.us")),
            ("zoom-us.example", Some("zoom.us")),
            ("contoso-webex.example", Some("webex.com")),
            ("teams.rnicrosoft.example", Some("teams.microsoft.com")),
            ("docs.google.com", None),
            ("dialin.teams.microsoft.com", None),
            ("www.example.org", None),
        ];
        for (host, like) in cases {
            assert_eq!(likenesses.find(host), like, "{host}");
        }
        let cyrillic = url::Url::parse("https://z\u{43e}\u{43e}m.us/").unwrap();
        assert_eq!(likenesses.find(cyrillic.host_str().unwrap()), Some("zoom.us"));
    }
}
