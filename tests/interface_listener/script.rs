//! A script: what clients and backend do, and when. It is played to both listeners at the same time, step by step.

use super::client::Client;
use super::client::Outcome;
use super::server::{Backend, Listening, Queues, Server};
use super::wire::Wire;
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

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
pub(super) struct World<L: Listening> {
    wire: Wire,
    clients: Vec<Client>,
    server: Server<L>,
    looks: Vec<(u64, Queues)>,
    longest: u64,
}

impl<L: Listening> World<L> {
    pub(super) fn new(wire: Wire, listener: L) -> Self {
        let mut world = Self {
            wire,
            clients: Vec::new(),
            server: Server::new(listener),
            looks: Vec::new(),
            longest: 0,
        };
        // Addresses are asked for now.
        world.settle();
        world
    }

    fn take(&mut self, millis: u64, step: Step) {
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
                return;
            }
        };
        let acts = segment.is_some() || step == Step::Accept;
        if let Some(segment) = segment {
            self.wire.send(&segment);
        }
        if acts {
            self.settle();
            self.server.serve();
            self.settle();
        }
        self.longest = self.longest.max(self.server.listener.queues().accept);
    }

    fn client(&mut self, number: u16) -> &mut Client {
        &mut self.clients[usize::from(number)]
    }

    /// Goes on until nobody has anything more to say.
    fn settle(&mut self) {
        loop {
            self.wire.ask();
            let asked = Instant::now();
            let mut said = false;
            while !self.wire.is_answered() {
                said |= self.pass();
                assert!(asked.elapsed() < Duration::from_secs(10), "no echo");
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

/// Plays a script to both, and gives up if a step is later than `latest`: by how much is the error then.
pub(super) fn play<A: Listening, B: Listening>(
    script: &Script,
    mut first: World<A>,
    mut second: World<B>,
    latest: Duration,
) -> Result<(Seen, Seen), Duration> {
    let mut steps = script.steps.clone();
    steps.sort_by_key(|(millis, _)| *millis);
    let clients = || (0..script.clients()).map(Client::new).collect();
    (first.clients, second.clients) = (clients(), clients());
    let before = (
        first.server.listener.counters(),
        second.server.listener.counters(),
    );
    let start = Instant::now();
    for (millis, step) in steps {
        let due = start + Duration::from_millis(millis);
        loop {
            first.pass();
            second.pass();
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // The listeners' own timers are due at times that nobody else knows.
            sleep(left.min(Duration::from_millis(1)));
        }
        first.take(millis, step);
        second.take(millis, step);
        let late = due.elapsed();
        if late > latest {
            return Err(late);
        }
    }
    Ok((first.seen(&before.0), second.seen(&before.1)))
}
