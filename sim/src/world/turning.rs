//! The world turns: everybody does what can be done now, then time moves on.

use super::flow::{Flow, address};
use super::host::Host;
use super::listening::Listening;
use super::plan::{HostPlan, WorldPlan};
use super::port::Port;
use super::switch::{Switch, ethernet_address};
use crate::peer::Peer;
use periplus_journey::Instant;
use periplus_ring::memory::{self, LinkOptions, MemoryDevice};
use periplus_stack::ShardOptions;
use std::time::Duration;

/// How long a look at the rings takes: frames that answer each other are so far apart at least.
const LOOK: Duration = Duration::from_micros(10);

/// Hosts, what joins them, and their users. The same plan gives the same frames at the same times.
#[derive(Debug)]
pub struct World {
    /// The present.
    pub now: Instant,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// Their users' connections.
    pub flows: Vec<Flow>,
    /// Their listeners.
    pub listeners: Vec<Listening>,
    /// Looks in a row at which time stood still.
    pub looks_at_once: u32,
    /// The peer without shame.
    pub peer: Option<Peer>,
    switch: Option<Switch>,
}

impl World {
    /// When worlds begin: a moment that differs from the clock's start.
    pub const BEGINNING: Instant = Instant::from_millis(1_000);

    /// A world as planned; nothing has happened in it.
    pub fn new(plan: &WorldPlan) -> Self {
        let stations = plan.hosts.len() + usize::from(plan.peer.is_some());
        let (mut ends, switch) = wire(stations, &plan.link);
        let peer = plan.peer.as_ref().and_then(|peer| {
            let end = ends.pop()?;
            Some(Peer::new(peer.clone(), plan.flows.clone(), end))
        });
        let now = Self::BEGINNING;
        let hosts = plan.hosts.iter().zip(ends).enumerate();
        let hosts = hosts.map(|(number, (host, end))| {
            let port = Port::new(end, host.faults.clone());
            let options = shard_options(plan, number, host);
            let mut host = Host::new(options, host.secret, port);
            if !plan.watched {
                host.port.witness.oracle = None;
            }
            host
        });
        let flows = (0..).zip(&plan.flows);
        let mut world = Self {
            now,
            hosts: hosts.collect(),
            flows: flows
                .map(|(number, flow)| Flow::with_peer(flow.clone(), number, now, plan.hosts.len()))
                .collect(),
            listeners: Vec::new(),
            looks_at_once: 0,
            peer,
            switch,
        };
        if plan.peer.as_ref().is_some_and(|peer| peer.tells_lies()) {
            for flow in &mut world.flows {
                flow.opener.expect_lies();
                flow.acceptor.expect_lies();
            }
        }
        for (number, host) in plan.hosts.iter().enumerate() {
            for listener in &host.listeners {
                let stack = &mut world.hosts[number];
                let listening = Listening::open(number, stack, listener.clone(), now);
                world.listeners.push(listening);
            }
        }
        world
    }

    /// Everybody has one look; if that moved nothing, time moves on to the next thing that will, or to `limit` if that is
    /// earlier. False: nothing will ever happen again, or not before `limit`.
    ///
    /// # Errors
    /// What a user read that was not sent, or got that nobody opened.
    pub fn step(&mut self, limit: Instant) -> Result<bool, String> {
        let before = self.now;
        let mut moved = false;
        for host in &mut self.hosts {
            moved |= host.poll(self.now);
        }
        if let Some(switch) = &mut self.switch {
            moved |= switch.forward(self.now);
        }
        if let Some(peer) = &mut self.peer {
            moved |= peer.poll(self.now);
        }
        moved |= self.pump()?;
        if moved {
            self.now += LOOK;
        } else {
            match self.next_timeout() {
                Some(next) if next <= limit => self.now = self.now.max(next),
                next => {
                    self.now = if next.is_some() {
                        self.now.max(limit)
                    } else {
                        self.now
                    };
                    return Ok(false);
                }
            }
        }
        self.looks_at_once = if self.now > before {
            0
        } else {
            self.looks_at_once + 1
        };
        Ok(true)
    }

    /// Runs for `duration`, or until nothing will ever happen again.
    ///
    /// # Errors
    /// As [`World::step`].
    pub fn run_for(&mut self, duration: Duration) -> Result<(), String> {
        let limit = self.now + duration;
        while self.now < limit && self.step(limit)? {}
        Ok(())
    }

    fn pump(&mut self) -> Result<bool, String> {
        let mut acted = false;
        let (hosts, flows) = (&mut self.hosts, &mut self.flows);
        for listening in &mut self.listeners {
            acted |= listening.pump(&mut hosts[listening.host], flows, self.now)?;
        }
        for flow in flows {
            acted |= flow.pump(hosts, self.now)?;
        }
        Ok(acted)
    }

    /// When something happens next of its own accord.
    pub fn next_timeout(&self) -> Option<Instant> {
        let hosts = self.hosts.iter().filter_map(Host::next_timeout);
        let flows = self.flows.iter().filter_map(Flow::next_wake);
        let listeners = self.listeners.iter().filter_map(Listening::next_wake);
        let peer = self.peer.as_ref().and_then(Peer::next_timeout);
        hosts.chain(flows).chain(listeners).chain(peer).min()
    }
}

fn wire(hosts: usize, link: &LinkOptions) -> (Vec<MemoryDevice>, Option<Switch>) {
    if hosts == 2 {
        let (one, other) = memory::link(link.clone());
        return (vec![one, other], None);
    }
    let links = (0..hosts).map(|_| {
        memory::link(LinkOptions {
            drop_when_full: true,
            ..link.clone()
        })
    });
    let (ends, others) = links.unzip();
    (ends, Some(Switch::new(others)))
}

fn shard_options(plan: &WorldPlan, number: usize, host: &HostPlan) -> ShardOptions {
    ShardOptions {
        ethernet: ethernet_address(number),
        address: address(number),
        prefix: 24,
        // the peer answers for the whole world
        gateway: plan.peer.as_ref().map(|_| address(1).into()),
        tcp: host.sysctls,
        recording: host.recording,
        max_resting: if plan.parks_at_once {
            0
        } else {
            ShardOptions::default().max_resting
        },
        ..ShardOptions::default()
    }
}
