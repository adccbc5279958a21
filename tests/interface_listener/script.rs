//! A script: what clients and backend do, and when. It is played to both listeners at the same time, step by step.

use super::client::Client;
use super::client::Outcome;
use super::server::{Backend, Listening, Queues, Server};
use super::wire::Wire;
use periplus_nic::PacketDevice;
use periplus_ring::Device;
use periplus_ring::memory::MemoryDevice;
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A bound for what may take long on a busy machine and must never take for ever.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at whether a listener has said something of its own accord.
const PAUSE: Duration = Duration::from_millis(3);

/// How often is looked for an echo without a pause, and how long is paused then: the kernel may leave what it was sent to a thread
/// of its own, which has the same processor and comes after this one.
const LOOKS: u32 = 20;
const BREATH: Duration = Duration::from_micros(100);

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A client sends its SYN, the first time or once more, if none was answered.
    Syn(u16),
    /// A client sends its SYN once more, also if one was answered.
    SynAgain(u16),
    /// A client completes its handshake; before, it answers no SYN/ACK.
    Ack(u16),
    /// A client sends its request, the first time or once more, if it was not acknowledged.
    Request(u16),
    /// A client ends its direction.
    Finish(u16),
    /// A client breaks off.
    Reset(u16),
    /// The backend accepts one connection, if one waits.
    Accept,
    /// The queues' lengths are written down.
    Look,
    /// Nothing goes on before a client has so many SYN/ACKs, or was reset: they come when a listener's timer runs out.
    Await(u16, u32),
    /// A client has no more than so many SYN/ACKs. Else this machine is so busy that a timer ran out before what should come
    /// before it, and nothing is to be learnt.
    NoMoreThan(u16, u32),
}

/// Steps and when they are taken, in milliseconds from the beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    steps: Vec<(u64, Step)>,
}

impl Script {
    pub(super) fn at(&mut self, millis: u64, steps: impl IntoIterator<Item = Step>) {
        let steps = steps.into_iter().map(|step| (millis, step));
        self.steps.extend(steps);
    }

    /// The backend accepts one every `period` milliseconds.
    pub(super) fn accept_every(&mut self, period: u64, until: u64) {
        for millis in (period..until).step_by(period as usize) {
            self.at(millis, [Step::Accept]);
        }
    }

    fn new_clients(&self) -> Vec<Client> {
        (0..self.clients()).map(Client::new).collect()
    }

    fn in_order(&self) -> Vec<(u64, Step)> {
        let mut steps = self.steps.clone();
        steps.sort_by_key(|(millis, _)| *millis);
        steps
    }

    fn clients(&self) -> u16 {
        let numbers = self.steps.iter().filter_map(|(_, step)| match step {
            Step::Syn(number) => Some(number + 1),
            _ => None,
        });
        numbers.max().unwrap_or(0)
    }
}

/// What was seen at a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) counters: BTreeMap<String, u64>,
    /// Whenever the script looked: milliseconds, and the queues then.
    pub(super) looks: Vec<(u64, Queues)>,
    /// The longest the accept queue was after any step.
    pub(super) longest: u64,
    pub(super) clients: Vec<Outcome>,
    pub(super) backend: Backend,
}

/// A listener and its clients.
pub(super) struct World<L: Listening, D> {
    wire: Wire<D>,
    clients: Vec<Client>,
    server: Server<L>,
    looks: Vec<(u64, Queues)>,
    longest: u64,
}

impl<L: Listening, D: Device> World<L, D> {
    pub(super) fn new(wire: Wire<D>, listener: L) -> Self {
        let mut world = Self {
            wire,
            clients: Vec::new(),
            server: Server::new(listener),
            looks: Vec::new(),
            longest: 0,
        };
        world.open();
        world.settle();
        world
    }

    /// Asks for an echo again and again, until there is one: the kernel switches a new wire on when it finds the time, and loses
    /// what is sent before. Addresses are asked for as well now.
    fn open(&mut self) {
        let began = self.elapsed();
        loop {
            self.wire.ask();
            for _ in 0..LOOKS {
                self.pass();
                if self.wire.is_answered() {
                    return;
                }
                self.wait(PAUSE);
            }
            assert!(self.elapsed() - began < PATIENCE, "no echo");
        }
    }

