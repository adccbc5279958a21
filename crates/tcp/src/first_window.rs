//! The first window: what a SYN or SYN/ACK offers. The rule is that of Linux (`tcp_select_initial_window`), found by asking a 6.18:
//!
//! 1. There is room for as many bytes of text as half of the buffer has. The buffer is the middle one of `tcp_rmem`, or what `SO_RCVBUF`
//!    asked for, which is doubled first, and is 2,304 at least. `TCP_WINDOW_CLAMP` makes the room less.
//! 2. If that is more than a segment, it is rounded down to whole segments. A segment has our own MSS, whatever the peer's is; in a
//!    SYN/ACK that agrees to timestamps less their 12 bytes. A SYN does not know whether they will be agreed on, and counts without.
//! 3. At most 65,535 are told: the window of a SYN is never scaled (RFC 7323 2.2).
//!
//! | `tcp_rmem`, middle | MSS | SYN | SYN/ACK with timestamps |
//! |---:|---:|---:|---:|
//! | 131,072 (default) | 1460 | 64,240 | 65,160 |
//! | 131,072 | 8960 | 62,720 | 62,636 |
//! | 43,690 | 1460 | 20,440 | 21,720 |
//! | 5,000 | 1460 | 1,460 | 1,448 |
//! | 2,304 | 1460 | 1,152 | 1,152 |
//! | 262,144 | 1460 | 65,535 | 65,535 |
//!
//! From there on the window is ours: Linux goes on from what it was before point 3, here it grows with the data that fills it.

use crate::options::TIMESTAMPS_LENGTH;
use crate::window::LEAST_CLAMP;
use crate::{SocketOptions, Sysctls};

/// The room for text that a socket without options of its own has.
pub(crate) fn usual_space(sysctls: &Sysctls) -> usize {
    sysctls.tcp_rmem.usual / 2
}

/// The room for text, of `usual` bytes, as a socket's options change it.
pub(crate) fn space_of_socket(usual: usize, options: &SocketOptions, sysctls: &Sysctls) -> usize {
    let least = LEAST_CLAMP as usize;
    let space = options
        .receive_buffer
        .map_or(usual, |asked| asked.min(sysctls.rmem_max).max(least));
    match options.window_clamp {
        Some(clamp) if clamp > 0 => space.min(clamp.max(LEAST_CLAMP) as usize),
        _ => space,
    }
}

/// The first windows, without timestamps and with them, of a socket with `space` bytes of room for text, whose segments are at
/// most `mss` bytes, the timestamps in them included.
pub(crate) fn first_windows(space: usize, mss: u16) -> [u16; 2] {
    [0, TIMESTAMPS_LENGTH].map(|options| {
        let segment = usize::from(mss.saturating_sub(options).max(1));
        let whole = if space > segment {
            space - space % segment
        } else {
            space
        };
        whole.min(u16::MAX.into()) as u16
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BufferSizes, Offer};

    /// What a socket says in a SYN/ACK without timestamps, as in its SYN, and with them.
    fn says(usual: usize, options: SocketOptions, mss: u16) -> [u32; 2] {
        let sysctls = Sysctls {
            tcp_rmem: BufferSizes {
                least: 4096,
                usual,
                most: 6_291_456,
            },
            rmem_max: 4_194_304,
            ..Sysctls::default()
        };
        let offer = Offer::new(mss, &sysctls).of_socket(&options, &sysctls);
        [false, true].map(|timestamps| offer.first_window(timestamps))
    }

    /// Each was seen on Linux 6.18.
    #[test]
    fn the_middle_value_of_tcp_rmem_decides() {
        for (usual, seen) in [
            (2304, [1152, 1152]),
            (4096, [1460, 1448]),
            (5000, [1460, 1448]),
            (8192, [2920, 2896]),
            (16_384, [7300, 7240]),
            (43_690, [20_440, 21_720]),
            (65_536, [32_120, 31_856]),
            (87_380, [42_340, 43_440]),
            (128_000, [62_780, 63_712]),
            (129_000, [64_240, 63_712]),
            (131_072, [64_240, 65_160]),
            (262_144, [65_535, 65_535]),
            (4_000_000, [65_535, 65_535]),
        ] {
            assert_eq!(says(usual, SocketOptions::default(), 1460), seen, "{usual}");
        }
    }

    #[test]
    fn a_window_is_whole_segments() {
        for (usual, mss, seen) in [
            (131_072, 100, [65_500, 65_472]),
            (131_072, 536, [65_392, 65_500]),
            (131_072, 1240, [64_480, 65_084]),
            (131_072, 8960, [62_720, 62_636]),
            (131_072, 19_960, [59_880, 59_844]),
            (5000, 536, [2144, 2096]),
            (5000, 8960, [2500, 2500]),
        ] {
            assert_eq!(says(usual, SocketOptions::default(), mss), seen, "{mss}");
        }
    }

    #[test]
    fn a_sockets_buffer_and_clamp_take_its_place() {
        for (receive_buffer, window_clamp, seen) in [
            (Some(100), None, [1152, 1152]),
            (Some(1500), None, [1460, 1448]),
            (Some(10_000), None, [8760, 8688]),
            (Some(65_535), None, [64_240, 65_160]),
            (Some(100_000), None, [65_535, 65_535]),
            (Some(5_000_000), None, [65_535, 65_535]),
            (None, Some(100), [1152, 1152]),
            (None, Some(3000), [2920, 2896]),
            (None, Some(40_000), [39_420, 39_096]),
            (None, Some(200_000), [64_240, 65_160]),
            (Some(2000), Some(3000), [1460, 1448]),
            (Some(3000), Some(2000), [1460, 1448]),
            (Some(200_000), Some(100_000), [65_535, 65_535]),
            (None, Some(0), [64_240, 65_160]),
        ] {
            let options = SocketOptions {
                receive_buffer,
                window_clamp,
                ..SocketOptions::default()
            };
            assert_eq!(says(131_072, options, 1460), seen, "{options:?}");
        }
    }
}
