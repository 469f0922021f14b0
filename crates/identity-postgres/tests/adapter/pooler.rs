//! The laws of the ports where everything differs that can: through a proxy that shares sessions between clients, so that the next
//! statement of a connection may run in another session, in which no statement is prepared; and every statement is a
//! serializable transaction.

use std::sync::OnceLock;

use crate::common::Place;
use postgres_testbed::{Cluster, Database, Pgbouncer, Pooling};

fn pooled() -> Place {
    static POOLER: OnceLock<(Database, Pgbouncer)> = OnceLock::new();
    let (database, pooler) = POOLER.get_or_init(|| {
        let cluster = Cluster::shared();
        let database = cluster.database();
        database
            .sql(&format!("ALTER DATABASE {} SET default_transaction_isolation TO 'serializable'", database.name()));
        (database, Pgbouncer::start(cluster, Pooling::Transaction, 10))
    });
    Place::within(database, Some(pooler.port()))
}

identity_conformance::suite!(pooled());

#[tokio::test]
async fn a_proxy_that_shares_sessions_is_detected() {
    assert!(!pooled().store().await.is_prepared());
    assert!(Place::new().store().await.is_prepared());
}

#[tokio::test]
async fn the_sessions_behind_the_proxy_are_serializable() {
    let (client, connection) =
        identity_postgres::tokio_postgres::connect(&pooled().url(), identity_postgres::tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let told = client.simple_query("SHOW default_transaction_isolation").await.unwrap();
    assert!(format!("{told:?}").contains("serializable"), "{told:?}");
}
