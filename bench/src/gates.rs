//! What the stack is to reach, and whether it has: each aim a line, from the figures of the same run.

use crate::compare::Figure;
use crate::contestant::Who;
use crate::works::Name;

/// Which side of a bound is good.
#[derive(Clone, Copy)]
enum Bound {
    AtMost,
    AtLeast,
}
use Bound::{AtLeast, AtMost};

/// One thing to be reached.
struct Gate {
    what: &'static str,
    bound: Bound,
    must: Option<f64>,
    aim: Option<f64>,
    /// What was reached, if all that it takes was measured.
    reached: fn(&Figures) -> Option<f64>,
}

/// The figures of a run.
struct Figures<'a>(&'a [Figure]);

impl Figures<'_> {
    fn figure(&self, work: Name, who: Who) -> Option<&Figure> {
        let mut found = self.0.iter();
        found.find(|figure| figure.work == work && figure.who == who)
    }

    fn value(&self, work: Name, who: Who) -> Option<f64> {
        Some(self.figure(work, who)?.value)
    }

    fn instructions(&self, work: Name, who: Who) -> Option<f64> {
        Some(self.figure(work, who)?.instructions? as f64)
    }

    fn allocations(&self, work: Name, who: Who) -> Option<f64> {
        Some(self.figure(work, who)?.allocations)
    }

    /// Ours by smoltcp's.
    fn ratio(&self, work: Name) -> Option<f64> {
        Some(self.value(work, Who::Periplus)? / self.value(work, Who::Smoltcp)?)
    }

    /// What recording adds to something.
    fn recording(&self, of: impl Fn(&Self, Who) -> Option<f64>) -> Option<f64> {
        Some(of(self, Who::Recording)? - of(self, Who::Periplus)?)
    }

    /// What a million connections add to one segment.
    fn crowd(&self, work: Name) -> Option<f64> {
        Some(self.value(work, Who::Periplus)? - self.value(Name::W5Of1, Who::Periplus)?)
    }
}

const fn gate(
    what: &'static str,
    bound: Bound,
    (must, aim): (Option<f64>, Option<f64>),
    reached: fn(&Figures) -> Option<f64>,
) -> Gate {
    Gate {
        what,
        bound,
        must,
        aim,
        reached,
    }
}

