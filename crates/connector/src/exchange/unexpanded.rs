//! Series in a view that a server did not expand: their occurrences are asked for by number. The
//! rule stays the server's business.

use ews::{Item, ItemRef, ResponseCode, ids::OccurrenceItemId, operations::GetItem};
use jiff::Timestamp;

use super::{
    Failure, Session,
    item::{self, Row},
};
use crate::entry::Kind;

const OCCURRENCES_PER_REQUEST: i32 = 50;
/// Occurrences of one series looked at, from its beginning; later ones are not listed.
const OCCURRENCES_MAX: i32 = 2_000;

impl Session {
    /// Rows with every master replaced by its occurrences between two moments. Exchange's views
    /// hold no masters: for it this asks nothing.
    pub(super) async fn expanded(
        &self,
        rows: Vec<Row>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Row>, Failure> {
        let (masters, mut rows): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.kind == Kind::SeriesMaster);
        for master in masters {
            let occurrences = self.occurrences(&master, to).await?;
            rows.extend(occurrences.into_iter().filter(|row| row.end > from && row.start < to));
        }
        Ok(rows)
    }

    /// From the first on; the last batch may reach beyond `to`.
    async fn occurrences(&self, master: &Row, to: Timestamp) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        let mut first = 1;
        while first <= OCCURRENCES_MAX {
            let item_ids = (first..first + OCCURRENCES_PER_REQUEST).map(|instance_index| {
                ItemRef::Occurrence(OccurrenceItemId {
                    recurring_master_id: master.id.0.clone(),
                    change_key: None,
                    instance_index,
                })
            });
            let request = GetItem { item_shape: item::row_shape(), item_ids: item_ids.collect() };
            for result in self.connection.call(Some(&self.mailbox), &request).await? {
                match result {
                    Ok(reply) => rows.extend(reply.items.iter().filter_map(occurrence)),
                    Err(error) => match error.code {
                        ResponseCode::ErrorItemNotFound
                        | ResponseCode::ErrorCalendarOccurrenceIsDeletedFromRecurrence => {}
                        ResponseCode::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange => {
                            return Ok(rows);
                        }
                        _ => return Err(error.into()),
                    },
                }
            }
            // A single one may have been moved far ahead; the rule goes on in order.
            if rows.iter().any(|row| row.kind == Kind::Occurrence && row.start >= to) {
                break;
            }
            first += OCCURRENCES_PER_REQUEST;
        }
        Ok(rows)
    }
}

fn occurrence(item: &Item) -> Option<Row> {
    item::row(item).filter(|row| row.kind != Kind::SeriesMaster)
}
