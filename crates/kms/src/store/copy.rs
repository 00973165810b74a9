//! The whole database as rows, out of one and into another, whichever kind of database it is.

use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _, any::AnyRow};

use world::database;

use super::{Store, log::put_setting, unreadable, writer};
use crate::audit::Entry;

/// Rows read at once.
const ROWS_MAX: i64 = 1000;

/// One that goes into a copy, ordered by its first column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    columns: &'static [(&'static str, Kind)],
    /// Rows that go along: those of a lasting kind.
    only: &'static str,
    /// What no two rows share; numbers in the first column only.
    order: Order,
}

#[derive(Debug, PartialEq, Eq)]
enum Order {
    First,
    /// Two columns of text, by which rows are told apart only together.
    FirstTwo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bytes,
}

use Kind::{Bytes, Number, Text};

/// What is copied. What lives for an hour (channels) or a day (keys not bound yet) is not.
pub(crate) const TABLES: [Table; 9] = [
    Table {
        name: "settings",
        columns: &[("name", Text), ("value", Bytes)],
        only: "1 = 1",
        order: Order::First,
    },
    Table {
        name: "keys",
        columns: &[
            ("id", Text),
            ("resource", Text),
            ("purpose", Text),
            ("epoch", Number),
            ("made", Text),
            ("wrapped", Bytes),
        ],
        only: "1 = 1",
        order: Order::First,
    },
    Table {
        name: "audit",
        columns: &[
            ("seq", Number),
            ("time", Text),
            ("actor", Text),
            ("op", Text),
            ("object", Text),
            ("result", Number),
            ("hash", Bytes),
        ],
        only: "1 = 1",
        order: Order::First,
    },
    Table {
        name: "key_changes",
        columns: &[("serial", Number), ("what", Text), ("resource", Text), ("at_ms", Number)],
        only: "1 = 1",
        order: Order::First,
    },
    Table {
        name: "erased_keys",
        columns: &[("id", Text), ("resource", Text), ("purpose", Text)],
        only: "1 = 1",
        order: Order::First,
    },
    Table {
        name: "devices",
        columns: &[("user_id", Text), ("id", Text), ("x", Text), ("y", Text), ("made_ms", Number)],
        only: "1 = 1",
        order: Order::FirstTwo,
    },
    Table {
        name: "shared_keys",
        columns: &[
            ("id", Text),
            ("creator", Text),
            ("client", Text),
            ("made", Number),
            ("resource", Text),
            ("bound", Number),
            ("wrapped", Bytes),
        ],
        only: "resource <> ''",
        order: Order::First,
    },
    Table {
        name: "resources",
        columns: &[("id", Text), ("creator", Text), ("made", Number)],
        only: "1 = 1",
        order: Order::First,
    },
    Table {
        name: "authorizations",
        columns: &[("id", Text), ("resource", Text), ("holder", Text)],
        only: "1 = 1",
        order: Order::First,
    },
];

/// A row as it stands in a copy: numbers in decimal, bytes in base64.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct CopiedRow {
    pub(crate) table: String,
    pub(crate) values: Vec<String>,
}

impl Table {
    fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(name, _)| *name).collect()
    }

    fn read(&self, row: &AnyRow) -> sqlx::Result<CopiedRow> {
        let value = |(name, kind): &(&str, Kind)| match kind {
            Text => row.try_get(*name),
            Number => row.try_get::<i64, _>(*name).map(|number| number.to_string()),
            Bytes => row.try_get::<Vec<u8>, _>(*name).map(|bytes| STANDARD.encode(bytes)),
        };
        let values = self.columns.iter().map(value).collect::<sqlx::Result<_>>()?;
        Ok(CopiedRow { table: self.name.into(), values })
    }
}