const GATES: &[Gate] = &[
    gate("W1, ns ÷ smoltcp's", AtMost, (Some(0.6), Some(0.4)), |f| {
        f.ratio(Name::W1)
    }),
    gate(
        "W1, instructions ÷ smoltcp's",
        AtMost,
        (Some(0.45), Some(0.25)),
        |f| {
            let of = |who| f.instructions(Name::W1, who);
            Some(of(Who::Periplus)? / of(Who::Smoltcp)?)
        },
    ),
    gate("W2, ns ÷ smoltcp's", AtMost, (Some(0.6), Some(0.4)), |f| {
        f.ratio(Name::W2)
    }),
    gate(
        "W2-server, ns ÷ smoltcp's",
        AtMost,
        (Some(0.6), Some(0.4)),
        |f| f.ratio(Name::W2Server),
    ),
    gate(
        "W3r, GB/s ÷ smoltcp's",
        AtLeast,
        (Some(1.8), Some(2.5)),
        |f| f.ratio(Name::W3r),
    ),
    gate(
        "W3r-chunk, GB/s ÷ smoltcp's",
        AtLeast,
        (Some(1.8), Some(2.5)),
        |f| f.ratio(Name::W3rChunk),
    ),
    gate(
        "W3s, GB/s ÷ smoltcp's",
        AtLeast,
        (Some(1.8), Some(2.5)),
        |f| f.ratio(Name::W3s),
    ),
    gate(
        "W3gr, GB/s ÷ smoltcp's",
        AtLeast,
        (Some(1.5), Some(2.0)),
        |f| f.ratio(Name::W3gr),
    ),
    gate(
        "W3gr-chunk, GB/s ÷ smoltcp's",
        AtLeast,
        (Some(1.5), Some(2.0)),
        |f| f.ratio(Name::W3grChunk),
    ),
    gate(
        "W3gs, GB/s ÷ smoltcp's",
        AtLeast,
        (Some(1.5), Some(2.0)),
        |f| f.ratio(Name::W3gs),
    ),
    gate(
        "W4, ns ÷ smoltcp's refusal",
        AtMost,
        (Some(1.0), Some(0.5)),
        |f| f.ratio(Name::W4),
    ),
    gate("W4, bytes kept", AtMost, (Some(0.0), Some(0.0)), |f| {
        f.value(Name::W4Kept, Who::Periplus)
    }),
    gate(
        "W5 beyond W5-1, in look-ups",
        AtMost,
        (Some(3.0), None),
        |f| Some(f.crowd(Name::W5)? / f.value(Name::W5Lookup, Who::Script)?),
    ),
    gate("W5, ns ÷ smoltcp's W6", AtMost, (Some(4.0), None), |f| {
        Some(f.value(Name::W5, Who::Periplus)? / f.value(Name::W6, Who::Smoltcp)?)
    }),
    gate(
        "W5-burst beyond W5-1, ns",
        AtMost,
        (None, Some(80.0)),
        |f| f.crowd(Name::W5Burst),
    ),
    gate("W5m, bytes", AtMost, (Some(300.0), Some(200.0)), |f| {
        f.value(Name::W5m, Who::Periplus)
    }),
    gate("W5m-net, bytes", AtMost, (Some(300.0), Some(200.0)), |f| {
        f.value(Name::W5mNet, Who::Periplus)
    }),
    gate("W6, ns ÷ smoltcp's", AtMost, (Some(0.7), Some(0.5)), |f| {
        f.ratio(Name::W6)
    }),
    gate("W7, ns ÷ W1's", AtMost, (None, Some(1.5)), |f| {
        Some(f.value(Name::W7, Who::Periplus)? / f.value(Name::W1, Who::Periplus)?)
    }),
    gate(
        "recording on W1, ns",
        AtMost,
        (Some(25.0), Some(12.5)),
        |f| f.recording(|f, who| f.value(Name::W1, who)),
    ),
    gate(
        "recording on W1, instructions",
        AtMost,
        (Some(250.0), Some(125.0)),
        |f| f.recording(|f, who| f.instructions(Name::W1, who)),
    ),
    gate(
        "recording on W1, allocations",
        AtMost,
        (Some(0.0), Some(0.0)),
        |f| f.recording(|f, who| f.allocations(Name::W1, who)),
    ),
    gate(
        "recording on W7, ns",
        AtMost,
        (Some(80.0), Some(40.0)),
        |f| f.recording(|f, who| f.value(Name::W7, who)),
    ),
];

/// Prints each, with what was reached; if not all works were done, those only of which that is known.
pub(crate) fn print(figures: &[Figure], is_whole: bool) {
    println!(
        "{:<34}{:>10}{:>22}{:>22}",
        "gates", "reached", "must", "aim"
    );
    let figures = Figures(figures);
    for gate in GATES {
        let reached = (gate.reached)(&figures);
        if reached.is_none() && !is_whole {
            continue;
        }
        let shown = reached.map_or("–".into(), |reached| format!("{reached:.2}"));
        let judged = |bound: Option<f64>| judged(gate.bound, bound, reached);
        println!(
            "{:<34}{shown:>10}{:>22}{:>22}",
            gate.what,
            judged(gate.must),
            judged(gate.aim)
        );
    }
}

fn judged(bound: Bound, limit: Option<f64>, reached: Option<f64>) -> String {
    let Some(limit) = limit else {
        return String::new();
    };
    let sign = match bound {
        AtMost => '≤',
        AtLeast => '≥',
    };
    let word = match (bound, reached) {
        (_, None) => "not measured",
        (AtMost, Some(reached)) if reached <= limit => "reached",
        (AtLeast, Some(reached)) if reached >= limit => "reached",
        _ => "missed",
    };
    format!("{sign} {limit}: {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_itself_is_reached_and_what_is_beyond_is_missed() {
        assert_eq!(judged(AtMost, Some(0.6), Some(0.6)), "≤ 0.6: reached");
        assert_eq!(judged(AtMost, Some(0.6), Some(0.61)), "≤ 0.6: missed");
        assert_eq!(judged(AtLeast, Some(1.8), Some(1.8)), "≥ 1.8: reached");
        assert_eq!(judged(AtLeast, Some(1.8), Some(1.79)), "≥ 1.8: missed");
        assert_eq!(judged(AtLeast, Some(1.8), None), "≥ 1.8: not measured");
        assert_eq!(judged(AtMost, None, Some(1.0)), "");
    }
}
