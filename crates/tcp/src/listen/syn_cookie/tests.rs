use super::*;
use crate::Payload;
use crate::journal::Recorder;
use crate::{FrameBudget, MemoryBudget, SpareBuffers, Sysctls};
use periplus_journey::Counters;
use periplus_ring::PoolLevel;
use periplus_wire::Ecn;
use periplus_wire::tcp::Timestamps;
use std::net::Ipv4Addr;

const LOCAL: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 0, 1), 80);
const REMOTE: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 0, 2), 40_001);
const IRS: SeqNum = SeqNum(u32::MAX);
const TS_OFFSET: u32 = 0xdead_beef;
const SYN: TcpFlags = TcpFlags::SYN;
const MINUTE: u64 = 60_000;

/// A stack with its cookies, at some time.
struct Stack {
    cookies: SynCookies,
    sysctls: Sysctls,
    now: Instant,
    free: usize,
}

/// What a handshake leaves: what the SYN/ACK said, and the record it came to.
struct Handshake {
    syn_ack: SegmentHeader,
    record: HalfOpen<Ipv4Addr>,
}

fn segment(seq: SeqNum, ack: SeqNum, flags: TcpFlags, options: TcpOptions) -> Segment {
    Segment {
        seq,
        ack,
        wnd: 1000,
        flags,
        options,
        payload: Payload::default(),
        time: Default::default(),
        ecn: Ecn::default(),
    }
}

impl Stack {
    fn at(millis: u64) -> Self {
        Self {
            cookies: SynCookies::new([7; 16]),
            sysctls: Sysctls::default(),
            now: Instant::from_millis(millis),
            free: usize::MAX,
        }
    }

    fn offer(&self) -> Offer {
        Offer::new(65_495, &self.sysctls)
    }

