//! Whatever a peer acknowledges, the connection holds, answers with bounds, and delivers once the peer is honest again.

use periplus_tests::{Script, content, options};
use periplus_wire::tcp::{TcpFlags, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use std::time::Duration;

const A: u16 = 40_001;
const SEEDS: u64 = 300;
const STEPS: usize = 60;
/// Bytes in each direction.
const LENGTH: u32 = 60_000;

/// Numbers that only look random (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        (number % u64::from(limit)) as u32
    }

    fn is_one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }
}

/// What a peer without shame says: any acknowledgment, any blocks, marks and echoes, any of our timestamps, a piece of its text
/// out of order.
fn nonsense(
    script: &Script,
    numbers: &mut Numbers,
    iss: SeqNum,
    highest: u32,
    tsvals: &[u32],
) -> periplus_tests::Segment {
    let start = numbers.below(LENGTH - 3000);
    let length = if numbers.is_one_in(3) {
        numbers.below(1400)
    } else {
        0
    };
    let text = format!("P. {}:{}({length}) ack 1", start + 1, start + 1 + length);
    let mut segment = script.segment(A, &text);
    // Below what was acknowledged already, within what was sent, and sometimes beyond.
    segment.acknowledgment = iss + numbers.below(highest + 2);
    segment.window = [65_535, 1000, 0, 20_000][numbers.below(4) as usize];
    if numbers.is_one_in(4) {
        segment.flags |= TcpFlags::ECE;
    }
    if numbers.is_one_in(8) {
        segment.flags |= TcpFlags::CWR;
    }
    if numbers.is_one_in(4) {
        segment.ecn = Ecn::Ce;
    }
    if !tsvals.is_empty() {
        let echoed = tsvals[numbers.below(tsvals.len() as u32) as usize];
        segment.options.timestamps = Some(Timestamps {
            value: 100,
            echo_reply: echoed.wrapping_add([0, 0, 0, 1, u32::MAX][numbers.below(5) as usize]),
        });
    }
    for _ in 0..numbers.below(5) {
        let left = numbers.below(highest + 3000);
        let right = left
            .wrapping_add(numbers.below(5000))
            .wrapping_sub(numbers.below(100));
        segment.options.sack.push(iss + left, iss + right);
    }
    segment
}

#[test]
fn a_peer_that_acknowledges_anything_breaks_nothing() {
    let mut seen = [0; 7];
    for seed in 1..=SEEDS {
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (mut script, web) = Script::listening(options(), 10);
        // The same with timestamps, which tell what was sent again for nothing.
        let has_timestamps = seed % 2 == 0;
        let option = if has_timestamps {
            " <TS val 100 ecr 0>"
        } else {
            ""
        };
        let syn = if has_timestamps {
            "mss 1012,sackOK,TS val 100 ecr 0"
        } else {
            "mss 1000,sackOK"
        };
        script.inject(A, &format!("SEW 0:0(0) win 65535 <{syn}>"));
        let syn_ack = script.next_segment(A);
        let iss = syn_ack.sequence;
        let mut tsvals: Vec<u32> = Vec::new();
        tsvals.extend(syn_ack.options.timestamps.map(|said| said.value));
        assert_eq!(tsvals.len(), usize::from(has_timestamps));
        script.inject(A, &format!(". 1:1(0) ack 1{option}"));
        let id = script.accept(web).id;
        script.write(id, 0..LENGTH.into());
        let mut highest = 0;
        for _ in 0..STEPS {
            let sent = script.all_segments_now();
            // An initial window, or one that acknowledgments have opened: never all at once.
            assert!(sent.len() <= 64, "seed {seed}: {} segments", sent.len());
            for segment in &sent {
                let end = segment.sequence + segment.data.len() as u32 - iss;
                highest = highest.max(end);
                tsvals.extend(segment.options.timestamps.map(|said| said.value));
            }
            assert!(highest <= LENGTH + 1, "seed {seed}");
            let segment = nonsense(&script, &mut numbers, iss, highest, &tsvals);
            script.inject_frame(&segment.to_frame(
                periplus_tests::PEER_ETHERNET,
                periplus_tests::STACK_ETHERNET,
            ));
            let wait = [0, 1, 30, 300][numbers.below(4) as usize];
            script.advance(Duration::from_millis(wait));
        }
        // From now on it is honest: it acknowledges all that was ever sent, until all is.
        let mut rounds = 0;
        while highest < LENGTH + 1 {
            for segment in script.all_segments_now() {
                let end = segment.sequence + segment.data.len() as u32 - iss;
                highest = highest.max(end);
            }
            script.inject(
                A,
                &format!(". 60001:60001(0) ack {highest} win 65535{option}"),
            );
            script.advance(Duration::from_millis(100));
            rounds += 1;
            assert!(rounds < 10_000, "seed {seed}: it stands still at {highest}");
        }
        script.drain();
        // All of the peer's text, in order: what came before was the same.
        let mut at = 0;
        while at < LENGTH - 1000 {
            let text = format!("P. {}:{}(1000) ack {}", at + 1, at + 1001, LENGTH + 1);
            script.inject(A, &format!("{text}{option}"));
            at += 1000;
        }
        let read = script.read(id).expect("it holds");
        assert!(read == content(0..read.len() as u64), "seed {seed}");
        assert!(read.len() as u32 >= at, "seed {seed}");
        let counters = script.stack.shard.counters();
        let counted = [
            counters.tcp_sack_recovery,
            counters.tcp_sack_discard,
            counters.tcp_sack_reneging,
            counters.tcp_dsack_recv,
            counters.ip_in_ce_pkts,
            counters.tcp_loss_undo,
            counters.tcp_partial_undo + counters.tcp_full_undo,
        ];
        for (seen, counted) in seen.iter_mut().zip(counted) {
            *seen += counted;
        }
    }
    assert!(seen.iter().all(|&seen| seen > 10), "{seen:?}");
}
