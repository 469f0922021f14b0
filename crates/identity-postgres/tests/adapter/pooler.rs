//! The laws of the ports through a proxy that shares sessions between clients: the next statement of a connection may run in
//! another session, in which no statement is prepared.

use std::sync::OnceLock;

use crate::common::Place;
use postgres_testbed::{Cluster, Database, Pgbouncer, Pooling};

fn pooled() -> Place {
    static POOLER: OnceLock<(Database, Pgbouncer)> = OnceLock::new();
    let (database, pooler) = POOLER.get_or_init(|| {
        let cluster = Cluster::shared();
        (cluster.database(), Pgbouncer::start(cluster, Pooling::Transaction, 10))
    });
    Place::within(database, Some(pooler.port()))
}

identity_conformance::suite!(pooled());

#[tokio::test]
async fn a_proxy_that_shares_sessions_is_detected() {
    assert!(!pooled().store().await.is_prepared());
    assert!(Place::new().store().await.is_prepared());
}
