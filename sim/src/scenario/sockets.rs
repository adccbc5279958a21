//! Knobs and options, drawn. What is left out is as it is by default.

use crate::random::Random;
use periplus_stack::{BufferSizes, CongestionAlgorithm, SocketOptions, Sysctls};
use std::time::Duration;

/// A host's knobs.
pub(super) fn sysctls(random: &mut Random) -> Sysctls {
    let usual = Sysctls::default();
    let algorithms = [CongestionAlgorithm::Cubic, CongestionAlgorithm::Reno];
    Sysctls {
        tcp_sack: !random.one_in(4),
        tcp_dsack: !random.one_in(4),
        tcp_timestamps: !random.one_in(3),
        tcp_window_scaling: !random.one_in(4),
        tcp_ecn: random.pick(&[0, 1, 1, 2]),
        tcp_syncookies: random.pick(&[0, 1, 1, 2]),
        tcp_early_retrans: random.pick(&[0, 3]),
        tcp_congestion_control: random.pick(&algorithms),
        hystart_detect: random.pick(&[12, 12, 4, 0, 3]),
        tcp_slow_start_after_idle: !random.one_in(4),
        tcp_pingpong_thresh: random.pick(&[1, 1, 3]),
        tcp_abort_on_overflow: random.one_in(8),
        tcp_rmem: buffer(random, usual.tcp_rmem),
        tcp_wmem: match random.below(3) {
            0 => usual.tcp_wmem,
            _ => BufferSizes::fixed(random.magnitude(4096..=512 * 1024) as usize),
        },
        // so little that every connection is at what is guaranteed, or plenty
        tcp_mem: random.pick(&[1 << 30, 1 << 30, 1 << 30, 64 << 20, 1 << 20]),
        ..usual
    }
}

fn buffer(random: &mut Random, usual: BufferSizes) -> BufferSizes {
    match random.below(3) {
        0 => usual,
        1 => BufferSizes::fixed(random.magnitude(4096..=512 * 1024) as usize),
        _ => {
            let first = random.magnitude(4096..=256 * 1024) as usize;
            BufferSizes {
                least: 4096,
                usual: first,
                most: first * random.between(1..=4) as usize,
            }
        }
    }
}

/// A socket's options.
pub(super) fn socket(random: &mut Random) -> SocketOptions {
    let seconds = |random: &mut Random, most| Duration::from_secs(random.between(1..=most));
    SocketOptions {
        no_delay: random.one_in(2),
        cork: random.one_in(10),
        quick_ack: random.pick(&[None, None, None, Some(true), Some(false)]),
        max_segment: random.one_in(8).then(|| random.between(100..=1400) as u16),
        notsent_lowat: random
            .one_in(5)
            .then(|| random.magnitude(1..=128 * 1024) as u32),
        receive_buffer: random
            .one_in(8)
            .then(|| random.magnitude(2048..=256 * 1024) as usize),
        send_buffer: random
            .one_in(8)
            .then(|| random.magnitude(4096..=256 * 1024) as usize),
        window_clamp: random
            .one_in(12)
            .then(|| random.magnitude(1024..=128 * 1024) as u32),
        // rarely enough that most connections do not depend on it
        keep_alive: random.one_in(5),
        keep_idle: Some(seconds(random, 30)),
        keep_interval: Some(seconds(random, 20)),
        keep_count: Some(random.between(6..=9) as u8),
        congestion: random.pick(&[
            None,
            None,
            Some(CongestionAlgorithm::Cubic),
            Some(CongestionAlgorithm::Reno),
        ]),
        ..SocketOptions::default()
    }
}

/// What a socket's user changes later: Nagle off and on, the cork out, the window narrower or wider.
pub(super) fn changed(random: &mut Random, options: &SocketOptions) -> SocketOptions {
    let mut options = *options;
    match random.below(4) {
        0 => options.no_delay = !options.no_delay,
        1 => options.cork = !options.cork,
        2 => options.receive_buffer = Some(random.magnitude(2048..=256 * 1024) as usize),
        _ => options.notsent_lowat = Some(random.magnitude(1..=128 * 1024) as u32),
    }
    options
}
