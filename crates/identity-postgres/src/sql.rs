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

#[derive(Debug)]
enum Column<'a> {
    Text(Vec<Option<Cow<'a, str>>>),
    Long(Vec<Option<i64>>),
    Flag(Vec<bool>),
    Id(Vec<Option<Uuid>>),
}

/// The columns of some rows.
pub(crate) type Layout = &'static [Kind];

/// Rows that are on their way into a statement.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    layout: Layout,
    columns: Vec<Column<'a>>,
    count: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(layout: Layout) -> Self {
        let column = |kind: &Kind| match kind {
            Kind::Text => Column::Text(Vec::new()),
            Kind::Long => Column::Long(Vec::new()),
            Kind::Flag => Column::Flag(Vec::new()),
            Kind::Id => Column::Id(Vec::new()),
        };
        Self { layout, columns: layout.iter().map(column).collect(), count: 0 }
    }

    /// Adds a row, cell by cell in the order of the layout.
    pub(crate) fn push<const N: usize>(&mut self, cells: [Cell<'a>; N]) {
        debug_assert_eq!(N, self.layout.len(), "a row has as many cells as its layout: {:?}", self.layout);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Text(column), Cell::Text(text)) => column.push(text),
                (Column::Long(column), Cell::Long(number)) => column.push(number),
                (Column::Flag(column), Cell::Flag(flag)) => column.push(flag),
                (Column::Id(column), Cell::Id(id)) => column.push(id),
                // The arrays would differ in length and the server would fill them up with NULL, which no column takes
                // where it matters. The layouts are constants, and every one of them is written in the tests.
                (column, cell) => debug_assert!(false, "a cell of another kind: {column:?}, {cell:?}"),
            }
        }
        self.count += 1;
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
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
        for column in rows.columns {
            self = match column {
                Column::Text(values) => self.with(values, Type::TEXT_ARRAY),
                Column::Long(values) => self.with(values, Type::INT8_ARRAY),
                Column::Flag(values) => self.with(values, Type::BOOL_ARRAY),
                Column::Id(values) => self.with(values, Type::UUID_ARRAY),
            };
        }
        self
    }
}
