//! Users, drawn: how much they send, in what pieces, how they read, and how they leave.

use super::sockets;
use crate::random::Random;
use crate::world::{Answers, FlowPlan, GivesUp, HostPlan, ListenerPlan, UserPlan, When};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Where listeners listen: one of the ports each.
pub(super) const PORTS: [u16; 2] = [80, 443];

/// Bytes that the flows of a scenario send together at most: what a debug build carries in a fraction of a second.
const MOST_BYTES: u64 = 400 * 1024;

/// A listener; some are small, and some are not asked often.
pub(super) fn listener(random: &mut Random, port: u16) -> ListenerPlan {
    let is_slow = random.one_in(5);
    ListenerPlan {
        port,
        backlog: random.pick(&[1, 2, 8, 128, 128]),
        options: sockets::socket(random),
        accept_pause: if is_slow {
            random.time(MILLISECOND..=SECOND * 2)
        } else {
            Duration::ZERO
        },
    }
}

/// Connections between two hosts.
pub(super) fn flows(random: &mut Random) -> Vec<FlowPlan> {
    let many = random.pick(&[1, 1, 2, 3, 8]);
    let budget = MOST_BYTES / many;
    (0..many).map(|_| flow(random, budget)).collect()
}

/// All of them come to one listener at nearly the same time, which is small and not asked often.
pub(super) fn rush(random: &mut Random, flows: &mut [FlowPlan], hosts: &mut [HostPlan]) {
    let (from, port) = (flows[0].from, flows[0].port);
    for flow in flows {
        (flow.from, flow.to, flow.port) = (from, 1 - from, port);
        flow.starts = random.time(MILLISECOND..=MILLISECOND * 100);
    }
    let listeners = &mut hosts[1 - from].listeners;
    for listener in listeners
        .iter_mut()
        .filter(|listener| listener.port == port)
    {
        listener.backlog = random.pick(&[1, 1, 2, 3]);
        listener.accept_pause = random.time(MILLISECOND * 100..=SECOND * 2);
    }
}

fn flow(random: &mut Random, budget: u64) -> FlowPlan {
    let from = random.below(2) as usize;
    let (mut opener, mut acceptor) = (user(random, budget), user(random, budget));
    set(random, &mut opener);
    if random.one_in(3) {
        set(random, &mut acceptor);
    }
    if random.one_in(4) {
        answer(random, budget, &mut opener, &mut acceptor);
    }
    // One of the two has to end first.
    acceptor.half_closes |= !opener.half_closes;
    FlowPlan {
        from,
        to: 1 - from,
        port: random.pick(&PORTS),
        from_port: None,
        starts: random.time(MILLISECOND..=SECOND * 3),
        opener,
        acceptor,
    }
}

/// What the one sends are requests, and what the other sends their answers.
fn answer(random: &mut Random, budget: u64, opener: &mut UserPlan, acceptor: &mut UserPlan) {
    let many = random.magnitude(1..=30);
    let answers = Answers {
        request: random.magnitude(1..=budget / 4 / many),
        answer: random.magnitude(1..=budget / 4 / many),
        thinks: random.pick(&[Duration::ZERO, MILLISECOND, MILLISECOND * 60]),
    };
    acceptor.answers = Some(answers);
    (opener.sends, acceptor.sends) = (many * answers.request, many * answers.answer);
    for user in [opener, acceptor] {
        user.write_size = user.write_size.max(user.sends as usize / 2000);
        user.write_pause = user.write_pause.min(SECOND / many as u32);
        user.read_pause = user.read_pause.min(SECOND / many as u32);
    }
}

/// A user that sets its socket's options, and some of them once more.
fn set(random: &mut Random, user: &mut UserPlan) {
    let mut options = sockets::socket(random);
    user.options = Some(options);
    let many = random.pick(&[0, 0, 0, 1, 3]);
    let mut after = Duration::ZERO;
    for _ in 0..many {
        after += random.time(MILLISECOND..=SECOND * 2);
        options = sockets::changed(random, &options);
        user.changes.push((after, options));
    }
}

fn user(random: &mut Random, budget: u64) -> UserPlan {
    let sends = match random.below(6) {
        0 => 0,
        1 => random.between(1..=100),
        _ => random.magnitude(100..=budget / 2),
    };
    let write_size = random.magnitude(1..=64 * 1024) as usize;
    let read_size = random.magnitude(64..=32 * 1024) as usize;
    UserPlan {
        options: None,
        changes: Vec::new(),
        sends,
        // a debug build does not write hundreds of thousands of single bytes
        write_size: write_size.max(sends as usize / 2000).max(1),
        write_pause: pause(random, sends, write_size),
        read_size,
        read_pause: pause(random, budget / 2, read_size),
        reads_after: if random.one_in(6) {
            random.time(MILLISECOND * 100..=SECOND * 20)
        } else {
            Duration::ZERO
        },
        half_closes: random.chance(0.7),
        answers: None,
        gives_up: random.one_in(8).then(|| gives_up(random, sends)),
    }
}

/// A pause after each piece of `size` bytes, so that all of them take half a minute at most.
fn pause(random: &mut Random, bytes: u64, size: usize) -> Duration {
    if !random.one_in(4) {
        return Duration::ZERO;
    }
    let pieces = bytes / size as u64 + 1;
    let longest = SECOND * 30 / pieces as u32;
    random.time(longest / 1000..=longest)
}

fn gives_up(random: &mut Random, sends: u64) -> GivesUp {
    GivesUp {
        when: if random.one_in(2) {
            When::Age(random.time(MILLISECOND..=SECOND * 20))
        } else {
            When::Bytes(random.between(0..=2 * sends))
        },
        aborts: random.one_in(2),
    }
}
