//! What the network does to a frame before the referee's eyes.

use super::{Bench, Watch};
use crate::client::Frame;
use crate::stacks::Stack;
use std::time::Duration;

/// How long a stack may take to send again, and in which steps time moves meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(1);

impl<S: Stack> Bench<S> {
    #[inline]
    pub(super) fn disturb<W: Watch>(&mut self, watch: &mut W, frame: Frame) {
        if W::LOOKS {
            self.send_damaged(watch, frame);
            self.send_late(watch, frame);
        }
    }

    /// If the watch wants it, a damaged copy of the next frame comes first. Nothing may come of it.
    fn send_damaged(&mut self, watch: &mut impl Watch, frame: Frame) {
        if !watch.wants_damage() {
            return;
        }
        self.turn(watch); // what is due by itself is not the damaged frame's doing
        let mut copy = vec![0; self.setup.slot()];
        self.client.fill(&mut copy);
        let length = self.client.write(frame, &mut copy, self.now);
        watch.damage(&mut copy[..length]);
        let dropped = self.stack.dropped();
        self.stack.deliver_apart(&copy[..length]);
        self.stack.turn(self.now);
        self.stack
            .take_sent(|frame| panic!("a damaged frame was answered: {frame:02x?}"));
        assert!(
            self.stack.next_readable().is_none(),
            "a damaged frame was delivered"
        );
        assert_eq!(
            self.stack.dropped(),
            dropped.map(|dropped| dropped + 1),
            "a damaged frame was not counted as dropped"
        );
    }

    /// If the watch wants it, the next ACK of something is withheld until that has been sent again.
    fn send_late(&mut self, watch: &mut impl Watch, frame: Frame) {
        let acknowledges = matches!(frame, Frame::Ack | Frame::Data | Frame::Fin);
        if !acknowledges || !self.client.connection().owes_an_ack() || !watch.wants_lateness() {
            return;
        }
        let repeated = self.client.repeated;
        let end = self.now + PATIENCE;
        while self.client.repeated == repeated {
            assert!(
                self.now < end,
                "what was not acknowledged was not sent again"
            );
            self.wait(watch);
        }
        // Who acknowledges by and by acknowledges everything now, as one whose ACKs all were lost.
        self.client.acknowledge(u32::MAX);
    }

    /// A millisecond passes. After what was lost a stack may have nothing to send for a while; in a run without losses it
    /// always has.
    ///
    /// # Panics
    /// If nobody looks on, who could have had anything lost.
    #[cold]
    pub(crate) fn wait<W: Watch>(&mut self, watch: &mut W) {
        assert!(W::LOOKS, "the stack stopped sending");
        self.now += STEP;
        self.turn(watch);
    }
}
