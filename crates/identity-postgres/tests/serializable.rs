//! The laws of the ports where every statement is a serializable transaction.

mod common;

use std::sync::OnceLock;

use common::Place;
use postgres_testbed::{Cluster, Database};

fn serializable() -> Place {
    static DATABASE: OnceLock<Database> = OnceLock::new();
    let database = DATABASE.get_or_init(|| {
        let database = Cluster::shared().database();
        let name = database.name();
        database.sql(&format!("ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'"));
        database
    });
    Place::within(database, None)
}

identity_conformance::suite!(serializable());
