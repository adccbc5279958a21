use super::*;
use proptest::prelude::*;

fn written(options: &TcpOptions) -> Vec<u8> {
    let mut out = [0xee; MAX_OPTIONS_LENGTH];
    let length = options.write(&mut out);
    assert_eq!(length, options.encoded_length());
    out[..length].to_vec()
}

#[test]
fn a_syn_is_laid_out_as_linux_does() {
    let options = TcpOptions {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(Timestamps {
            value: 0x0102_0304,
            echo_reply: 0,
        }),
        ..TcpOptions::default()
    };
    let expected = b"\x02\x04\x05\xb4\x04\x02\x08\x0a\x01\x02\x03\x04\0\0\0\0\x01\x03\x03\x07";
    assert_eq!(written(&options), expected);
    let without_timestamps = TcpOptions {
        timestamps: None,
        ..options
    };
    assert_eq!(
        written(&without_timestamps),
        b"\x02\x04\x05\xb4\x01\x01\x04\x02\x01\x03\x03\x07"
    );
}

#[test]
fn or_as_freebsd_does() {
    let options = TcpOptions {
        mss: Some(1460),
        window_scale: Some(6),
        sack_permitted: true,
        timestamps: Some(Timestamps {
            value: 0x0102_0304,
            echo_reply: 0,
        }),
        order: OptionOrder::FreeBsd,
        ..TcpOptions::default()
    };
    let expected = b"\x02\x04\x05\xb4\x01\x03\x03\x06\x04\x02\x08\x0a\x01\x02\x03\x04\0\0\0\0";
    assert_eq!(written(&options), expected);
    let without_timestamps = TcpOptions {
        timestamps: None,
        ..options
    };
    assert_eq!(
        written(&without_timestamps),
        b"\x02\x04\x05\xb4\x01\x03\x03\x06\x04\x02\0\0"
    );
}

#[test]
fn beside_timestamps_three_sack_blocks_fit() {
    let mut options = TcpOptions {
        timestamps: Some(Timestamps {
            value: 1,
            echo_reply: 2,
        }),
        ..TcpOptions::default()
    };
    for n in 0..4 {
        options.sack.push(SeqNum(n * 10), SeqNum(n * 10 + 5));
    }
    let bytes = written(&options);
    assert_eq!(bytes.len(), 40);
    assert_eq!(bytes[..4], [1, 1, 8, 10]);
    assert_eq!(bytes[12..16], [1, 1, 5, 26]);
    assert_eq!(
        TcpOptions::parse(&bytes).sack.as_slice(),
        &options.sack.as_slice()[..3]
    );
}

#[test]
fn unknown_options_and_wrong_lengths_are_skipped() {
    // kind 254 (RFC 6994), an MSS of three bytes, a SACK block and a half, an MSS of 0, then a good window scale
    let bytes = b"\xfe\x04\xab\xcd\x02\x03\x01\x05\x0e\0\0\0\x01\0\0\0\x02\0\0\0\x03\x02\x04\0\0\x03\x03\x05";
    let expected = TcpOptions {
        window_scale: Some(5),
        ..TcpOptions::default()
    };
    assert_eq!(TcpOptions::parse(bytes), expected);
}

#[test]
fn an_impossible_length_ends_the_list_and_keeps_what_came_before() {
    let expected = TcpOptions {
        mss: Some(536),
        ..TcpOptions::default()
    };
    for end in [&[3u8, 0, 5][..], &[3, 1, 5], &[3, 9, 5], &[3], &[0, 4, 2]] {
        let bytes = [&[2, 4, 2, 24][..], end].concat();
        assert_eq!(TcpOptions::parse(&bytes), expected, "{end:?}");
    }
}

#[test]
fn a_window_scale_beyond_14_is_taken_for_14() {
    assert_eq!(TcpOptions::parse(&[3, 3, 15]).window_scale, Some(14));
}

prop_compose! {
    fn any_options()(
        mss in proptest::option::of(1u16..),
        window_scale in proptest::option::of(0..=MAX_WINDOW_SCALE),
        sack_permitted: bool,
        timestamps in proptest::option::of(any::<(u32, u32)>()),
        blocks in proptest::collection::vec(any::<(u32, u32)>(), 0..=4),
        order in prop_oneof![Just(OptionOrder::Linux), Just(OptionOrder::FreeBsd)],
    ) -> TcpOptions {
        let timestamps = timestamps.map(|(value, echo_reply)| Timestamps { value, echo_reply });
        let mut sack = SackBlocks::new();
        for (left, right) in blocks {
            sack.push(SeqNum(left), SeqNum(right));
        }
        TcpOptions { mss, window_scale, sack_permitted, sack, timestamps, order }
    }
}

proptest! {
    #[test]
    fn options_read_as_they_were_written(options in any_options()) {
        let bytes = written(&options);
        prop_assert!(bytes.len().is_multiple_of(4) && bytes.len() <= MAX_OPTIONS_LENGTH);
        let read = TcpOptions::parse(&bytes);
        let fit = read.sack.len();
        prop_assert_eq!(read.sack.as_slice(), &options.sack.as_slice()[..fit]);
        prop_assert!(fit == options.sack.len() || bytes.len() + SACK_BLOCK > MAX_OPTIONS_LENGTH);
        prop_assert_eq!(TcpOptions { sack: options.sack, order: options.order, ..read }, options);
    }

    #[test]
    fn what_is_written_is_summed(options in any_options(), alone: bool) {
        let options = match alone {
            true => TcpOptions { timestamps: options.timestamps, ..TcpOptions::default() },
            false => options,
        };
        let bytes = written(&options);
        let mut out = vec![0xee; bytes.len()];
        let (mut sum, mut expected) = (Sum::new(), Sum::new());
        options.write_and_sum(&mut out, &mut sum);
        expected.add(&bytes);
        prop_assert_eq!(&out, &bytes);
        prop_assert_eq!(sum.partial(), expected.partial());
        let mut by_option = TcpOptions::default();
        by_option.read_each(&bytes);
        prop_assert_eq!(TcpOptions::parse(&bytes), by_option);
    }

    #[test]
    fn words_are_read_as_options_are(
        words in proptest::collection::vec(prop_oneof![
            (0u8..3, any::<u8>()).prop_map(|(high, low)| [MAXIMUM_SEGMENT_SIZE, 4, high, low]),
            any::<u8>().prop_map(|shift| [NO_OPERATION, WINDOW_SCALE, 3, shift]),
            Just([NO_OPERATION, NO_OPERATION, SACK_PERMITTED, 2]),
            Just([SACK_PERMITTED, 2, TIMESTAMPS, 10]),
            any::<[u8; 4]>(),
        ], 0..10),
        cut in 0usize..4,
    ) {
        let bytes = words.as_flattened();
        let bytes = &bytes[..bytes.len().saturating_sub(cut)];
        let mut by_option = TcpOptions::default();
        let mut rest = bytes;
        while let Some((kind, data, after)) = read::next_option(rest) {
            by_option.take(kind, data);
            rest = after;
        }
        prop_assert_eq!(TcpOptions::parse(bytes), by_option);
    }

    #[test]
    fn any_bytes_are_options(bytes in proptest::collection::vec(prop_oneof![0u8..12, any::<u8>()], 0..48)) {
        let read = TcpOptions::parse(&bytes);
        prop_assert_eq!(TcpOptions::parse(&written(&read)).mss, read.mss);
    }
}