impl Store {
    /// Gives every row to `take`, all as they are at one moment.
    pub(crate) async fn copy_out<E: From<sqlx::Error>>(
        &self,
        mut take: impl FnMut(CopiedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let _hold = self.clock.hold();
        let mut transaction = self.database.pool.begin().await?;
        if self.database.kind == database::Kind::Postgres {
            // SQLite's transactions see one moment by themselves.
            sqlx::query("set transaction isolation level repeatable read")
                .execute(&mut *transaction)
                .await?;
        }
        for table in &TABLES {
            copy_table(&mut transaction, table, &mut take).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Whether nothing lies here yet.
    pub(crate) async fn is_empty(&self) -> sqlx::Result<bool> {
        let _hold = self.clock.hold();
        for table in &TABLES {
            let any = format!("select 1 from {} limit 1", table.name);
            let any = sqlx::query(AssertSqlSafe(any)).fetch_optional(&self.database.pool).await?;
            if any.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All rows that `give` gives, the settings on top, and the log's entry, or nothing.
    pub(crate) async fn copy_in<E: From<sqlx::Error>>(
        &self,
        mut give: impl FnMut() -> Result<Option<CopiedRow>, E>,
        settings: &[(String, Vec<u8>)],
        entry: &Entry,
    ) -> Result<(), E> {
        let _hold = self.clock.hold();
        let mut transaction = writer::begin(&self.database).await?;
        while let Some(row) = give()? {
            put(&mut transaction, &row).await?;
        }
        for (name, value) in settings {
            put_setting(&mut transaction, name, value).await?;
        }
        let head = writer::newest(&mut transaction).await?;
        writer::append(&mut transaction, &head, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn copy_table<E: From<sqlx::Error>>(
    connection: &mut AnyConnection,
    table: &Table,
    take: &mut impl FnMut(CopiedRow) -> Result<(), E>,
) -> Result<(), E> {
    let columns = table.names();
    let at = |index: usize| columns.get(index).copied().unwrap_or_default().to_owned();
    let (first, second) = (at(0), at(1));
    let (columns, Table { name, only, .. }) = (columns.join(", "), table);
    let mut after: Option<CopiedRow> = None;
    loop {
        let (order, beyond) = match table.order {
            Order::First => (first.clone(), format!("{first} > $1")),
            Order::FirstTwo => (
                format!("{first}, {second}"),
                format!("({first} > $1 or ({first} = $1 and {second} > $2))"),
            ),
        };
        let beyond = if after.is_some() { beyond } else { "1 = 1".into() };
        let text = format!(
            "select {columns} from {name} where {only} and {beyond} order by {order} limit {ROWS_MAX}"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        if let Some(row) = &after {
            query = match table.columns.first() {
                Some((_, Number)) => query.bind(number(row.values.first())?),
                Some((_, Text | Bytes)) | None => query.bind(row.values.first().cloned()),
            };
            if table.order == Order::FirstTwo {
                query = query.bind(row.values.get(1).cloned());
            }
        }
        let rows = query.fetch_all(&mut *connection).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(table.read(last)?);
        for row in &rows {
            take(table.read(row)?)?;
        }
    }
}

async fn put(connection: &mut AnyConnection, row: &CopiedRow) -> sqlx::Result<()> {
    let table = TABLES.iter().find(|table| table.name == row.table);
    let table = table.ok_or_else(|| unreadable("a table of a newer version"))?;
    if table.columns.len() != row.values.len() {
        return Err(unreadable("a row of another form"));
    }
    let places: Vec<String> = (1..=table.columns.len()).map(|at| format!("${at}")).collect();
    let (columns, places) = (table.names().join(", "), places.join(", "));
    let text = format!("insert into {} ({columns}) values ({places})", table.name);
    let mut query = sqlx::query(AssertSqlSafe(text));
    for ((_, kind), value) in table.columns.iter().zip(&row.values) {
        query = match kind {
            Text => query.bind(value.as_str()),
            Number => query.bind(number(Some(value))?),
            Bytes => query.bind(STANDARD.decode(value).map_err(unreadable)?),
        };
    }
    query.execute(connection).await.map(drop)
}

fn number(text: Option<&String>) -> sqlx::Result<i64> {
    text.map_or("", String::as_str).parse().map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SCHEMA;

    /// Tables of short-lived things: a copy leaves them out.
    const LEFT_OUT: [&str; 2] = ["channels", "channel_answers"];

    #[test]
    fn of_every_table_it_is_decided_whether_it_is_copied() {
        for part in SCHEMA {
            for made in part.split("create table if not exists ").skip(1) {
                let name = made.split_whitespace().next().expect("a name");
                let is_copied = TABLES.iter().any(|table| table.name == name);
                assert!(
                    is_copied != LEFT_OUT.contains(&name),
                    "{name}: put it into TABLES, or into LEFT_OUT"
                );
                let Some(table) = TABLES.iter().find(|table| table.name == name) else { continue };
                let body = made.split("\n);").next().expect("columns");
                let columns = body.lines().skip(1).map(str::trim).filter(|line| {
                    let is_rule = line.starts_with("unique") || line.starts_with("primary key");
                    !line.is_empty() && !line.starts_with("--") && !is_rule
                });
                let columns: Vec<_> =
                    columns.filter_map(|line| line.split_whitespace().next()).collect();
                assert_eq!(table.names(), columns, "{name}");
            }
        }
    }
}
