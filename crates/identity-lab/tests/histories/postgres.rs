//! PostgreSQL, through proxies that cut, delay and duplicate.

use std::sync::Arc;
use std::time::Duration;

use identity_lab::world::Dice;
use identity_postgres::PostgresStore;
use postgres_testbed::{Cluster, Fault, Proxy, Side, What};

use crate::load::{begin, judged, length, load, now};

/// The number of stores, each behind a proxy of its own, and of the callers of each.
const STORES: u64 = 3;
const CALLERS: u64 = 3;

/// Sets faults until that time, and returns how many happened.
async fn disturb(proxies: &[Proxy], until: u64) -> [usize; 4] {
    let (mut dice, mut struck) = (Dice::new(now()), [0; 4]);
    let mut planned: Vec<Option<usize>> = vec![None; proxies.len()];
    while now() < until {
        for (proxy, planned) in proxies.iter().zip(&mut planned) {
            if let Some(kind) = planned.take().filter(|_| proxy.struck()) {
                struck[kind] += 1;
            }
            let kind = dice.roll(4) as usize;
            let late = Duration::from_millis(u64::from(dice.roll(400)));
            let what = [What::CutBefore, What::CutAfter, What::Delay(late), What::Duplicate][kind];
            // What is duplicated is what the client sends.
            let side = if kind == 3 || dice.roll(2) == 0 { Side::Client } else { Side::Server };
            proxy.reset(Fault { side, number: u64::from(1 + dice.roll(40)), what });
            *planned = Some(kind);
        }
        tokio::time::sleep(Duration::from_millis(u64::from(20 + dice.roll(100)))).await;
    }
    proxies.iter().for_each(|proxy| proxy.reset(None));
    struck
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_break_leave_one_call_after_the_other() {
    let (database, port) = (Cluster::shared().database(), Cluster::shared().port());
    let beside = PostgresStore::options().with_pool_size(2).connect(&database.url()).await.expect("it connects");
    begin(&beside).await;
    let proxies: Vec<Proxy> = (0..STORES).map(|_| Proxy::start(port)).collect();
    let mut stores = Vec::new();
    for proxy in &proxies {
        let options = PostgresStore::options().with_pool_size(4).with_timeout(Duration::from_secs(3));
        stores.push(Arc::new(options.connect(&database.url_at(proxy.port())).await.expect("it connects")));
    }
    let until = now() + u64::try_from(length().as_nanos()).expect("a short time");
    let callers: Vec<_> = (0..STORES * CALLERS)
        .map(|client| tokio::spawn(load(stores[(client % STORES) as usize].clone(), client + 1, until)))
        .collect();
    let struck = disturb(&proxies, until).await;
    let mut ops = Vec::new();
    for caller in callers {
        ops.extend(caller.await.expect("nothing panics"));
    }
    drop(stores);
    drop(proxies);
    settle(&beside).await;
    println!("cut before, cut after, delayed, duplicated: {struck:?}");
    let judged = judged(&beside, &ops).await;
    assert!(judged.writes > 0 && judged.refused > 0, "{judged:?}");
    assert!(struck.iter().sum::<usize>() > 0, "{struck:?}");
}

/// Waits until nothing that was sent is still being done.
async fn settle(store: &PostgresStore) {
    let ask = "select count(*) from pg_stat_activity where datname = current_database() \
               and state <> 'idle' and pid <> pg_backend_pid()";
    for _ in 0..2_000 {
        let connection = store.pool().get().await.expect("it connects");
        if connection.query_one(ask, &[]).await.expect("it answers").get::<_, i64>(0) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("something is still being done");
}
