//! What the library costs, against the bare thing that it is made of, measured in turns in one run and printed as one table.
//!
//! `cargo bench` measures everything, `cargo bench -- memory sqlite` these parts alone. It says what was missed, and never
//! fails: machines differ, and a ratio of two medians is a measurement, not a test.

#![expect(clippy::unwrap_used, reason = "a benchmark whose calls fail has nothing to measure")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

mod addresses;
mod alike;
mod bare;
mod decisions;
mod disk;
mod drain;
mod flow;
mod large;
mod measure;
mod memory;
mod people;
mod places;
mod sqlite;
mod table;
mod tells;

use table::{Row, Table};

type Part = (&'static str, fn() -> Vec<Row>);

const PARTS: [Part; 8] = [
    ("addresses", addresses::rows),
    ("decisions", decisions::rows),
    ("memory", memory::rows),
    ("sqlite", sqlite::rows),
    ("tells", tells::rows),
    ("disk", disk::rows),
    ("drain", drain::rows),
    ("large", large::rows),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return println!("the benchmark is run by `cargo bench`");
    }
    if let Some(at) = arguments.iter().position(|argument| argument == addresses::FIRST_USE) {
        let whose = arguments.get(at + 1).map_or("", String::as_str);
        return println!("{}", addresses::first_use(whose));
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let mut table = Table::default();
    for (name, rows) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            let (took, rows) = measure::timed(rows);
            eprintln!("{name}: {:.1} s", took.as_secs_f64());
            table.0.extend(rows);
        }
    }
    println!("\n{table}");
}
