//! Whether a command may be carried out: who signed it, for whom, how fresh it is. Pure.

use protocol::{
    command::{CLOCK_SKEW_MS, COMMAND_LIFE_MS, CommandName, Statement, Why},
    ids::OrganizationId,
};

/// `name` is what the cloud says whose it is; the statement is what the device signed.
pub(super) fn check(
    statement: &Statement,
    name: CommandName,
    organization: &OrganizationId,
    now_ms: i64,
) -> Result<(), Why> {
    let is_theirs = statement.user == name.user
        && statement.idempotency_key == name.idempotency_key
        && statement.organization == *organization;
    if !is_theirs {
        return Err(Why::NotPermitted);
    }
    let age = now_ms.saturating_sub(statement.sent_at_ms);
    if !(-CLOCK_SKEW_MS..=COMMAND_LIFE_MS).contains(&age) {
        return Err(Why::Stale);
    }
    if statement.kind.has_meeting() != statement.meeting_id.is_some() {
        return Err(Why::Invalid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::{
        command::Kind,
        ids::{KeyUrl, MeetingId, UserId},
    };
    use uuid::Uuid;

    use super::*;

    const NOW: i64 = 1_767_225_600_000;

    fn statement() -> Statement {
        Statement {
            organization: OrganizationId("o".into()),
            user: UserId(Uuid::from_u128(1)),
            kind: Kind::Cancel,
            meeting_id: Some(MeetingId("m".into())),
            idempotency_key: Uuid::from_u128(2),
            sent_at_ms: NOW,
            encryption_key_url: KeyUrl::new("kms", Uuid::from_u128(3)),
            sealed: BTreeMap::new(),
        }
    }

    #[test]
    fn only_ones_own_fresh_and_whole_command_is_carried_out() {
        let name =
            CommandName { user: UserId(Uuid::from_u128(1)), idempotency_key: Uuid::from_u128(2) };
        let judge = |change: fn(&mut Statement)| {
            let mut statement = statement();
            change(&mut statement);
            check(&statement, name, &OrganizationId("o".into()), NOW)
        };
        assert_eq!(judge(|_| {}), Ok(()));
        assert_eq!(judge(|s| s.sent_at_ms = NOW - COMMAND_LIFE_MS), Ok(()));
        assert_eq!(judge(|s| s.sent_at_ms = NOW + CLOCK_SKEW_MS), Ok(()));
        assert_eq!(judge(|s| s.sent_at_ms = NOW - COMMAND_LIFE_MS - 1), Err(Why::Stale));
        assert_eq!(judge(|s| s.sent_at_ms = NOW + CLOCK_SKEW_MS + 1), Err(Why::Stale));
        assert_eq!(judge(|s| s.sent_at_ms = i64::MIN), Err(Why::Stale));
        assert_eq!(judge(|s| s.user = UserId(Uuid::from_u128(9))), Err(Why::NotPermitted));
        assert_eq!(judge(|s| s.idempotency_key = Uuid::from_u128(9)), Err(Why::NotPermitted));
        let elsewhere = judge(|s| s.organization = OrganizationId("p".into()));
        assert_eq!(elsewhere, Err(Why::NotPermitted));
        assert_eq!(judge(|s| s.meeting_id = None), Err(Why::Invalid));
        assert_eq!(judge(|s| s.kind = Kind::Create), Err(Why::Invalid));
    }
}
