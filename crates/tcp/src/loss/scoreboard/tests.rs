use super::*;
use proptest::prelude::*;

/// So near the end of the sequence space that every case crosses it.
const UNA: SeqNum = SeqNum::new(u32::MAX - 100);
const LENGTH: u32 = 200;
const SMSS: u32 = 10;

/// A flag a byte.
struct Model {
    sacked: Vec<bool>,
    una: usize,
}

impl Model {
    fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for at in self.una..self.sacked.len() {
            match runs.last_mut() {
                _ if !self.sacked[at] => {}
                Some(run) if run.end == at => run.end += 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs
    }

    /// RFC 6675 4, word for word: of one byte.
    fn is_lost(runs: &[Range<usize>], at: usize) -> bool {
        let above = || runs.iter().filter(|run| run.start > at);
        let bytes: usize = above().map(|run| run.len()).sum();
        above().count() >= 3 || bytes > 2 * SMSS as usize
    }
}

fn seq(at: usize) -> SeqNum {
    UNA + at as u32
}

#[derive(Clone, Debug)]
enum Step {
    Sack(usize, usize),
    Acknowledge(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => (0..LENGTH as usize, 1usize..40).prop_map(|(at, length)| Step::Sack(at, length)),
        1 => (1usize..60).prop_map(Step::Acknowledge),
    ]
}

proptest! {
    #[test]
    fn it_says_what_a_flag_for_each_byte_says(steps in proptest::collection::vec(any_step(), 1..60)) {
        let mut scoreboard = Scoreboard::default();
        let mut model = Model { sacked: vec![false; LENGTH as usize], una: 0 };
        for step in steps {
            match step {
                Step::Sack(start, length) => {
                    let start = start.max(model.una);
                    let end = (start + length).min(LENGTH as usize);
                    if start < end {
                        let new = model.sacked[start..end].iter().filter(|&&sacked| !sacked).count();
                        model.sacked[start..end].fill(true);
                        prop_assert_eq!(scoreboard.add(seq(start), seq(end)), Some(new as u32));
                    }
                }
                Step::Acknowledge(length) => {
                    let una = (model.una + length).min(LENGTH as usize);
                    let sacked = model.sacked[model.una..una].iter().filter(|&&sacked| sacked).count();
                    model.una = una;
                    prop_assert_eq!(scoreboard.acknowledged(seq(una)), sacked as u32);
                }
            }
            let runs = model.runs();
            let kept: Vec<_> = scoreboard.ranges.to_vec();
            let expected: Vec<_> = runs.iter().map(|run| seq(run.start)..seq(run.end)).collect();
            prop_assert_eq!(kept, expected);
            prop_assert_eq!(scoreboard.bytes(), runs.iter().map(|run| run.len() as u32).sum::<u32>());
            let lost_before = scoreboard.lost_before(SMSS);
            for at in (model.una..LENGTH as usize).filter(|&at| !model.sacked[at]) {
                let lost = lost_before.is_some_and(|edge| seq(at).before(edge));
                prop_assert_eq!(lost, Model::is_lost(&runs, at), "byte {}", at);
            }
            for at in [model.una, (model.una + LENGTH as usize) / 2] {
                let from = at..LENGTH as usize;
                let hole = from.clone().find(|&at| !model.sacked[at]);
                let hole = hole.and_then(|start| {
                    let end = (start..LENGTH as usize).find(|&at| model.sacked[at])?;
                    Some(seq(start)..seq(end))
                });
                prop_assert_eq!(scoreboard.next_hole(seq(at)).filter(|hole| hole.start.before(seq(LENGTH as usize))), hole);
                let open = from.filter(|&at| !model.sacked[at]).count();
                prop_assert_eq!(scoreboard.not_sacked(seq(at), seq(LENGTH as usize)), open as u32);
            }
        }
    }
}

#[test]
fn at_the_limit_of_ranges_only_what_adjoins_one_is_taken() {
    let mut scoreboard = Scoreboard::default();
    for n in 0..RANGE_LIMIT {
        assert_eq!(scoreboard.add(seq(2 * n), seq(2 * n + 1)), Some(1));
    }
    assert_eq!(scoreboard.add(seq(10_000), seq(10_001)), None);
    assert_eq!(scoreboard.add(seq(1), seq(2)), Some(1));
    assert_eq!(scoreboard.ranges.len(), RANGE_LIMIT - 1);
}

#[test]
fn the_last_hole_lies_after_or_before_what_is_sacked_last() {
    let mut scoreboard = Scoreboard::default();
    assert_eq!(scoreboard.last_hole(seq(0), seq(100)), seq(0)..seq(100));
    scoreboard.add(seq(20), seq(30));
    assert_eq!(scoreboard.last_hole(seq(0), seq(100)), seq(30)..seq(100));
    scoreboard.add(seq(60), seq(100));
    assert_eq!(scoreboard.last_hole(seq(0), seq(100)), seq(30)..seq(60));
}
