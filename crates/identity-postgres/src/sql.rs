//! Statements with their parameters: rows travel as arrays, one for each column, and are unnested by the server.

use std::borrow::Cow;

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// The text of a statement, which stands in a file of its own.
macro_rules! texts {
    ($($name:ident)*) => {
        /// The texts of all statements, with the names of the tables in place.
        pub(crate) struct Texts {
            $(pub(crate) $name: String,)*
            /// As `commit`, for one commit that touches a budget more than once.
            pub(crate) ledger_commit: String,
        }

        impl Texts {
            /// The texts, when this stands before the name of every table.
            pub(crate) fn new(tables: &str) -> Self {
                let with_tables = |text: &str| text.trim_end().replace("{s}", tables);
                let all = Self {
                    $($name: with_tables(include_str!(concat!("sql/", stringify!($name), ".sql"))),)*
                    ledger_commit: String::new(),
                };
                all.with_parts()
            }
        }
    };
}

impl Texts {
    /// Puts the parts that several statements share in their places.
    fn with_parts(mut self) -> Self {
        self.ledger_commit = self.commit.replace("{judge}", &self.ledger);
        self.commit = self.commit.replace("{judge}", &self.judge);
        for text in [&mut self.load, &mut self.list, &mut self.browse] {
            *text = text.replace("{users}", &self.users);
        }
        let outbox = [&mut self.lease, &mut self.leased, &mut self.report, &mut self.one, &mut self.posted];
        for text in outbox.into_iter().chain([&mut self.dead, &mut self.expire]) {
            *text = text.replace("{message}", &self.message).replace("{now}", &self.now);
        }
        self
    }
}

texts! {
    hold wait commit judge ledger clear erase users load list created updated prefix browse search signins find history
    message now lease leased damaged finish settle report one posted dead expire prune sweep
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Long,
    Flag,
    Id,
}

/// One cell of a row to be written. A cell that is absent is NULL.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Text(Option<Cow<'a, str>>),
    Long(Option<i64>),
    Flag(bool),
    Id(Option<Uuid>),
}

macro_rules! cell_from {
    ($($from:ty => $to:expr;)*) => {
        $(impl<'a> From<$from> for Cell<'a> {
            fn from(value: $from) -> Self {
                $to(value)
            }
        })*
    };
}

cell_from! {
    &'a str => |text| Cell::Text(Some(Cow::Borrowed(text)));
    Option<&'a str> => |text: Option<&'a str>| Cell::Text(text.map(Cow::Borrowed));
    String => |text| Cell::Text(Some(Cow::Owned(text)));
    Option<String> => |text: Option<String>| Cell::Text(text.map(Cow::Owned));
    i64 => |number| Cell::Long(Some(number));
    Option<i64> => Cell::Long;
    bool => Cell::Flag;
    Uuid => |id| Cell::Id(Some(id));
    Option<Uuid> => Cell::Id;
}

/// The columns of some rows.
pub(crate) type Layout = &'static [Kind];

/// Rows that are on their way into a statement.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    layout: Layout,
    cells: Vec<Cell<'a>>,
}

impl<'a> Rows<'a> {
    pub(crate) const fn new(layout: Layout) -> Self {
        Self { layout, cells: Vec::new() }
    }

    /// Adds a row, cell by cell in the order of the layout.
    pub(crate) fn push<const N: usize>(&mut self, cells: [Cell<'a>; N]) {
        debug_assert_eq!(N, self.layout.len(), "a row has as many cells as its layout: {:?}", self.layout);
        self.cells.extend(cells);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// A statement and its parameters, which the text names by their places.
#[derive(Default)]
pub(crate) struct Sql<'a> {
    pub(crate) text: Cow<'a, str>,
    params: Vec<(Box<dyn ToSql + Sync + Send + 'a>, Type)>,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), params: Vec::new() }
    }

    /// The types of the parameters, and the parameters.
    pub(crate) fn types(&self) -> Vec<Type> {
        self.params.iter().map(|(_, kind)| kind.clone()).collect()
    }

    pub(crate) fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|(value, _)| &**value as &(dyn ToSql + Sync)).collect()
    }

    pub(crate) fn typed_params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.params.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
    }

    /// With one more parameter.
    pub(crate) fn with(mut self, value: impl ToSql + Sync + Send + 'a, kind: Type) -> Self {
        self.params.push((Box::new(value), kind));
        self
    }

    /// With one more parameter for each column of these rows.
    pub(crate) fn rows(mut self, rows: Rows<'a>) -> Self {
        let mut columns: Vec<Vec<Cell<'a>>> = rows.layout.iter().map(|_| Vec::new()).collect();
        let mut cells = rows.cells.into_iter();
        while !cells.as_slice().is_empty() {
            columns.iter_mut().zip(&mut cells).for_each(|(column, cell)| column.push(cell));
        }
        for (kind, column) in rows.layout.iter().zip(columns) {
            self = match kind {
                Kind::Text => self.with(
                    values(column, |cell| if let Cell::Text(text) = cell { text } else { None }),
                    Type::TEXT_ARRAY,
                ),
                Kind::Long => self.with(
                    values(column, |cell| if let Cell::Long(number) = cell { number } else { None }),
                    Type::INT8_ARRAY,
                ),
                Kind::Flag => self.with(
                    values(column, |cell| if let Cell::Flag(flag) = cell { Some(flag) } else { None }),
                    Type::BOOL_ARRAY,
                ),
                Kind::Id => {
                    self.with(values(column, |cell| if let Cell::Id(id) = cell { id } else { None }), Type::UUID_ARRAY)
                }
            };
        }
        self
    }
}

/// The values of a column. A cell of another kind would be NULL, which no column takes where it matters; the layouts are
/// constants, and every one of them is written in the tests.
fn values<'a, T>(column: Vec<Cell<'a>>, value: impl Fn(Cell<'a>) -> Option<T>) -> Vec<Option<T>> {
    column.into_iter().map(value).collect()
}