    /// Takes a step. Returns whether it came in time.
    fn take(&mut self, millis: u64, step: Step) -> bool {
        let segment = match step {
            Step::Syn(number) => self.client(number).syn(),
            Step::SynAgain(number) => Some(self.client(number).syn_again()),
            Step::Ack(number) => self.client(number).ack(),
            Step::Request(number) => self.client(number).request(),
            Step::Finish(number) => self.client(number).finish(),
            Step::Reset(number) => self.client(number).reset(),
            Step::Accept => {
                self.server.accept();
                None
            }
            Step::Look => {
                let queues = self.server.listener.queues();
                self.looks.push((millis, queues));
                return true;
            }
            Step::Await(number, syn_acks) => {
                self.wait_for(number, syn_acks);
                None
            }
            Step::NoMoreThan(number, syn_acks) => {
                return self.client(number).outcome.syn_acks <= syn_acks;
            }
        };
        if let Some(segment) = &segment {
            self.wire.send(segment);
        } else if step != Step::Accept {
            return true;
        }
        self.settle();
        if self.server.serve() {
            self.settle();
        }
        if let Step::Ack(_) | Step::Request(_) = step {
            self.longest = self.longest.max(self.server.listener.queues().accept);
        }
        true
    }

    fn wait_for(&mut self, number: u16, syn_acks: u32) {
        let began = self.elapsed();
        loop {
            let outcome = self.client(number).outcome;
            if outcome.syn_acks >= syn_acks || outcome.reset {
                return self.settle();
            }
            assert!(
                self.elapsed() - began < PATIENCE,
                "client {number} gets no SYN/ACK"
            );
            self.pass();
            self.wait(PAUSE);
        }
    }

    fn wait(&mut self, time: Duration) {
        self.server.listener.wait(time);
    }

    fn elapsed(&self) -> Duration {
        self.server.listener.elapsed()
    }

    fn client(&mut self, number: u16) -> &mut Client {
        &mut self.clients[usize::from(number)]
    }

    /// Goes on until nobody has anything more to say.
    fn settle(&mut self) {
        loop {
            self.wire.ask();
            let asked = self.elapsed();
            let mut said = false;
            let mut looks = 0;
            while !self.wire.is_answered() {
                said |= self.pass();
                assert!(self.elapsed() - asked < PATIENCE, "no echo");
                looks += 1;
                if looks > LOOKS {
                    self.wait(BREATH);
                }
            }
            if !said && !self.pass() {
                return;
            }
        }
    }

    /// What has come is taken and answered. Returns whether there was anything.
    fn pass(&mut self) -> bool {
        self.server.listener.poll();
        let segments = self.wire.receive();
        let mut answers = Vec::new();
        for segment in &segments {
            let number = Client::number(segment.destination.port());
            self.client(number).receive(segment, &mut answers);
        }
        for answer in &answers {
            self.wire.send(answer);
        }
        !segments.is_empty()
    }

    fn seen(mut self, before: &BTreeMap<String, u64>) -> Seen {
        let counters = self.server.listener.counters().into_iter();
        let counters = counters.map(|(name, after)| {
            let before = before.get(&name).copied().unwrap_or(0);
            (name, after.saturating_sub(before))
        });
        Seen {
            counters: counters.collect(),
            looks: self.looks,
            longest: self.longest,
            clients: self.clients.iter().map(|client| client.outcome).collect(),
            backend: self.server.backend,
        }
    }
}

/// What was seen at both, and by how much the steps were late, all together.
pub(super) struct Played {
    pub(super) first: Seen,
    pub(super) second: Seen,
    pub(super) late: Duration,
}

/// Plays a script to one, whose time waits for every step.
pub(super) fn play_alone<L: Listening>(script: &Script, mut world: World<L, MemoryDevice>) -> Seen {
    world.clients = script.new_clients();
    let before = world.server.listener.counters();
    let start = world.elapsed();
    for (millis, step) in script.in_order() {
        let due = start + Duration::from_millis(millis);
        while world.elapsed() < due {
            let left = due - world.elapsed();
            world.wait(left.min(PAUSE));
            world.pass();
        }
        assert!(world.take(millis, step), "{step:?} at {millis} ms");
    }
    world.seen(&before)
}

/// Plays a script to both, or as much of it as this machine is quick enough for.
pub(super) fn play<A: Listening, B: Listening>(
    script: &Script,
    mut first: World<A, PacketDevice>,
    mut second: World<B, PacketDevice>,
) -> Option<Played> {
    (first.clients, second.clients) = (script.new_clients(), script.new_clients());
    let before = (
        first.server.listener.counters(),
        second.server.listener.counters(),
    );
    let begun = Instant::now();
    let mut start = begun;
    for (millis, step) in script.in_order() {
        let due = start + Duration::from_millis(millis);
        loop {
            first.pass();
            second.pass();
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            sleep(left.min(PAUSE));
        }
        // What was late stays late: the steps that follow keep their distance.
        start += due.elapsed().saturating_sub(PAUSE);
        if !(first.take(millis, step) & second.take(millis, step)) {
            return None;
        }
    }
    Some(Played {
        first: first.seen(&before.0),
        second: second.seen(&before.1),
        late: start - begun,
    })
}
