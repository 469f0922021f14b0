//! The table that is printed in the end.

use std::fmt;

use crate::measure::Pair;

/// In what a row is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// Nanoseconds: less is better.
    Time,
    /// Things per second: more is better.
    Rate,
}

/// What the figures are held to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// Ours takes so many nanoseconds at most.
    Nanos(f64),
    /// Ours by the comparator is at most this.
    RatioAtMost(f64),
    /// Ours by the comparator is at least this.
    RatioAtLeast(f64),
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) than: String,
    pub(crate) unit: Unit,
    pub(crate) pair: Pair,
    pub(crate) target: Target,
}

impl Row {
    fn met(&self) -> bool {
        let [_, ratio, _] = self.pair.ratio;
        match self.target {
            Target::Nanos(most) => self.pair.ours <= most,
            Target::RatioAtMost(most) => ratio <= most,
            Target::RatioAtLeast(least) => ratio >= least,
        }
    }

    fn cells(&self) -> [String; 7] {
        let [low, ratio, high] = self.pair.ratio;
        let target = match self.target {
            Target::Nanos(most) => format!("<= {}", figure(most, Unit::Time)),
            Target::RatioAtMost(most) => format!("<= {most:.1} x"),
            Target::RatioAtLeast(least) => format!(">= {least:.1} x"),
        };
        [
            self.what.clone(),
            figure(self.pair.ours, self.unit),
            self.than.clone(),
            figure(self.pair.theirs, self.unit),
            format!("{} ({} to {})", times(ratio), times(low), times(high)),
            target,
            if self.met() { "ok" } else { "MISSED" }.to_owned(),
        ]
    }
}

fn figure(value: f64, unit: Unit) -> String {
    let (value, name) = match unit {
        Unit::Rate => (value, "/s"),
        Unit::Time if value < 1e3 => (value, "ns"),
        Unit::Time if value < 1e6 => (value / 1e3, "µs"),
        Unit::Time => (value / 1e6, "ms"),
    };
    format!("{} {name}", short(value))
}

fn times(ratio: f64) -> String {
    if ratio < 0.05 { format!("1/{:.0}", 1.0 / ratio) } else { short(ratio) }
}

/// Three digits or all that stand before the point.
fn short(value: f64) -> String {
    let places = match value.abs() {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.places$}")
}

/// The rows that were measured.
#[derive(Debug, Default)]
pub(crate) struct Table(pub(crate) Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEAD: [&str; 7] = ["what", "ours", "compared with", "takes", "ratio (quartiles)", "target", ""];
        let lines: Vec<[String; 7]> =
            std::iter::once(HEAD.map(str::to_owned)).chain(self.0.iter().map(Row::cells)).collect();
        let mut widths = [0; 7];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        for line in &lines {
            let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(f, "| {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}
