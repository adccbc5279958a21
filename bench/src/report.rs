//! The figures, for people and for programs.

use crate::compare::Figure;
use crate::contestant::{Seen, Who};
use crate::gates;
use crate::works::{Name, Unit};
use clap::ValueEnum;

/// A figure as a line of JSON on stdout.
pub(crate) fn json(figure: &Figure) {
    let unit = figure.work.unit().as_str();
    let instructions = figure
        .instructions
        .map_or(String::new(), |count| format!(",\"instructions\":{count}"));
    println!(
        "{{\"work\":\"{}\",\"stack\":\"{}\",\"unit\":\"{unit}\",\"value\":{:.3}{instructions}}}",
        figure.work.as_str(),
        figure.who.name(),
        figure.value,
    );
}

/// All figures on stdout, as tables with what belongs to them.
pub(crate) fn table(works: &[Name], figures: &[Figure]) {
    println!();
    rows("", works, figures, shown, |figure| Some(figure.value));
    println!("\nns: less is better. GB/s: more is better. The script's share is in every figure.");
    notes(figures);
    for (title, digits, value) in TABLES {
        let has_any = |work: &Name| {
            let mut of_work = figures.iter().filter(|figure| figure.work == *work);
            of_work.any(|figure| value(figure).is_some_and(|value| value > 0.0))
        };
        let works: Vec<_> = works.iter().copied().filter(has_any).collect();
        if !works.is_empty() {
            let shown =
                |figure: &Figure| value(figure).map_or(NONE.into(), |n| format!("{n:.digits$}"));
            println!();
            rows(title, &works, figures, shown, value);
        }
    }
    println!();
    gates::print(figures, works == Name::value_variants());
}

/// The tables beside that of the figures: what they show, and with how many digits.
type Value = fn(&Figure) -> Option<f64>;
const TABLES: [(&str, usize, Value); 3] = [
    ("instructions", 0, |figure| {
        figure.instructions.map(|count| count as f64)
    }),
    ("ACKs for a MB received", 0, |figure| {
        let Seen {
            frames, received, ..
        } = figure.seen;
        let streams = matches!(
            figure.work,
            Name::W3r | Name::W3rChunk | Name::W3rBurst | Name::W3gr | Name::W3grChunk
        );
        (streams && received > 0).then(|| frames as f64 / received as f64 * 1e6)
    }),
    ("allocations", 2, |figure| {
        let is_known = figure.work.unit() != Unit::Bytes && figure.who.is_in_memory();
        is_known.then_some(figure.allocations)
    }),
];

const WIDTH: usize = 12;
/// What was not, or cannot be, measured.
const NONE: &str = "–";

/// A line a work: every contestant's figure, and the first against smoltcp's.
fn rows(
    title: &str,
    works: &[Name],
    figures: &[Figure],
    shown: impl Fn(&Figure) -> String,
    value: impl Fn(&Figure) -> Option<f64>,
) {
    let find = |work, who| {
        let mut of_work = figures.iter().filter(move |figure| figure.work == work);
        of_work.find(|figure| figure.who == who)
    };
    print!("{title:<54}");
    for column in Who::ALL.map(column).into_iter().chain(["÷ smoltcp"]) {
        print!("{column:>WIDTH$}");
    }
    println!();
    for &work in works {
        print!("{:<14}{:<40}", work.as_str(), work.title());
        for who in Who::ALL {
            print!("{:>WIDTH$}", find(work, who).map_or(NONE.into(), &shown));
        }
        let [ours, theirs] = [Who::Periplus, Who::Smoltcp].map(|who| find(work, who));
        let ratio = ours
            .and_then(&value)
            .zip(theirs.and_then(&value))
            .filter(|&(_, theirs)| theirs > 0.0)
            .map_or(NONE.into(), |(ours, theirs)| {
                format!("{:.2}", ours / theirs)
            });
        println!("{ratio:>WIDTH$}");
    }
}

/// What stands above a contestant's figures.
fn column(who: Who) -> &'static str {
    match who {
        Who::Recording => "+recording",
        Who::LinuxLoopback => "loopback",
        who => who.name(),
    }
}

fn shown(figure: &Figure) -> String {
    match figure.work.unit() {
        Unit::Nanoseconds => format!("{:.0} ns", figure.value),
        Unit::Throughput if figure.value >= 1000.0 => format!("{:.0} GB/s", figure.value),
        Unit::Throughput => format!("{:.2} GB/s", figure.value),
        Unit::Bytes => format!("{:.1} B", figure.value),
    }
}

/// How steady the rounds were, and what the referee saw.
fn notes(figures: &[Figure]) {
    let spread = figures
        .iter()
        .flat_map(|figure| [figure.spread.0 - 1.0, 1.0 - figure.spread.1])
        .fold(0.0, f64::max);
    println!(
        "Medians; the round furthest from its median was {:.0} % off.",
        spread * 100.0
    );
    let sum = |of: fn(&Figure) -> u64| figures.iter().map(of).sum::<u64>();
    println!(
        "Referee: {} frames right, {} damaged ones dropped, {} ACKs late and something sent again, {} MB as they were sent.",
        sum(|figure| figure.seen.frames),
        sum(|figure| figure.seen.damaged),
        sum(|figure| figure.seen.late),
        sum(|figure| figure.seen.bytes) / 1_000_000
    );
}
