//! The memory that the store in memory keeps for a user.
//!
//! Every user goes through the flow, and the notice that follows from it is delivered. What is counted is what the program then
//! holds from the allocator and did not hold before: the bytes that were asked for, without what the allocator adds to them.
//! Texts that a user shares with its events are counted once, and the empty room in tables and lists is counted too. Beside it
//! stand the users alone, as the last call of the flow returned them, and what a notice adds that is still pending.
//!
//! It is a program of its own, because counting slows every allocation down, and the other benchmark measures times.

#![expect(clippy::unwrap_used, reason = "a benchmark whose calls fail has nothing to measure")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../ratios/flow.rs"]
#[expect(dead_code, reason = "the other benchmark counts the commits of the flow")]
mod flow;
#[path = "../ratios/people.rs"]
mod people;

use allocation_counter::measure;
use identity_memory::MemoryStore;

use flow::Host;
use people::People;

const USERS: usize = 100_000;
/// As many users go through the flow between two deliveries.
const BATCH: usize = 1_000;
const TARGET: u64 = 2_500;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return println!("the benchmark is run by `cargo bench`");
    }
    let mut wanted = arguments.iter().filter(|argument| !argument.starts_with("--")).peekable();
    if wanted.peek().is_some() && !wanted.any(|wanted| wanted == "memory") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let people = People::default().some(USERS);
    // What is allocated once, whoever comes first.
    runtime.block_on(Host::new(MemoryStore::new()).flow(people.first().unwrap())).unwrap();

    let host = Host::new(MemoryStore::new());
    let mut users = Vec::with_capacity(USERS);
    let mut pending = 0;
    let kept = measure(|| {
        for batch in people.chunks(BATCH) {
            users.extend(batch.iter().map(|person| runtime.block_on(host.flow(person)).unwrap()));
            pending -= measure(|| assert_eq!(runtime.block_on(host.identity.deliver_due()).unwrap().sent, BATCH))
                .bytes_current;
        }
    });
    drop(host);
    let alone = measure(|| drop(users));
    let each = |bytes: i64| bytes.unsigned_abs() / USERS as u64;
    let (kept, alone, pending) = (each(kept.bytes_current), each(alone.bytes_current), each(pending));
    let verdict = if kept <= TARGET { "ok" } else { "MISSED" };
    println!(
        "a user in memory after the flow: {kept} bytes, the user alone {alone}, a pending notice {pending} more; \
         target <= {TARGET} bytes: {verdict}"
    );
}
