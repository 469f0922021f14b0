//! Statements with their parameters: rows travel as arrays, one for each column, and are unnested by the server.

use std::borrow::Cow;
use std::fmt::Write as _;

use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Long,
    Flag,
    Id,
    Bytes,
}

impl Kind {
    const fn array(self) -> Type {
        match self {
            Self::Text => Type::TEXT_ARRAY,
            Self::Long => Type::INT8_ARRAY,
            Self::Flag => Type::BOOL_ARRAY,
            Self::Id => Type::UUID_ARRAY,
            Self::Bytes => Type::BYTEA_ARRAY,
        }
    }
}

/// One cell of a row to be written. A cell that is absent is NULL.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Text(Option<Cow<'a, str>>),
    Long(Option<i64>),
    Flag(bool),
    Id(Option<Uuid>),
    Bytes(Option<&'a [u8]>),
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
    Option<&'a [u8]> => Cell::Bytes;
}

#[derive(Debug)]
enum Column<'a> {
    Text(Vec<Option<Cow<'a, str>>>),
    Long(Vec<Option<i64>>),
    Flag(Vec<bool>),
    Id(Vec<Option<Uuid>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

/// The columns of some rows, by name and kind.
pub(crate) type Layout = &'static [(&'static str, Kind)];

/// Rows that are on their way into a statement.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    layout: Layout,
    columns: Vec<Column<'a>>,
    count: usize,
    /// Whether a statement names them even when there are none.
    named: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(layout: Layout) -> Self {
        let column = |(_, kind): &(&str, Kind)| match kind {
            Kind::Text => Column::Text(Vec::new()),
            Kind::Long => Column::Long(Vec::new()),
            Kind::Flag => Column::Flag(Vec::new()),
            Kind::Id => Column::Id(Vec::new()),
            Kind::Bytes => Column::Bytes(Vec::new()),
        };
        Self { layout, columns: layout.iter().map(column).collect(), count: 0, named: false }
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
                (Column::Bytes(column), Cell::Bytes(bytes)) => column.push(bytes),
                // The arrays would differ in length and the server would fill them up with NULL, which no column takes
                // where it matters. The layouts are constants, and every one of them is written in the tests.
                (column, cell) => debug_assert!(false, "a cell of another kind: {column:?}, {cell:?}"),
            }
        }
        self.count += 1;
    }

    /// Has the statement name them even when there are none.
    pub(crate) const fn name(&mut self) {
        self.named = true;
    }

    /// Whether the statement names them.
    pub(crate) const fn is_named(&self) -> bool {
        self.named || self.count > 0
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
    }
}

/// A statement in the making.
#[derive(Default)]
pub(crate) struct Sql<'a> {
    pub(crate) text: String,
    params: Vec<(Box<dyn ToSql + Sync + Send + 'a>, Type)>,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(text: impl Into<String>) -> Self {
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

    fn bind(&mut self, value: impl ToSql + Sync + Send + 'a, kind: Type) -> usize {
        self.params.push((Box::new(value), kind));
        self.params.len()
    }

    /// With one more parameter; the text names it by its place.
    pub(crate) fn with(mut self, value: impl ToSql + Sync + Send + 'a, kind: Type) -> Self {
        self.bind(value, kind);
        self
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes `unnest(..) AS alias(..)` for these rows.
    pub(crate) fn unnest(&mut self, rows: Rows<'a>, alias: &str) {
        self.text.push_str("unnest(");
        for (index, (column, (_, kind))) in rows.columns.into_iter().zip(rows.layout).enumerate() {
            let array = kind.array();
            let place = match column {
                Column::Text(values) => self.bind(values, array),
                Column::Long(values) => self.bind(values, array),
                Column::Flag(values) => self.bind(values, array),
                Column::Id(values) => self.bind(values, array),
                Column::Bytes(values) => self.bind(values, array),
            };
            let comma = if index == 0 { "" } else { ", " };
            let cast = match kind {
                Kind::Text => "text",
                Kind::Long => "int8",
                Kind::Flag => "bool",
                Kind::Id => "uuid",
                Kind::Bytes => "bytea",
            };
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{comma}${place}::{cast}[]");
        }
        let names: Vec<&str> = rows.layout.iter().map(|(name, _)| *name).collect();
        let _ = write!(self.text, ") AS {alias}({})", names.join(", "));
    }
}
