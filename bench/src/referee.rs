//! The referee: looks at every frame that comes or leaves, with other code than either stack's.
//!
//! It holds every checksum, sequence number, acknowledgment and window against what went before, and the bytes of both
//! streams against what was sent and written. What it finds wrong ends the run.

mod conversation;
mod parse;

pub(crate) use conversation::{Known, Rules};

use crate::bench::Watch;
use crate::client::{PORT, SERVER};
use crate::content::Random;
use crate::contestant::Seen;
use conversation::Conversation;
use parse::parse;
use std::collections::HashMap;
use std::net::SocketAddrV4;

/// What the referee has done to the frames, one in so many; 0 for none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disturbances {
    /// A damaged copy comes before a frame.
    pub(crate) damaged_in: usize,
    /// An ACK comes only after what it acknowledges was sent again.
    pub(crate) late_in: usize,
}

/// Where a connection stands, if there is one with this client.
type FindKnown = Box<dyn Fn(SocketAddrV4) -> Option<Known>>;

/// The one who looks.
pub(crate) struct Referee {
    rules: Rules,
    disturbances: Disturbances,
    random: Random,
    conversations: HashMap<SocketAddrV4, Conversation>,
    known: FindKnown,
    /// SYNs that were refused by a RST.
    pub(crate) refused: u64,
    pub(crate) seen: Seen,
}

impl Referee {
    /// A referee from the first frame on.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            disturbances: Disturbances::default(),
            random: Random::new(3),
            conversations: HashMap::new(),
            known: Box::new(|_| None),
            refused: 0,
            seen: Seen::default(),
        }
    }

    /// Looks again, from here: `known` says where connections stand.
    pub(crate) fn resume(&mut self, known: FindKnown, disturbances: Disturbances) {
        self.conversations
            .retain(|&client, conversation| match known(client) {
                Some(known) => {
                    conversation.resume(known);
                    true
                }
                None => false,
            });
        self.known = known;
        self.disturbances = disturbances;
        self.seen = Seen::default();
    }

    /// The run is over: nothing that was sent may be unread.
    pub(crate) fn rest(&self) {
        for (client, conversation) in &self.conversations {
            assert!(
                conversation.unread.is_empty(),
                "{} bytes of {client} were never read",
                conversation.unread.len()
            );
        }
    }

    fn conversation(&mut self, client: SocketAddrV4) -> &mut Conversation {
        self.conversations.entry(client).or_insert_with(|| {
            let known = (self.known)(client);
            let mut conversation = Conversation::default();
            conversation.resume(known.expect("a client that has sent a SYN"));
            conversation
        })
    }
}

impl Watch for Referee {
    const LOOKS: bool = true;

    fn came(&mut self, frame: &[u8]) {
        let Some((from, to, segment)) = parse(frame) else {
            return;
        };
        assert_eq!(
            to,
            SocketAddrV4::new(SERVER, PORT),
            "the server that is meant"
        );
        if segment.syn() {
            let begun = Conversation::begin(&segment);
            let before = self.conversations.insert(from, begun);
            assert!(
                before.is_none_or(|before| before.unread.is_empty()),
                "the last connection of {from} was not read to its end"
            );
            return;
        }
        self.seen.received += segment.payload().len() as u64;
        self.conversation(from).came(&segment);
    }

    fn left(&mut self, frame: &[u8]) {
        self.seen.frames += 1;
        let Some((from, to, segment)) = parse(frame) else {
            return;
        };
        assert_eq!(
            from,
            SocketAddrV4::new(SERVER, PORT),
            "the server that was asked"
        );
        assert!(segment.ack(), "no ACK in {segment:?}");
        let rules = self.rules;
        let conversation = self.conversation(to);
        if segment.rst() {
            assert!(
                conversation.is_refused_by(segment.acknowledgment_number()),
                "a RST: {segment:?}"
            );
            self.refused += 1;
        } else if segment.syn() {
            conversation.agreed(&segment, rules);
        } else {
            conversation.left(&segment);
            self.seen.bytes += segment.payload().len() as u64;
        }
    }

    fn read(&mut self, peer: SocketAddrV4, bytes: &[u8]) {
        self.seen.bytes += bytes.len() as u64;
        self.conversation(peer).read(bytes);
    }

    fn wrote(&mut self, peer: SocketAddrV4, bytes: &[u8]) {
        self.conversation(peer).wrote(bytes);
    }

    fn wants_damage(&mut self) -> bool {
        self.is_one_in(self.disturbances.damaged_in)
    }

    fn damage(&mut self, frame: &mut [u8]) {
        // Ethernet's own checksum is the NIC's affair, so not in its header; nor in ARP, which has none at all.
        let bit = self.random.below((frame.len() - 14) * 8);
        frame[14 + bit / 8] ^= 1 << (bit % 8);
        self.seen.damaged += 1;
    }

    fn wants_lateness(&mut self) -> bool {
        let late = self.is_one_in(self.disturbances.late_in);
        self.seen.late += u64::from(late);
        late
    }
}

impl Referee {
    fn is_one_in(&mut self, count: usize) -> bool {
        count > 0 && self.random.below(count) == 0
    }
}