    fn with<T>(&mut self, call: impl FnOnce(&mut SynCookies, Offer, &Context<'_>) -> T) -> T {
        let offer = self.offer();
        let context = Context {
            now: self.now,
            sysctls: &self.sysctls,
            counters: &mut Counters::default(),
            recorder: &mut Recorder::new(false, "test", 0),
            spare: &mut SpareBuffers::default(),
            frames: FrameBudget {
                level: PoolLevel::Ample,
                frames_a_connection: 64,
            },
            memory: MemoryBudget {
                receive: self.free,
                send: self.free,
            },
            orphans: 0,
        };
        call(&mut self.cookies, offer, &context)
    }

    fn syn_ack(&mut self, options: TcpOptions, flags: TcpFlags) -> SegmentHeader {
        let syn = segment(IRS, SeqNum(0), flags, options);
        self.with(|cookies, offer, context| {
            cookies.syn_ack(Syn::from(&syn), (LOCAL, REMOTE), offer, TS_OFFSET, context)
        })
    }

    fn ack(&mut self, ack: &Segment, remote: (Ipv4Addr, u16)) -> Option<HalfOpen<Ipv4Addr>> {
        self.with(|cookies, offer, context| {
            cookies.half_open(ack, (LOCAL, remote), offer, TS_OFFSET, context)
        })
    }

    fn bare_ack(&mut self, ack: SeqNum) -> Option<HalfOpen<Ipv4Addr>> {
        let ack = segment(IRS + 1, ack, TcpFlags::ACK, TcpOptions::default());
        self.ack(&ack, REMOTE)
    }

    fn handshake(&mut self, options: TcpOptions, flags: TcpFlags) -> Handshake {
        let syn_ack = self.syn_ack(options, flags);
        let timestamps = syn_ack.options.timestamps.map(|ours| Timestamps {
            value: 77,
            echo_reply: ours.value,
        });
        let options = TcpOptions {
            timestamps,
            ..TcpOptions::default()
        };
        let ack = segment(IRS + 1, syn_ack.seq + 1, TcpFlags::ACK, options);
        let record = self.ack(&ack, REMOTE).expect("a cookie of ours");
        assert_eq!((record.irs, record.iss), (IRS, syn_ack.seq));
        assert!(record.is_cookie());
        Handshake { syn_ack, record }
    }
}

fn mss(mss: u16) -> TcpOptions {
    TcpOptions {
        mss: Some(mss),
        ..TcpOptions::default()
    }
}

fn with_timestamps(options: TcpOptions) -> TcpOptions {
    TcpOptions {
        timestamps: Some(Timestamps {
            value: 5,
            echo_reply: 0,
        }),
        ..options
    }
}

#[test]
fn the_maximum_segment_size_is_rounded_down_to_one_of_the_table() {
    let mut stack = Stack::at(1_000);
    let mut segment_size = |options| {
        let offer = stack.offer();
        let Handshake { record, .. } = stack.handshake(options, SYN);
        record.negotiated(offer).segment_size
    };
    for size in MSS_TABLE {
        assert_eq!(segment_size(mss(size)), size);
        assert_eq!(segment_size(mss(size + 1)), size);
    }
    assert_eq!(
        segment_size(mss(535)),
        48,
        "never more than the client takes"
    );
    assert_eq!(segment_size(mss(1452)), 1440);
    assert_eq!(segment_size(mss(65_495)), 8960);
    assert_eq!(segment_size(mss(0)), 48);
    assert_eq!(segment_size(TcpOptions::default()), 536);
}

#[test]
fn every_option_comes_back_through_the_timestamp() {
    for scale in [None, Some(0), Some(7), Some(14)] {
        for sack_permitted in [false, true] {
            for flags in [SYN, SYN | TcpFlags::ECE | TcpFlags::CWR] {
                for millis in [0, 1, 63, 64, 1_000, 59_999, 3_600_000] {
                    let mut stack = Stack::at(millis);
                    let options = with_timestamps(TcpOptions {
                        window_scale: scale,
                        sack_permitted,
                        ..mss(1460)
                    });
                    let Handshake { syn_ack, record } = stack.handshake(options, flags);
                    assert_eq!(syn_ack.options.sack_permitted, sack_permitted);
                    assert_eq!(syn_ack.options.window_scale.is_some(), scale.is_some());
                    let said = record.said;
                    assert_eq!(said.window_scale(), scale);
                    assert_eq!(said.sack_permitted(), sack_permitted);
                    assert_eq!(said.ecn_setup(), flags != SYN);
                    assert!(said.timestamps());
                    assert_eq!(record.ts_recent, 77, "the ACK's timestamp");
                    let sent = syn_ack.options.timestamps.unwrap();
                    assert_eq!(sent.echo_reply, 5);
                    let now = TimestampClock::value(TS_OFFSET, stack.now);
                    assert!(now.wrapping_sub(sent.value) < 64);
                }
            }
        }
    }
}

#[test]
fn without_timestamps_nothing_but_the_segment_size_is_agreed_on() {
    for (tcp_timestamps, options) in [(true, mss(1400)), (false, with_timestamps(mss(1400)))] {
        let mut stack = Stack::at(1_000);
        stack.sysctls.tcp_timestamps = tcp_timestamps;
        let options = TcpOptions {
            window_scale: Some(7),
            sack_permitted: true,
            ..options
        };
        let flags = SYN | TcpFlags::ECE | TcpFlags::CWR;
        let offer = stack.offer();
        let Handshake { syn_ack, record } = stack.handshake(options, flags);
        assert_eq!(
            syn_ack.options,
            TcpOptions {
                order: offer.order,
                ..mss(offer.mss)
            }
        );
        assert_eq!(record.said.window_scale(), None);
        assert!(!record.said.sack_permitted() && !record.said.ecn_setup());
        let agreed = record.negotiated(offer);
        assert_eq!((agreed.segment_size, agreed.timestamps), (1400, false));
    }
}

#[test]
fn what_the_window_promised_comes_back() {
    let mut stack = Stack::at(1_000);
    for (free, window) in [(usize::MAX, 65_495), (1 << 20, 4_093)] {
        stack.free = free;
        let Handshake { syn_ack, record } = stack.handshake(mss(1460), SYN);
        assert_eq!(u32::from(syn_ack.wnd), window);
        assert_eq!(record.window(), window);
    }
}

#[test]
fn a_cookie_is_good_in_its_minute_and_the_next() {
    for (sent, last) in [
        (0, 2 * MINUTE - 1),
        (59_999, 2 * MINUTE - 1),
        (MINUTE, 3 * MINUTE - 1),
        (300 * MINUTE + 7, 302 * MINUTE - 1),
    ] {
        for looked_at_between in [false, true] {
            let mut stack = Stack::at(sent);
            let cookie = stack.syn_ack(mss(1460), SYN).seq;
            if looked_at_between {
                stack.now = Instant::from_millis(last - MINUTE);
                assert!(stack.bare_ack(cookie + 1).is_some());
            }
            stack.now = Instant::from_millis(last);
            assert!(stack.bare_ack(cookie + 1).is_some(), "sent at {sent}");
            stack.now = Instant::from_millis(last + 1);
            assert!(stack.bare_ack(cookie + 1).is_none(), "sent at {sent}");
            // The count of minutes comes round; the secret does not.
            stack.now = Instant::from_millis(sent + 256 * MINUTE);
            assert!(stack.bare_ack(cookie + 1).is_none(), "sent at {sent}");
        }
    }
}

#[test]
fn the_secret_turns_every_minute_and_the_one_before_the_last_is_forgotten() {
    let mut stack = Stack::at(30_000);
    stack.syn_ack(mss(1460), SYN);
    let first = stack.cookies.current.key;
    assert!(stack.cookies.previous.is_none());
    stack.now = Instant::from_millis(MINUTE);
    stack.syn_ack(mss(1460), SYN);
    let second = stack.cookies.current.key;
    assert_ne!(first, second);
    assert_eq!(stack.cookies.previous.map(|secret| secret.key), Some(first));
    stack.now = Instant::from_millis(2 * MINUTE);
    stack.syn_ack(mss(1460), SYN);
    let kept = [Some(stack.cookies.current), stack.cookies.previous];
    assert!(kept.into_iter().flatten().all(|secret| secret.key != first));
}

#[test]
fn the_same_inputs_give_the_same_cookies_and_other_secrets_others() {
    let cookies = |secret| {
        let mut stack = Stack::at(0);
        stack.cookies = SynCookies::new(secret);
        [0, 59_999, MINUTE, 500 * MINUTE].map(|millis| {
            stack.now = Instant::from_millis(millis);
            stack.syn_ack(mss(1460), SYN).seq
        })
    };
    assert_eq!(cookies([1; 16]), cookies([1; 16]));
    assert_ne!(cookies([1; 16]), cookies([2; 16]));
    let [first, same, next, _] = cookies([1; 16]);
    assert_eq!(first, same);
    assert!(next.after(first), "a minute later");
}

#[test]
fn anothers_cookie_and_another_number_are_refused() {
    let mut stack = Stack::at(1_000);
    let cookie = stack.syn_ack(mss(1460), SYN).seq;
    let ack = |seq| segment(seq, cookie + 1, TcpFlags::ACK, TcpOptions::default());
    assert!(stack.ack(&ack(IRS + 1), REMOTE).is_some());
    assert!(stack.ack(&ack(IRS + 2), REMOTE).is_none(), "another IRS");
    for stranger in [
        (REMOTE.0, REMOTE.1 + 1),
        (Ipv4Addr::new(10, 0, 0, 3), REMOTE.1),
    ] {
        assert!(stack.ack(&ack(IRS + 1), stranger).is_none());
    }
    for bit in COOKIE_BITS - 20..32 {
        let forged = SeqNum(cookie.0 ^ 1 << bit);
        assert!(stack.bare_ack(forged + 1).is_none(), "bit {bit}");
    }
}

#[test]
fn the_numbers_around_a_cookie_are_no_cookies() {
    let mut stack = Stack::at(1_000);
    let cookie = stack.syn_ack(mss(MSS_TABLE[0]), SYN).seq;
    let near = (0..100_000).map(|off| cookie - 50_000 + off);
    let good: Vec<_> = near
        .filter(|&guess| stack.bare_ack(guess + 1).is_some())
        .collect();
    assert_eq!(good, [cookie]);
}
