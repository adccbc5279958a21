use super::*;
use crate::handle::Tag;
use proptest::prelude::*;
use std::collections::BTreeMap;

const TICK: u64 = 1 << TICK_BITS;
const HOUR: u64 = 3_600_000_000_000;

fn handle(slot: u32) -> Handle {
    let generation = 0;
    Handle::new(Tag::Established, Index { slot, generation })
}

fn at(nanoseconds: u64) -> Instant {
    Instant::from_nanos(nanoseconds)
}

fn expire(wheel: &mut TimerWheel, now: u64) -> Vec<Handle> {
    let mut expired = Vec::new();
    wheel.expire(at(now), usize::MAX, &mut expired);
    expired
}

#[test]
fn an_entry_expires_at_the_first_tick_after_its_deadline() {
    let mut wheel = TimerWheel::new();
    wheel.arm(None, at(10 * TICK - 5), handle(1));
    assert_eq!(wheel.next_timeout(), Some(at(10 * TICK)));
    assert_eq!(expire(&mut wheel, 10 * TICK - 1), []);
    assert_eq!(expire(&mut wheel, 10 * TICK), [handle(1)]);
    assert_eq!(wheel.next_timeout(), None);
}

#[test]
fn a_deadline_that_has_passed_is_due_at_once() {
    let mut wheel = TimerWheel::new();
    expire(&mut wheel, HOUR);
    wheel.arm(None, at(5), handle(1));
    assert!(wheel.next_timeout().unwrap() <= at(HOUR));
    assert_eq!(expire(&mut wheel, HOUR), [handle(1)]);
}

#[test]
fn a_deadline_that_moves_away_is_reported_only_then() {
    let mut wheel = TimerWheel::new();
    let timer = wheel.arm(None, at(10 * TICK), handle(1));
    assert_eq!(wheel.arm(Some(timer), at(500 * TICK), handle(2)), timer);
    assert_eq!(expire(&mut wheel, 499 * TICK), []);
    assert_eq!(expire(&mut wheel, 500 * TICK), [handle(2)]);
}

#[test]
fn a_deadline_that_comes_nearer_is_reported_then() {
    let mut wheel = TimerWheel::new();
    let timer = wheel.arm(None, at(HOUR), handle(1));
    wheel.arm(Some(timer), at(3 * TICK), handle(1));
    assert_eq!(wheel.next_timeout(), Some(at(3 * TICK)));
    assert_eq!(expire(&mut wheel, 3 * TICK), [handle(1)]);
    assert!(wheel.is_empty());
}

#[test]
fn an_expired_or_disarmed_timer_is_armed_as_a_new_one() {
    let mut wheel = TimerWheel::new();
    let timer = wheel.arm(None, at(TICK), handle(1));
    wheel.disarm(timer);
    assert_eq!(wheel.next_timeout(), None);
    wheel.disarm(timer);
    assert_ne!(wheel.arm(Some(timer), at(2 * TICK), handle(2)), timer);
    assert_eq!(expire(&mut wheel, 2 * TICK), [handle(2)]);
}

#[test]
fn hours_are_crossed_in_one_step_and_few_wakings() {
    let mut wheel = TimerWheel::new();
    wheel.arm(None, at(1000 * HOUR), handle(1));
    wheel.arm(None, Instant::FAR_FUTURE, handle(2));
    let mut wakings = 0;
    let mut expired = Vec::new();
    while expired.is_empty() {
        let next = wheel.next_timeout().unwrap();
        wheel.expire(next, usize::MAX, &mut expired);
        wakings += 1;
    }
    assert_eq!(expired, [handle(1)]);
    assert!(wakings <= LEVELS, "{wakings}");

    wheel.arm(None, at(2000 * HOUR), handle(3));
    assert_eq!(expire(&mut wheel, 5000 * HOUR), [handle(3)]);
    assert_eq!(wheel.len(), 1);
}

#[test]
fn entries_of_a_tick_expire_in_the_order_in_which_they_were_armed() {
    let mut wheel = TimerWheel::new();
    for slot in 0..5 {
        wheel.arm(None, at(HOUR + u64::from(slot)), handle(slot));
    }
    assert_eq!(expire(&mut wheel, 2 * HOUR), [0, 1, 2, 3, 4].map(handle));
}

#[test]
fn what_is_due_beyond_the_limit_comes_with_the_next_call() {
    let mut wheel = TimerWheel::new();
    for slot in 0..5 {
        let tick = 10 + u64::from(slot) / 3;
        wheel.arm(None, at(tick * TICK), handle(slot));
    }
    let mut expired = Vec::new();
    wheel.expire(at(HOUR), 2, &mut expired);
    assert_eq!(expired, [0, 1].map(handle));
    assert!(wheel.next_timeout().unwrap() <= at(HOUR));
    wheel.expire(at(HOUR), 2, &mut expired);
    assert_eq!(expired, [0, 1, 2, 3].map(handle));
    wheel.expire(at(HOUR), 2, &mut expired);
    assert_eq!(expired, [0, 1, 2, 3, 4].map(handle));
    assert_eq!(wheel.next_timeout(), None);
}

