//! Whether all is well between us and Webex: tokens, clocks, the site, and what is left of the day.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use world::http::HeaderMap;

use super::{Webex, failure::CallFailure};
use crate::meeting::ProviderFailure;

/// More makes tokens and times wrong.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

impl Webex {
    pub(super) async fn examined(&self) -> Result<(), ProviderFailure> {
        let answer = match self.client.sites().await {
            Ok(answer) => Some(answer),
            // It answers and takes the token; an app without this scope may still make meetings.
            Err(CallFailure::Forbidden | CallFailure::Gone | CallFailure::Invalid(_)) => None,
            Err(failure) => return Err(failure.into()),
        };
        if let Some((sites, headers)) = answer {
            let now = self.client.world.clock.now();
            if date(&headers).is_some_and(|there| skew(there, now) > SKEW_MAX) {
                return Err(ProviderFailure::Refused("this computer's clock is wrong"));
            }
            let is_elsewhere = |site: &String| !sites.is_empty() && !sites.contains(site);
            if self.settings.site.as_ref().is_some_and(is_elsewhere) {
                return Err(ProviderFailure::Refused(
                    "Webex does not know the site of the settings",
                ));
            }
        }
        if let Some(warning) = self.client.keeper.nearness().await?.warning() {
            return Err(ProviderFailure::Refused(warning));
        }
        if self.client.keeper.is_exhausted().await? {
            return Err(CallFailure::Quota.into());
        }
        Ok(())
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(headers.get("date")?.to_str().ok()?).ok()
}

fn skew(there: Timestamp, here: Timestamp) -> SignedDuration {
    there.duration_since(here).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_understood() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Wed, 25 Nov 2026 10:30:00 GMT".parse().unwrap());
        let there = date(&headers).unwrap();
        assert_eq!(there, "2026-11-25T10:30:00Z".parse().unwrap());
        assert!(skew(there, "2026-11-25T10:36:00Z".parse().unwrap()) > SKEW_MAX);
    }
}
