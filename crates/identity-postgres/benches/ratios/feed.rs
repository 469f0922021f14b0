//! How long after its commit an event reaches a consumer that has nothing in common with the producer but the server.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use identity::Identity;
use identity_conformance::kit::code_keys;
use identity_core::UserId;
use identity_ports::{FeedCursor, UserRepository as _};
use identity_postgres::PostgresStore;
use postgres_testbed::Cluster;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::commits::creation;
use crate::scale::Nobody;

/// Commits a second, and for how many seconds.
const RATE: u64 = 2_000;
const SECONDS: u64 = 10;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn print(cluster: &Cluster, runtime: &Runtime) {
    let database = cluster.database();
    let connect = || runtime.block_on(PostgresStore::options().connect(&database.url())).unwrap();
    let (producer, consumer) = (connect(), Identity::new(connect(), Nobody, code_keys()));
    let times = || (0..=RATE * SECONDS).map(|_| OnceLock::<Instant>::new()).collect::<Arc<[_]>>();
    let (written, met) = (times(), times());
    let number = |user: &UserId| user.as_str().strip_prefix("user-").and_then(|number| number.parse::<usize>().ok());
    let took = runtime.block_on(async {
        let mut feed = consumer.feed(FeedCursor::START);
        producer.commit(creation(0)).await.unwrap();
        feed.next(1).await.unwrap();
        let noted = Arc::clone(&met);
        let reading = tokio::spawn(async move {
            let mut left = RATE * SECONDS;
            while left > 0 {
                for event in feed.next(500).await.unwrap().events {
                    left -= 1;
                    noted.get(number(&event.key.user).unwrap()).unwrap().get_or_init(Instant::now);
                }
            }
        });
        let (mut writing, began) = (JoinSet::new(), Instant::now());
        let mut pace = tokio::time::interval(Duration::from_millis(1));
        for turn in 0..SECONDS * 1_000 {
            pace.tick().await;
            for number in turn * RATE / 1_000..(turn + 1) * RATE / 1_000 {
                let (producer, written) = (producer.clone(), Arc::clone(&written));
                writing.spawn(async move {
                    producer.commit(creation(number + 1)).await.unwrap();
                    written.get(number as usize + 1).unwrap().get_or_init(Instant::now);
                });
            }
        }
        while let Some(written) = writing.join_next().await {
            written.unwrap();
        }
        let took = began.elapsed();
        reading.await.unwrap();
        took
    });
    let pairs = met.iter().zip(&*written).filter_map(|(met, written)| Some((met.get()?, written.get()?)));
    let mut delays: Vec<Duration> = pairs.map(|(met, written)| met.saturating_duration_since(*written)).collect();
    delays.sort_unstable();
    let at = |share: usize| delays.get(delays.len() * share / 1_000).copied().unwrap_or_default();
    let rate = (RATE * SECONDS) as f64 / took.as_secs_f64();
    println!(
        "feed, {rate:.0} commits a second: {} events after p50 {:?}, p99 {:?}, p99.9 {:?}, at most {:?}",
        delays.len(),
        at(500),
        at(990),
        at(999),
        delays.last().copied().unwrap_or_default()
    );
}
