//! Who on the link has which address: the ARP cache (RFC 826; RFC 1122 2.3.2), kept for either family.
//!
//! The table is bounded. Who must leave is never one in use (Reachable, Probe) while there is another: neither a flood
//! of packets for absent hosts nor one of ARP requests from invented ones makes us forget those we talk to.

use crate::keyed_hash::KeyedHash;
use crate::list::{Linked, Links, List};
use crate::slab::{Index, Slab};
use hashbrown::HashTable;
use periplus_journey::Instant;
use periplus_wire::ethernet::EthernetAddress;
use state::State;
use std::collections::BTreeSet;
use std::net::IpAddr;

mod state;

/// How many neighbours are known at most, unless said otherwise (Linux's `gc_thresh3`).
pub const DEFAULT_LIMIT: usize = 1024;

/// What [`Neighbours::resolve`] says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Send there.
    Known(EthernetAddress),
    /// Send a request for it now; the packet must wait.
    Ask,
    /// A request is out; the packet must wait.
    Waiting,
    /// It was asked for in vain a moment ago.
    Unreachable,
}

/// What [`Neighbours::timeout`] says is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// Addresses for which a request is to be sent (again).
    pub ask: Vec<IpAddr>,
    /// Addresses that did not answer: what waits for them is in vain.
    pub given_up: Vec<IpAddr>,
}

#[derive(Debug)]
struct Neighbour {
    links: Links,
    address: IpAddr,
    state: State,
}

