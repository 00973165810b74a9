//! How far the lists of many people are, for a node that shares its database with others.

use protocol::ids::UserId;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;
use world::database::Kind;

use super::{Result, Store};

/// People asked about in one statement; the others in the next.
const HEADS_TOGETHER_MAX: usize = 500;

impl Store {
    /// Whether other processes may write to the same database all the time.
    pub(crate) fn may_be_shared(&self) -> bool {
        self.database.kind == Kind::Postgres
    }

    /// The newest revision of each of them who has one.
    pub(crate) async fn heads(&self, users: &[UserId]) -> Result<Vec<(UserId, i64)>> {
        let _hold = self.clock.hold();
        let mut heads = Vec::with_capacity(users.len());
        for users in users.chunks(HEADS_TOGETHER_MAX) {
            let places: Vec<_> = (0..users.len()).map(|index| format!("${}", index + 2)).collect();
            let select = format!(
                "select user_id, rev from head where organization = $1 and user_id in ({})",
                places.join(", ")
            );
            // Its text differs with each number of people.
            let mut query = sqlx::query(AssertSqlSafe(select)).persistent(false);
            query = query.bind(&self.organization.0);
            for user in users {
                query = query.bind(user.to_string());
            }
            for row in query.fetch_all(&self.pool).await? {
                let user = Uuid::parse_str(row.try_get(0)?).unwrap_or_default();
                heads.push((UserId(user), row.try_get(1)?));
            }
        }
        Ok(heads)
    }
}
