//! What commits cost, against the same flight run by `pgbench`, and what a flow costs among a million users, against ten
//! thousand: measured in turns in one run and printed as one table.
//!
//! `cargo bench -p identity-postgres` measures everything, `-- commits`, `-- loads`, `-- feed` or `-- scale` one part alone. It starts its own
//! server, which waits for the disk. It says what was missed, and never fails: machines differ.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark whose calls fail has nothing to measure")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

mod commits;
mod crowd;
mod feed;
mod loads;
#[path = "../../../identity/benches/ratios/measure.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the crate `identity`, which uses more of it")]
mod measure;
mod pgbench;
mod scale;
#[path = "../../../identity/benches/ratios/table.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the crate `identity`, which uses more of it")]
mod table;

use postgres_testbed::Cluster;
use table::Table;
use tokio::runtime::Runtime;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return println!("the benchmark is run by `cargo bench`");
    }
    let wanted = |part: &str| {
        let mut named = arguments.iter().filter(|argument| !argument.starts_with("--")).peekable();
        named.peek().is_none() || named.any(|name| name == part)
    };
    let cluster = Cluster::builder()
        .fsync(true)
        .setting("shared_buffers", "1GB")
        .setting("max_wal_size", "4GB")
        .setting("checkpoint_timeout", "1h")
        .start();
    let runtime = Runtime::new().unwrap();
    let mut table = Table::default();
    if wanted("commits") {
        table.0.extend(commits::rows(&cluster, &runtime));
    }
    if wanted("loads") {
        loads::print(&cluster, &runtime);
    }
    if wanted("feed") {
        feed::print(&cluster, &runtime);
    }
    if wanted("scale") {
        table.0.extend(scale::rows(&cluster, &runtime));
    }
    println!("\n{table}");
}
