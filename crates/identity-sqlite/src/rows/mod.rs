//! The tables: writing values as rows, and reading rows as values.

pub(crate) mod budgets;
pub(crate) mod cells;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod outbox;
pub(crate) mod users;
