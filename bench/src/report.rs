//! The figures, for people and for programs.

use crate::compare::Figure;
use crate::contestant::Who;
use crate::works::{Name, Unit};

/// A figure as a line of JSON on stdout.
pub(crate) fn json(figure: &Figure) {
    let unit = match figure.work.unit() {
        Unit::Nanoseconds => "ns",
        Unit::Throughput(_) => "GB/s",
    };
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

/// All figures as a table on stdout.
pub(crate) fn table(works: &[Name], figures: &[Figure]) {
    let find = |work, who| {
        let mut of_work = figures.iter().filter(move |figure| figure.work == work);
        of_work.find(|figure| figure.who == who)
    };
    println!();
    heading("", "÷ smoltcp");
    for &work in works {
        print!("{:<14}{:<40}", work.as_str(), work.title());
        for who in Who::ALL {
            print!("{:>WIDTH$}", find(work, who).map_or("–".into(), shown));
        }
        let [ours, theirs] = [Who::Periplus, Who::Smoltcp].map(|who| find(work, who));
        println!("{:>12}", ratio(ours, theirs, |figure| Some(figure.value)));
    }
    println!("\nns: less is better. GB/s: more is better. The script's share is in every figure.");
    let spread = figures
        .iter()
        .flat_map(|figure| [figure.spread.0 - 1.0, 1.0 - figure.spread.1])
        .fold(0.0, f64::max);
    println!(
        "Medians; the round furthest from its median was {:.0} % off.",
        spread * 100.0
    );
    for &work in works {
        if let (Name::W3r, Unit::Throughput(bytes)) = (work, work.unit()) {
            let acks = |who| find(work, who).map_or(0.0, |figure| acks_per_mb(figure, bytes));
            println!(
                "ACKs per MB received: periplus {:.0}, smoltcp {:.0}.",
                acks(Who::Periplus),
                acks(Who::Smoltcp)
            );
        }
    }
    let (frames, damaged, bytes) = figures.iter().fold((0, 0, 0), |sum, figure| {
        let seen = figure.seen;
        (
            sum.0 + seen.frames,
            sum.1 + seen.damaged,
            sum.2 + seen.bytes,
        )
    });
    println!(
        "Referee: {frames} frames right, {damaged} damaged ones dropped, {} MB as they were sent.",
        bytes / 1_000_000
    );
    if figures.iter().any(|figure| figure.instructions.is_some()) {
        println!();
        heading("instructions", "÷ smoltcp");
        for &work in works {
            print!("{:<14}{:<40}", work.as_str(), work.title());
            for who in Who::ALL {
                let count = find(work, who).and_then(|figure| figure.instructions);
                print!(
                    "{:>WIDTH$}",
                    count.map_or("–".into(), |count| count.to_string())
                );
            }
            let [ours, theirs] = [Who::Periplus, Who::Smoltcp].map(|who| find(work, who));
            let instructions = |figure: &Figure| figure.instructions.map(|count| count as f64);
            println!("{:>12}", ratio(ours, theirs, instructions));
        }
    }
}

const WIDTH: usize = 12;

fn heading(what: &str, last: &str) {
    print!("{what:<54}");
    for who in ["periplus", "+recording", "smoltcp", "script"] {
        print!("{who:>WIDTH$}");
    }
    println!("{last:>12}");
}

fn shown(figure: &Figure) -> String {
    match figure.work.unit() {
        Unit::Nanoseconds => format!("{:.0} ns", figure.value),
        Unit::Throughput(_) => format!("{:.2} GB/s", figure.value),
    }
}

fn ratio(
    ours: Option<&Figure>,
    theirs: Option<&Figure>,
    value: impl Fn(&Figure) -> Option<f64>,
) -> String {
    let of = |figure: Option<&Figure>| figure.and_then(&value);
    match (of(ours), of(theirs)) {
        (Some(ours), Some(theirs)) => format!("{:.2}", ours / theirs),
        _ => "–".into(),
    }
}

fn acks_per_mb(figure: &Figure, bytes: u32) -> f64 {
    let received = f64::from(crate::compare::REPLAYED) * f64::from(bytes);
    figure.seen.frames as f64 / received * 1e6
}
