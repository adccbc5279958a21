//! The figures, for people and for programs.

use crate::compare::Figure;
use crate::contestant::Who;
use crate::works::{Name, Unit};

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
    let instructions = |figure: &Figure| figure.instructions.map(|count| count as f64);
    if figures.iter().any(|figure| instructions(figure).is_some()) {
        let shown = |figure: &Figure| figure.instructions.map_or(NONE.into(), |n| n.to_string());
        println!();
        rows("instructions", works, figures, shown, instructions);
    }
}

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
    for figure in figures {
        if figure.work == Name::W3r && figure.seen.received > 0 {
            let acks = figure.seen.frames as f64 / figure.seen.received as f64 * 1e6;
            println!(
                "{} sends {acks:.0} ACKs for a MB received.",
                figure.who.name()
            );
        }
    }
    let sum = |of: fn(&Figure) -> u64| figures.iter().map(of).sum::<u64>();
    println!(
        "Referee: {} frames right, {} damaged ones dropped, {} times something sent again because its ACK was late, {} MB as they were sent.",
        sum(|figure| figure.seen.frames),
        sum(|figure| figure.seen.damaged),
        sum(|figure| figure.seen.late),
        sum(|figure| figure.seen.bytes) / 1_000_000
    );
}