#[derive(Clone, Debug)]
enum Operation {
    /// Arms the entry of this number at so much from now.
    Arm(u32, u64),
    Disarm(u32),
    /// Time passes, whatever is armed.
    Jump(u64),
    /// The driver waits for `next_timeout`.
    Wait,
    /// Time passes, and no more than so many may expire.
    Limited(u64, usize),
}

fn any_span() -> impl Strategy<Value = u64> {
    (0..50u32).prop_flat_map(|bits| 0..=1u64 << bits)
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let number = 0..12u32;
    prop_oneof![
        4 => (number.clone(), any_span()).prop_map(|(number, span)| Operation::Arm(number, span)),
        1 => number.prop_map(Operation::Disarm),
        1 => any_span().prop_map(Operation::Jump),
        3 => Just(Operation::Wait),
        1 => (any_span(), 0..4usize).prop_map(|(span, limit)| Operation::Limited(span, limit)),
    ]
}

/// What the wheel is measured against: the deadline of each entry, and when it was set.
#[derive(Default)]
struct Model {
    now: u64,
    deadlines: BTreeMap<u32, u64>,
}

impl Model {
    fn due_tick(&self, number: u32) -> u64 {
        self.deadlines[&number].div_ceil(TICK)
    }

    /// Lets the wheel expire at `now` and checks that exactly what is due was reported, each once, in order.
    fn check(&mut self, wheel: &mut TimerWheel, now: u64) -> Result<(), TestCaseError> {
        self.check_limited(wheel, now, usize::MAX)?;
        let late = self
            .deadlines
            .values()
            .find(|&&deadline| deadline + TICK <= now);
        prop_assert_eq!(late, None, "not reported by {}", now);
        Ok(())
    }

    /// The same of at most `limit`, whoever is due beyond it.
    fn check_limited(
        &mut self,
        wheel: &mut TimerWheel,
        now: u64,
        limit: usize,
    ) -> Result<(), TestCaseError> {
        self.now = now;
        let mut expired = Vec::new();
        wheel.expire(at(now), limit, &mut expired);
        prop_assert!(expired.len() <= limit);
        let numbers: Vec<u32> = expired.iter().map(|handle| handle.index().slot).collect();
        let ticks: Vec<u64> = numbers
            .iter()
            .map(|&number| self.due_tick(number))
            .collect();
        prop_assert!(ticks.is_sorted(), "{ticks:?}");
        for number in &numbers {
            let deadline = self.deadlines.remove(number);
            prop_assert!(
                deadline.is_some_and(|deadline| deadline <= now),
                "early, or twice"
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn never_early_never_lost_never_twice_and_late_by_at_most_a_tick(
        operations in prop::collection::vec(any_operation(), 1..120),
    ) {
        let mut wheel = TimerWheel::new();
        let mut model = Model::default();
        let mut timers = BTreeMap::new();
        for operation in operations {
            match operation {
                Operation::Arm(number, span) => {
                    // After now, so that the order of ticks is the order of deadlines.
                    let deadline = model.now + 1 + span;
                    model.deadlines.insert(number, deadline);
                    let timer = timers.get(&number).copied();
                    timers.insert(number, wheel.arm(timer, at(deadline), handle(number)));
                }
                Operation::Disarm(number) => {
                    model.deadlines.remove(&number);
                    timers.remove(&number).into_iter().for_each(|timer| wheel.disarm(timer));
                }
                Operation::Limited(span, limit) => {
                    let now = model.now + span;
                    model.check_limited(&mut wheel, now, limit)?;
                }
                Operation::Jump(span) => model.check(&mut wheel, model.now + span)?,
                Operation::Wait => {
                    if let Some(next) = wheel.next_timeout() {
                        model.check(&mut wheel, model.now.max(next.as_nanos()))?;
                    }
                }
            }
            prop_assert_eq!(wheel.len(), model.deadlines.len());
            let first = model.deadlines.keys().map(|&number| model.due_tick(number) * TICK).min();
            let next = wheel.next_timeout().map(Instant::as_nanos);
            prop_assert!(next <= first, "{next:?} is after {first:?}");
            prop_assert_eq!(next.is_none(), first.is_none());
        }
        // Waiting alone reports everything that is left.
        let mut steps = 0;
        while let Some(next) = wheel.next_timeout() {
            model.check(&mut wheel, model.now.max(next.as_nanos()))?;
            steps += 1;
            prop_assert!(steps <= 12 * 2 * LEVELS, "no progress");
        }
        prop_assert!(model.deadlines.is_empty());
    }
}
