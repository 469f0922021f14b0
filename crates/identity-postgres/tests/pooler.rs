//! The laws of the ports by way of a proxy that hands sessions round: the next statement of a connection may meet another
//! session, with none of the statements that were prepared.

mod common;

use std::sync::OnceLock;

use common::Place;
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
async fn a_proxy_that_hands_sessions_round_is_noticed() {
    assert!(!pooled().store().await.is_prepared());
    assert!(Place::new().store().await.is_prepared());
}
