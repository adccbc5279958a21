//! The table of the manual: Periplus in each role beside Linux over the same path.

use crate::end::End;
use crate::record::Record;
use std::fmt::Write;

/// What Periplus should have of Linux's goodput in every cell: the median of the quotients of runs with the same seed.
const ENOUGH: f64 = 0.9;

/// All transfers over paths that differ in their seeds only.
pub(crate) struct Cell {
    loss: f64,
    round_trip: u64,
    reordering: f64,
    linux: Vec<Record>,
    sending: Vec<Record>,
    receiving: Vec<Record>,
}

/// The cells that the records have, the easiest path first. What neither has Linux at one end at least is left out.
pub(crate) fn cells(records: &[Record]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for record in records {
        let is_of = |cell: &Cell| {
            (cell.loss, cell.round_trip, cell.reordering)
                == (record.loss, record.round_trip, record.reordering)
        };
        let index = cells.iter().position(is_of).unwrap_or_else(|| {
            cells.push(Cell {
                loss: record.loss,
                round_trip: record.round_trip,
                reordering: record.reordering,
                linux: Vec::new(),
                sending: Vec::new(),
                receiving: Vec::new(),
            });
            cells.len() - 1
        });
        match (record.sender, record.receiver) {
            (End::Linux, End::Linux) => cells[index].linux.push(record.clone()),
            (End::Periplus, End::Linux) => cells[index].sending.push(record.clone()),
            (End::Linux, End::Periplus) => cells[index].receiving.push(record.clone()),
            (End::Periplus, End::Periplus) => {}
        }
    }
    cells.sort_by(|one, other| {
        (one.round_trip.cmp(&other.round_trip))
            .then(one.reordering.total_cmp(&other.reordering))
            .then(one.loss.total_cmp(&other.loss))
    });
    cells
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => numbers[length / 2],
        length => (numbers[length / 2 - 1] + numbers[length / 2]) / 2.0,
    }
}

fn rate(records: &[Record]) -> f64 {
    median(records.iter().map(|record| record.rate))
}

fn retransmitted(records: &[Record]) -> f64 {
    median(records.iter().map(|record| record.retransmitted as f64))
}

impl Cell {
    /// The median of `records`, of Linux's median.
    fn share(&self, records: &[Record]) -> f64 {
        rate(records) / rate(&self.linux)
    }

    /// The median of what each of `records` has of Linux's with the same seed.
    fn paired_share(&self, records: &[Record]) -> f64 {
        median(records.iter().filter_map(|record| {
            let linux = self.linux.iter().find(|linux| linux.seed == record.seed)?;
            Some(record.rate / linux.rate)
        }))
    }
}

/// Whether Periplus has enough in both roles of every cell, in pairs: where few losses decide, runs with different seeds differ by a factor of
/// ten, whoever sends.
pub(crate) fn is_enough(cells: &[Cell]) -> bool {
    cells.iter().all(|cell| {
        [&cell.sending, &cell.receiving]
            .into_iter()
            .all(|records| cell.paired_share(records) >= ENOUGH)
    })
}

/// The cells as a table in Markdown, in MB/s.
pub(crate) fn markdown(cells: &[Cell]) -> String {
    let mut table = String::from(
        "| round trip | reordering | loss | runs | Linux | Periplus sends | of Linux | in pairs | Periplus receives | of Linux | in pairs \
         | sent again |\n",
    );
    table += "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for cell in cells {
        let _ = write!(
            table,
            "| {} ms | {} % | {} % | {} | {:.3} |",
            cell.round_trip,
            cell.reordering,
            cell.loss,
            cell.linux.len(),
            rate(&cell.linux) / 1e6
        );
        for records in [&cell.sending, &cell.receiving] {
            let share = cell.share(records);
            let paired = cell.paired_share(records);
            let mark = if paired >= ENOUGH { "" } else { "**" };
            let _ = write!(
                table,
                " {:.3} | {share:.2} | {mark}{paired:.2}{mark} |",
                rate(records) / 1e6
            );
        }
        let again =
            [&cell.linux, &cell.sending, &cell.receiving].map(|records| retransmitted(records));
        let _ = writeln!(
            table,
            " {:.0}, {:.0}, {:.0} |",
            again[0], again[1], again[2]
        );
    }
    table
}
