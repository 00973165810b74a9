//! Trouble on demand: what the next requests of an operation meet instead of an answer.

use std::{collections::VecDeque, time::Duration};

use ews::ResponseCode;

/// One kind of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A SOAP fault with this code.
    Fault(ResponseCode),
    /// `ErrorServerBusy`, with how long to stay away.
    Busy { back_off: Duration },
    /// HTTP 200 with something that is not XML.
    Garbage,
    /// A 401, whatever the credentials.
    Unauthorized,
    /// HTTP 503 without SOAP.
    Unavailable,
    /// The connection breaks before anything happens.
    Drop,
    /// Everything happens, but the connection breaks before the answer.
    LoseAnswer,
}

/// Orders of trouble, oldest first.
#[derive(Default)]
pub(crate) struct Troubles(VecDeque<Order>);

struct Order {
    operation: Option<String>,
    left: u32,
    trouble: Trouble,
}

impl Troubles {
    pub(crate) fn order(&mut self, operation: Option<&str>, requests: u32, trouble: Trouble) {
        let operation = operation.map(str::to_owned);
        self.0.push_back(Order { operation, left: requests, trouble });
    }

    /// What this request meets, if anything.
    pub(crate) fn take(&mut self, operation: &str) -> Option<Trouble> {
        self.0.retain(|order| order.left > 0);
        let meant = |order: &&mut Order| {
            order.operation.as_deref().is_none_or(|wanted| wanted == operation)
        };
        let order = self.0.iter_mut().find(meant)?;
        order.left -= 1;
        Some(order.trouble.clone())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_as_often_as_ordered() {
        let mut troubles = Troubles::default();
        troubles.order(Some("GetItem"), 2, Trouble::Garbage);
        assert_eq!(troubles.take("FindItem"), None);
        assert_eq!(troubles.take("GetItem"), Some(Trouble::Garbage));
        assert_eq!(troubles.take("GetItem"), Some(Trouble::Garbage));
        assert_eq!(troubles.take("GetItem"), None);
        troubles.order(None, 1, Trouble::Drop);
        troubles.clear();
        assert_eq!(troubles.take("GetItem"), None);
    }
}
