use super::*;
use proptest::prelude::*;
use std::time::Duration;

const START: Instant = Instant::from_millis(1_000);

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let mut bucket = TokenBucket::new(10, 3);
    let at_once: Vec<bool> = (0..5).map(|_| bucket.take(START)).collect();
    assert_eq!(at_once, [true, true, true, false, false]);
    assert!(!bucket.take(START + Duration::from_millis(99)));
    assert!(bucket.take(START + Duration::from_millis(100)));
    assert!(!bucket.take(START + Duration::from_millis(100)));
    assert_eq!(bucket.refused(), 4);
}

#[test]
fn a_long_pause_fills_a_bucket_no_further_than_its_burst() {
    let mut bucket = TokenBucket::new(10, 3);
    let later = START + Duration::from_secs(3600);
    assert_eq!((0..10).filter(|_| bucket.take(later)).count(), 3);
}

#[test]
fn a_rate_or_a_burst_of_zero_gives_nothing() {
    assert!(!TokenBucket::new(0, 5).take(START));
    assert!(!TokenBucket::new(5, 0).take(START));
}

proptest! {
    /// In any window, no more than the burst and the rate's share of the window.
    #[test]
    fn a_bucket_never_gives_more_than_burst_and_rate(
        per_second in 1..10_000u32,
        burst in 1..100u32,
        gaps in prop::collection::vec(0..10_000_000u64, 1..500),
    ) {
        let mut bucket = TokenBucket::new(per_second, burst);
        let mut now = START;
        let mut given = 0;
        for gap in gaps {
            now += Duration::from_nanos(gap);
            given += u64::from(bucket.take(now));
            let interval = SECOND / u64::from(per_second);
            let share = now.since(START).as_nanos() as u64 / interval;
            prop_assert!(given <= u64::from(burst) + share);
        }
    }
}

#[test]
fn one_destination_gets_six_errors_at_once_and_one_a_second() {
    let mut limiter = IcmpLimiter::new([1; 16]);
    let sent = (0..20).filter(|_| limiter.allow(START, ip("192.0.2.1")));
    assert_eq!(sent.count(), 6);
    assert_eq!(limiter.refused(), 14);
    let later = START + Duration::from_secs(1);
    let sent = (0..20).filter(|_| limiter.allow(later, ip("192.0.2.1")));
    assert_eq!(sent.count(), 1);
}

#[test]
fn all_destinations_share_a_limit_that_cannot_be_counted() {
    let flood = |key| {
        let mut limiter = IcmpLimiter::new([key; 16]);
        let hosts = (0..=255u8).flat_map(|net| (0..4u8).map(move |host| [10, 0, net, host]));
        hosts
            .filter(|&host| limiter.allow(START, host.into()))
            .count()
    };
    let sent: Vec<usize> = (0..20).map(flood).collect();
    assert!(sent.iter().all(|sent| (25..150).contains(sent)), "{sent:?}");
    assert!(sent.iter().any(|&other| other != sent[0]), "{sent:?}");
    assert_eq!(flood(3), flood(3), "the same key gives the same answers");
}

#[test]
fn resets_are_limited_by_network() {
    let mut limiter = ResetLimiter::new([1; 16], 200);
    let flood = (0..1000u32).map(|n| IpAddr::from([192, 0, 2, n as u8]));
    let sent = flood.filter(|&source| limiter.allow(START, source)).count();
    assert_eq!(sent, 200);
    assert_eq!(limiter.refused(), 800);
    assert!(limiter.allow(START, ip("198.51.100.1")));
    assert!(limiter.allow(START, ip("2001:db8:1::1")));
}
