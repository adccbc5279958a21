//! The connections of a shard: those at work, and those at rest.
//!
//! Most connections of a server wait for the next request. Such a one is [parked](Parked): it lies in its slot, in a fifth of the memory,
//! and wakes with the next segment or call. The connections that came to rest last are not parked yet, for the next request is often near:
//! only so many of them as a processor's cache has room for.

use crate::flow::Flow;
use crate::flow_table::FlowKey;
use crate::list::{Linked, Links, List};
use crate::slab::{Index, Slab};
use periplus_tcp::{Connection, Parked};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

/// Places kept of connections that were parked or are over: as many as work at the same time, mostly.
const PLACES: usize = 128;
/// Connections parked in one go, at most: it is to be no pause.
const PARKED_AT_ONCE: usize = 64;

/// A connection at rest with its addresses.
#[derive(Debug)]
pub(crate) struct ParkedFlow {
    connection: Parked,
    local: (Ipv4Addr, u16),
    remote: (Ipv4Addr, u16),
}

/// Where a connection is.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "that is the point of it")]
pub(crate) enum Slot {
    Awake(Box<Flow>),
    Parked(ParkedFlow),
}

impl Linked for Slot {
    fn links(&mut self) -> &mut Links {
        match self {
            Slot::Awake(flow) => flow.links(),
            Slot::Parked(_) => unreachable!("who is parked is on no list"),
        }
    }
}

/// A connection, to look at.
#[derive(Debug)]
pub(crate) enum Look<'a> {
    Awake(&'a Flow),
    /// As far as it can be told of one that is parked.
    Parked(Box<Flow>),
}

impl Deref for Look<'_> {
    type Target = Flow;

    fn deref(&self) -> &Flow {
        match self {
            Look::Awake(flow) => flow,
            Look::Parked(flow) => flow,
        }
    }
}

/// A place moves from slot to slot, and what is in it does not.
type Places = Vec<Box<Flow>>;

/// The connections, named by the indices of their slots whether or not they are parked.
#[derive(Debug)]
pub(crate) struct Flows {
    slots: Slab<Slot>,
    /// Connections at rest that are not parked, those first that have rested longest.
    resting: List,
    /// How many those are, and may be.
    resting_count: usize,
    resting_limit: usize,
    /// Connections that woke since it was last asked.
    woken: Vec<Index>,
    /// Places of connections that were parked or are over, for those that wake or begin.
    places: Places,
    /// Connections that may hold frames of the ring, the oldest first.
    pinning: List,
    parked: usize,
}

impl Flows {
    /// None, and at most `limit` of them. `resting_limit` may be at rest without being parked.
    pub(crate) fn with_limits(limit: usize, resting_limit: usize) -> Self {
        Self {
            slots: Slab::with_limit(limit),
            resting: List::default(),
            resting_count: 0,
            resting_limit,
            woken: Vec::new(),
            places: Places::new(),
            pinning: List::default(),
            parked: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many are parked.
    pub(crate) fn parked(&self) -> usize {
        self.parked
    }

    /// Enters a connection. At the limit there is no place for it.
    pub(crate) fn insert(&mut self, connection: Connection, key: FlowKey) -> Option<Index> {
        if self.slots.is_full() {
            return None;
        }
        let flow = Flow::new(connection, key);
        let place = match self.places.pop() {
            Some(mut place) => {
                *place = flow;
                place
            }
            None => Box::new(flow),
        };
        self.slots.insert(Slot::Awake(place)).ok()
    }

    /// A connection, to be worked on: it wakes.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: Index) -> Option<&mut Flow> {
        let slot = self.slots.get_mut(index)?;
        if let Slot::Parked(_) = slot {
            wake(slot, &mut self.places);
            self.parked -= 1;
            self.woken.push(index);
        }
        slot.awake()
    }

    /// A connection, to look at: it sleeps on.
    pub(crate) fn get(&self, index: Index) -> Option<Look<'_>> {
        self.slots.get(index).map(Slot::look)
    }

    /// A connection that is not parked.
    pub(crate) fn get_awake(&self, index: Index) -> Option<&Flow> {
        match self.slots.get(index)? {
            Slot::Awake(flow) => Some(flow),
            Slot::Parked(_) => None,
        }
    }

    /// Reads what a segment will ask for, as a way to have it in the cache by then. What it returns means nothing.
    #[inline]
    pub(crate) fn touch(&self, index: Index) -> u32 {
        match self.slots.get(index) {
            Some(Slot::Awake(flow)) => flow.touch(),
            Some(Slot::Parked(parked)) => parked.connection.touch(),
            None => 0,
        }
    }

    /// Takes a connection out, off the lists threaded through the slots.
    pub(crate) fn remove(&mut self, index: Index) -> Option<Box<Flow>> {
        self.get_mut(index)?;
        self.unpin(index);
        self.stir(index);
        match self.slots.remove(index)? {
            Slot::Awake(flow) => Some(flow),
            Slot::Parked(_) => None,
        }
    }

    /// Keeps the place of a connection that is over.
    pub(crate) fn recycle(&mut self, mut place: Box<Flow>) {
        place.connection.let_go();
        self.keep_place(place);
    }

    fn keep_place(&mut self, place: Box<Flow>) {
        if self.places.len() < PLACES {
            self.places.push(place);
        }
    }

