//! Statements with their parameters. Rows travel as arrays, one for each column, and are unnested by the server.

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
            /// As `ledger_commit`, for the two parts of a commit of two users.
            pub(crate) pair_commit: String,
        }

        impl Texts {
            /// The texts, when this stands before the name of every table.
            pub(crate) fn new(tables: &str) -> Self {
                let with_tables = |text: &str| text.trim_end().replace("{s}", tables);
                let all = Self {
                    $($name: with_tables(include_str!(concat!("sql/", stringify!($name), ".sql"))),)*
                    ledger_commit: String::new(),
                    pair_commit: String::new(),
                };
                all.with_parts()
            }
        }
    };
}

/// What commit.sql has besides for the two parts of one commit: a claim passes that the other part releases, each part is written
/// if nothing speaks against either, and the statement fails (as 22012, see `failure`) when one user was written and the other was
/// not, because somebody created that one meanwhile.
const PAIR: [&str; 3] = [
    "\n    AND NOT EXISTS (SELECT 1 FROM c WHERE c.id = k.user_id AND c.record IS NULL)
    AND NOT EXISTS (SELECT 1 FROM unnest($53::text[], $54::text[], $55::text[], $56::int8[]) AS r(user_id, kind, key, rule)
    WHERE r.user_id = k.user_id AND r.kind = t.kind AND r.key = t.key AND r.rule = t.rule)",
    " AND false <> ALL ((SELECT a FROM ok)::bool[])",
    "\n    HAVING 1 / (count(users.id) IN (0, count(*)))::int = 1",
];

impl Texts {
    /// Puts the parts that several statements share in their places.
    fn with_parts(mut self) -> Self {
        let parts = ["{handed}", "{all}", "{whole}"];
        let pair = parts.into_iter().zip(PAIR).fold(self.commit.clone(), |text, (part, sql)| text.replace(part, sql));
        self.pair_commit = pair.replace("{judge}", &self.ledger);
        let single = parts.into_iter().fold(self.commit, |text, part| text.replace(part, ""));
        self.ledger_commit = single.replace("{judge}", &self.ledger);
        self.commit = single.replace("{judge}", &self.judge);
        self.draw = self.draw.replace("{ledger}", &self.ledger);
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
    hold wait commit judge ledger clear erase users load list created updated prefix browse search reported find history
    message now enqueue lease leased damaged finish settle report one posted dead backlog expire prune sweep draw
    feed_last feed_settled feed
}

/// A value that a statement takes.
pub(crate) trait Param: ToSql + Sync + Send {
    /// Its type on the server.
    const TYPE: Type;
    /// The type of a column of such values.
    const ARRAY: Type;
}

macro_rules! params {
    ($($value:ty => $kind:ident, $array:ident;)*) => {
        $(impl Param for $value {
            const TYPE: Type = Type::$kind;
            const ARRAY: Type = Type::$array;
        }

        impl Param for Option<$value> {
            const TYPE: Type = Type::$kind;
            const ARRAY: Type = Type::$array;
        })*
    };
}

params! {
    &str => TEXT, TEXT_ARRAY;
    String => TEXT, TEXT_ARRAY;
    i64 => INT8, INT8_ARRAY;
    bool => BOOL, BOOL_ARRAY;
    Uuid => UUID, UUID_ARRAY;
}

/// A parameter in its place.
type Placed<'a> = (Box<dyn ToSql + Sync + Send + 'a>, Type);

fn value<'a, T: Param + 'a>(value: T) -> Placed<'a> {
    (Box::new(value), T::TYPE)
}

fn column<'a, T: Param + 'a>(values: Vec<T>) -> Placed<'a> {
    (Box::new(values), T::ARRAY)
}

/// Some values in the order in which a statement takes them: parameters, or the cells of a row.
pub(crate) trait Values<'a>: Sized {
    fn values(self) -> Vec<Placed<'a>>;
    fn columns(rows: impl Iterator<Item = Self>) -> Vec<Placed<'a>>;
}

macro_rules! tuples {
    () => {};
    ($first:ident $($next:ident)*) => {
        #[expect(non_snake_case, reason = "a value has the name of its type")]
        impl<'a, $first: Param + 'a, $($next: Param + 'a),*> Values<'a> for ($first, $($next,)*) {
            fn values(self) -> Vec<Placed<'a>> {
                let ($first, $($next,)*) = self;
                vec![value($first), $(value($next)),*]
            }

            fn columns(rows: impl Iterator<Item = Self>) -> Vec<Placed<'a>> {
                let ($first, $($next,)*): (Vec<$first>, $(Vec<$next>,)*) = rows.collect();
                vec![column($first), $(column($next)),*]
            }
        }

        tuples! { $($next)* }
    };
}

tuples! { A B C D E F G H I J K L }

/// A statement and its parameters, which the text names by their places.
pub(crate) struct Sql<'a> {
    pub(crate) text: Cow<'a, str>,
    params: Vec<Placed<'a>>,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), params: Vec::new() }
    }

    pub(crate) fn types(&self) -> Vec<Type> {
        self.params.iter().map(|(_, kind)| kind.clone()).collect()
    }

    pub(crate) fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|(value, _)| &**value as &(dyn ToSql + Sync)).collect()
    }

    pub(crate) fn typed_params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.params.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
    }

    /// With these parameters.
    pub(crate) fn with(mut self, values: impl Values<'a>) -> Self {
        self.params.extend(values.values());
        self
    }

    /// With one more parameter for each column of these rows.
    pub(crate) fn rows<R: Values<'a>>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        self.params.extend(R::columns(rows.into_iter()));
        self
    }
}