impl Linked for Neighbour {
    fn links(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// The neighbours on a link.
#[derive(Debug)]
pub struct Neighbours {
    hash: KeyedHash,
    by_address: HashTable<(IpAddr, Index)>,
    neighbours: Slab<Neighbour>,
    /// Reachable and Probe, the least recently used first.
    in_use: List,
    /// All others, likewise.
    expendable: List,
    /// When the open questions are to be asked again.
    questions: BTreeSet<(Instant, Index)>,
    /// The one resolved last, if it is reachable and none has changed since. Most of what is sent goes by one gateway.
    last: Option<Last>,
}

/// A reachable neighbour, the most recently used of all.
#[derive(Clone, Copy, Debug)]
struct Last {
    address: IpAddr,
    ethernet: EthernetAddress,
    until: Instant,
}

impl Neighbours {
    /// A table without neighbours for at most `limit` of them (at least one), whose hash is keyed with `key`.
    pub fn new(key: [u8; 16], limit: usize) -> Self {
        Self {
            hash: KeyedHash::new(key),
            by_address: HashTable::new(),
            neighbours: Slab::with_limit(limit.max(1)),
            in_use: List::default(),
            expendable: List::default(),
            questions: BTreeSet::new(),
            last: None,
        }
    }

    /// Where on the link to send a packet for `address`. If this says [`Resolution::Ask`], the request counts as sent.
    #[inline]
    pub fn resolve(&mut self, now: Instant, address: IpAddr) -> Resolution {
        match self.last {
            Some(last) if last.address == address && now < last.until => {
                Resolution::Known(last.ethernet)
            }
            _ => self.look_up(now, address),
        }
    }

    /// Until when an address that was just [resolved](Self::resolve) is not found to be stale, if that is to come.
    pub(crate) fn goes_stale(&self, now: Instant, address: IpAddr) -> Option<Instant> {
        let last = self.last.filter(|last| last.address == address);
        last.map(|last| last.until).filter(|&until| now < until)
    }

    fn look_up(&mut self, now: Instant, address: IpAddr) -> Resolution {
        let Some((index, state)) = self.find(address) else {
            self.insert(address, State::asked(now));
            return Resolution::Ask;
        };
        let (state, resolution) = state.resolve(now);
        self.change(index, state);
        if let State::Reachable(ethernet, until) = state {
            self.last = Some(Last {
                address,
                ethernet,
                until,
            });
        }
        resolution
    }

    /// Takes note of the sender of an ARP packet. RFC 826: a mapping we have is updated by whatever ARP its owner
    /// sends; a new one is made only if we are the target, because then it is likely to talk to us. A group's Ethernet
    /// address is not believed (RFC 1812 3.3.2).
    ///
    /// Returns whether the mapping is new or has changed: what waits for it can go, and headers made from the old one
    /// are to be made anew.
    pub fn learn(
        &mut self,
        now: Instant,
        address: IpAddr,
        ethernet: EthernetAddress,
        addressed_to_us: bool,
    ) -> bool {
        if ethernet.is_multicast() {
            return false;
        }
        let Some((index, state)) = self.find(address) else {
            if addressed_to_us {
                self.insert(address, State::introduced(now, ethernet));
            }
            return addressed_to_us;
        };
        self.change(index, state.learn(now, ethernet));
        state.ethernet() != Some(ethernet)
    }

    /// When [`timeout`](Neighbours::timeout) next has something to say.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.questions.first().map(|&(again, _)| again)
    }

    /// What is to be asked again by `now`, and what has been asked often enough. What it says is to be asked counts as
    /// asked.
    pub fn timeout(&mut self, now: Instant) -> Overdue {
        let mut overdue = Overdue::default();
        while let Some(&(again, index)) = self.questions.first()
            && again <= now
        {
            self.questions.pop_first();
            let Some(neighbour) = self.neighbours.get(index) else {
                continue;
            };
            let (address, state) = (neighbour.address, neighbour.state.unanswered(now));
            match state {
                State::Failed { .. } => overdue.given_up.push(address),
                _ => overdue.ask.push(address),
            }
            self.change(index, state);
        }
        overdue
    }

    /// How many neighbours there are, those asked for in vain included.
    pub fn len(&self) -> usize {
        self.neighbours.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.neighbours.is_empty()
    }

    fn find(&self, address: IpAddr) -> Option<(Index, State)> {
        let hash = self.hash.address(address);
        let &(_, index) = self.by_address.find(hash, |entry| entry.0 == address)?;
        Some((index, self.neighbours.get(index)?.state))
    }

    fn insert(&mut self, address: IpAddr, state: State) {
        if self.neighbours.is_full() {
            self.evict();
        }
        let neighbour = Neighbour {
            links: Links::default(),
            address,
            state,
        };
        let Ok(index) = self.neighbours.insert(neighbour) else {
            unreachable!("eviction made no room");
        };
        let hash = self.hash.address(address);
        let rehash = |entry: &(IpAddr, Index)| self.hash.address(entry.0);
        self.by_address
            .insert_unique(hash, (address, index), rehash);
        self.enlist(index, state);
    }

    fn evict(&mut self) {
        let expendable = self.expendable.first(&mut self.neighbours);
        let Some(index) = expendable.or_else(|| self.in_use.first(&mut self.neighbours)) else {
            return;
        };
        self.delist(index);
        if let Some(neighbour) = self.neighbours.remove(index) {
            let hash = self.hash.address(neighbour.address);
            let entry = self.by_address.find_entry(hash, |entry| entry.1 == index);
            if let Ok(entry) = entry {
                entry.remove();
            }
        }
    }

    /// Gives a neighbour its next state and makes it the most recently used of its list.
    fn change(&mut self, index: Index, state: State) {
        self.delist(index);
        if let Some(neighbour) = self.neighbours.get_mut(index) {
            neighbour.state = state;
        }
        self.enlist(index, state);
    }

    fn enlist(&mut self, index: Index, state: State) {
        let list = if state.is_in_use() {
            &mut self.in_use
        } else {
            &mut self.expendable
        };
        list.push_back(&mut self.neighbours, index);
        if let Some(question) = state.question() {
            self.questions.insert((question.again, index));
        }
    }

    fn delist(&mut self, index: Index) {
        self.last = None;
        let Some(state) = self.neighbours.get(index).map(|neighbour| neighbour.state) else {
            return;
        };
        let list = if state.is_in_use() {
            &mut self.in_use
        } else {
            &mut self.expendable
        };
        list.unlink(&mut self.neighbours, index);
        if let Some(question) = state.question() {
            self.questions.remove(&(question.again, index));
        }
    }
}

#[cfg(test)]
mod tests;