    /// A connection has come to rest. Who has rested longest is parked where they are too many; where they are very many, some are.
    pub(crate) fn rest(&mut self, index: Index) {
        self.unpin(index);
        if let Some(Slot::Awake(flow)) = self.slots.get_mut(index) {
            flow.is_resting = true;
            self.resting.push_back(&mut self.slots, index);
            self.resting_count += 1;
        }
        for _ in 0..PARKED_AT_ONCE {
            if self.resting_count <= self.resting_limit {
                return;
            }
            self.park_first();
        }
    }

    /// A connection rests no more.
    pub(crate) fn stir(&mut self, index: Index) {
        if let Some(Slot::Awake(flow)) = self.slots.get_mut(index)
            && std::mem::take(&mut flow.is_resting)
        {
            self.resting.unlink(&mut self.slots, index);
            self.resting_count -= 1;
        }
    }

    /// Who has woken for no more than a look rests again.
    #[inline]
    pub(crate) fn rest_woken(&mut self) {
        while let Some(index) = self.woken.pop() {
            if let Some(Slot::Awake(flow)) = self.slots.get_mut(index)
                && flow.comes_to_rest()
            {
                self.rest(index);
            }
        }
    }

    fn park_first(&mut self) {
        let Some(index) = self.resting.first(&mut self.slots) else {
            return;
        };
        self.stir(index);
        if let Some(slot) = self.slots.get_mut(index)
            && let Some(parked) = slot.awake().and_then(ParkedFlow::of)
            && let Slot::Awake(place) = std::mem::replace(slot, Slot::Parked(parked))
        {
            self.parked += 1;
            self.keep_place(place);
        }
    }

    /// A connection holds frames of the ring.
    pub(crate) fn pin(&mut self, index: Index) {
        self.stir(index);
        if let Some(Slot::Awake(flow)) = self.slots.get_mut(index) {
            flow.is_pinning = true;
            self.pinning.push_back(&mut self.slots, index);
        }
    }

    fn unpin(&mut self, index: Index) {
        if let Some(Slot::Awake(flow)) = self.slots.get_mut(index)
            && std::mem::take(&mut flow.is_pinning)
        {
            self.pinning.unlink(&mut self.slots, index);
        }
    }

    /// Takes the connection off the list that has held frames longest.
    pub(crate) fn unpin_first(&mut self) -> Option<&mut Flow> {
        let index = self.pinning.pop_front(&mut self.slots)?;
        let flow = self.slots.get_mut(index)?.awake()?;
        flow.is_pinning = false;
        Some(flow)
    }

    /// Every connection's index, in the order of their slots.
    pub(crate) fn indices(&self) -> impl Iterator<Item = Index> {
        self.slots.iter().map(|(index, _)| index)
    }

    /// Those at work. Of the others there is little to tell.
    pub(crate) fn awake(&self) -> impl Iterator<Item = &Flow> {
        self.slots.iter().filter_map(|(_, slot)| match slot {
            Slot::Awake(flow) => Some(&**flow),
            Slot::Parked(_) => None,
        })
    }

    /// [`Slab::chunk_from`], to look at.
    pub(crate) fn chunk_from(&self, from: u32) -> Option<(u32, impl Iterator<Item = Look<'_>>)> {
        let (chunk, slots) = self.slots.chunk_from(from)?;
        Some((chunk, slots.map(Slot::look)))
    }
}

#[inline(never)]
fn wake(slot: &mut Slot, places: &mut Places) {
    let place = places.pop();
    let place = place.unwrap_or_else(|| Box::new(Flow::to_wake()));
    if let Slot::Parked(parked) = std::mem::replace(slot, Slot::Awake(place))
        && let Slot::Awake(place) = slot
    {
        parked.wake(place);
    }
}

impl Slot {
    #[inline]
    fn awake(&mut self) -> Option<&mut Flow> {
        match self {
            Slot::Awake(flow) => Some(flow),
            Slot::Parked(_) => None,
        }
    }

    fn look(&self) -> Look<'_> {
        match self {
            Slot::Awake(flow) => Look::Awake(flow),
            Slot::Parked(parked) => Look::Parked(Box::new(parked.look())),
        }
    }
}

impl ParkedFlow {
    /// `None` if it is at work after all; and for IPv6, which the stack does not carry yet.
    fn of(flow: &mut Flow) -> Option<Self> {
        if !flow.has_nothing_to_do() {
            return None;
        }
        debug_assert_eq!(flow.claim, flow.connection.claim());
        let FlowKey {
            local: SocketAddr::V4(local),
            remote: SocketAddr::V4(remote),
        } = flow.key
        else {
            return None;
        };
        Some(Self {
            connection: flow.connection.park()?,
            local: (*local.ip(), local.port()),
            remote: (*remote.ip(), remote.port()),
        })
    }

    fn key(&self) -> FlowKey {
        FlowKey {
            local: self.local.into(),
            remote: self.remote.into(),
        }
    }

    fn wake(self, flow: &mut Flow) {
        let key = self.key();
        self.connection.wake(&mut flow.connection);
        flow.begin_anew(key);
    }

    fn look(&self) -> Flow {
        let mut flow = Flow::to_wake();
        self.connection.look(&mut flow.connection);
        flow.begin_anew(self.key());
        flow
    }
}
