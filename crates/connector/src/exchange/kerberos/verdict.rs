//! What an answer means for a sign-in by Kerberos. Pure.

use world::http::{HeaderMap, StatusCode};

use crate::exchange::sign_in::{challenge, offers};

const SCHEME: &str = "Negotiate";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The server asks back, or says why it refuses.
    GoOn(Vec<u8>),
    Refused,
    /// It wants a sign-in of another kind, which we were not told to use.
    NotOffered,
    /// Its proof, which must be looked at; none on a connection where it has proved itself before.
    Believed(Option<Vec<u8>>),
    /// It answers as Exchange does and proves nothing.
    Unproven,
    /// Not an answer of Exchange's, whoever gave it: nothing is believed of it.
    Foreign,
}

pub(super) fn judge(status: StatusCode, headers: &HeaderMap, is_proven: bool) -> Verdict {
    let reply = challenge(headers, SCHEME).filter(|token| !token.is_empty());
    if status == StatusCode::UNAUTHORIZED {
        return match reply {
            Some(reply) => Verdict::GoOn(reply),
            None if offers(headers, SCHEME) => Verdict::Refused,
            None => Verdict::NotOffered,
        };
    }
    let is_exchanges = status.is_success() || status == StatusCode::INTERNAL_SERVER_ERROR;
    match reply {
        Some(reply) => Verdict::Believed(Some(reply)),
        None if is_proven => Verdict::Believed(None),
        None if is_exchanges => Verdict::Unproven,
        None => Verdict::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("www-authenticate", line.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn what_an_answer_means() {
        let token = || vec![1, 2, 3];
        let cases: [(u16, &[&'static str], bool, Verdict); 14] = [
            (401, &["Negotiate AQID", "NTLM"], false, Verdict::GoOn(token())),
            (401, &["NTLM", "negotiate AQID"], true, Verdict::GoOn(token())),
            (401, &["Negotiate", "NTLM"], false, Verdict::Refused),
            (401, &["Negotiate "], true, Verdict::Refused),
            (401, &["Negotiate ***"], false, Verdict::Refused),
            (401, &["NTLM", "Basic realm=\"x\""], false, Verdict::NotOffered),
            (401, &[], true, Verdict::NotOffered),
            (200, &["Negotiate AQID"], false, Verdict::Believed(Some(token()))),
            (200, &["Negotiate AQID"], true, Verdict::Believed(Some(token()))),
            (200, &[], true, Verdict::Believed(None)),
            (200, &["NTLM AQID"], false, Verdict::Unproven),
            (500, &[], false, Verdict::Unproven),
            (503, &[], false, Verdict::Foreign),
            (302, &[], false, Verdict::Foreign),
        ];
        for (status, lines, is_proven, verdict) in cases {
            let code = StatusCode::from_u16(status).expect("a status");
            assert_eq!(judge(code, &headers(lines), is_proven), verdict, "{status} {lines:?}");
        }
    }
}
