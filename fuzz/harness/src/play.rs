//! A run: the stage is set, the script is played, and the end is played.

use crate::bounds;
use crate::ending;
use crate::input::Input;
use crate::knobs::Knobs;
use crate::scene;
use crate::stage::Stage;
use std::time::Duration;

/// Steps of a script: the rest of a longer one is not looked at.
const MOST_STEPS: usize = 256;
/// Time-outs while nothing comes: at once, and of probes that go on.
const MOST_TIMEOUTS: usize = 1_000;
/// Those in a minute: a host that never answers ARP is asked each second, and as often each connection's keepalive may look. The wheel may wake
/// once more for each.
const A_MINUTE: usize = 2 * 60;
/// How long a script's time may run: beyond it nothing new happens.
const LONGEST: Duration = Duration::from_secs(20 * 3600);

/// Plays a script of which `step` plays a step, and if it asks for that, a second time.
///
/// # Panics
/// If a property does not hold, or the two are not the same.
pub(crate) fn play(script: &[u8], step: impl Fn(&mut Stage, &mut Input<'_>)) {
    let (first, twice) = once(script, &step);
    if twice {
        let (second, _) = once(script, &step);
        assert_eq!(first, second, "the same script gave other frames");
    }
}

/// Plays it once. Says what left, and when, in a number.
fn once(script: &[u8], step: &impl Fn(&mut Stage, &mut Input<'_>)) -> (u64, bool) {
    let mut input = Input::new(script);
    let knobs = Knobs::read(&mut input);
    let twice = knobs.twice;
    let mut stage = Stage::new(knobs);
    scene::set(&mut stage);
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        step(&mut stage, &mut input);
        bounds::assert_queues(&stage);
        let may_send = stage.wire.room > 0 && stage.knobs.answers_questions;
        stage.backend.assert_told(&stage.shard, may_send);
    }
    ending::play(&mut stage);
    (stage.digest, twice)
}

/// Time passes: as long as the script says, or to the next time-out.
pub(crate) fn time(stage: &mut Stage, choice: u8) {
    const MICROSECONDS: [u64; 15] = [
        1,
        100,
        1_000,
        5_000,
        20_000,
        40_000,
        100_000,
        200_000,
        500_000,
        1_000_000,
        3_000_000,
        10_000_000,
        61_000_000,
        125_000_000,
        1_000_000_000,
    ];
    let is_over = stage.now.as_nanos() > LONGEST.as_nanos() as u64;
    let duration = match MICROSECONDS.get(usize::from(choice & 15)) {
        _ if is_over => Duration::ZERO,
        Some(&unit) => Duration::from_micros(unit) * (1 + u32::from(choice >> 4)),
        None => match stage.shard.next_timeout() {
            Some(next) => next.since(stage.now),
            None => Duration::ZERO,
        },
    };
    let before = stage.timeouts;
    stage.advance(duration);
    let timeouts = stage.timeouts - before;
    let a_minute = A_MINUTE * (1 + stage.flows.len());
    let most = MOST_TIMEOUTS + a_minute * duration.as_secs() as usize / 60;
    assert!(
        timeouts <= most,
        "{timeouts} time-outs in {duration:?} of silence"
    );
}
