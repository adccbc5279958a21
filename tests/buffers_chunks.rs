//! Reads and writes without copies: what is read is the frame that came, and what is written of several pieces is one write.

use bytes::Bytes;
use periplus_stack::{Chunk, ConnectionId, Piece, ReadChunk, ShardOptions, Write};
use periplus_tests::{Script, content, options};
use std::io::IoSlice;

const A: u16 = 40_001;

fn connected() -> (Script, ConnectionId) {
    connected_with(options())
}

fn connected_with(options: ShardOptions) -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(options, 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1000,wscale 3>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.inject(A, ". 1:1(0) ack 1 win 8000");
    let id = script.accept(web).id;
    (script, id)
}

#[track_caller]
fn chunk(script: &mut Script, id: ConnectionId, limit: usize) -> Chunk {
    match script.stack.shard.read_chunk(script.now, id, limit) {
        Ok(ReadChunk::Data(chunk)) => chunk,
        other => panic!("no chunk: {other:?}"),
    }
}

fn free_frames(script: &Script) -> usize {
    script.stack.device.free_frames().0
}

#[test]
fn chunks_are_the_frames_that_came_and_go_back_when_they_are_dropped() {
    let (mut script, id) = connected();
    let free = free_frames(&script);
    script.inject(A, "P. 1:101(100) ack 1 win 8000");
    script.inject(A, "P. 101:1101(1000) ack 1 win 8000");
    let first = chunk(&mut script, id, usize::MAX);
    let second = chunk(&mut script, id, usize::MAX);
    assert!(first.is_frame() && second.is_frame());
    assert_eq!(&first[..], content(0..100));
    assert_eq!(&second[..], content(100..1100));
    let nothing = script.stack.shard.read_chunk(script.now, id, usize::MAX);
    assert!(matches!(nothing, Ok(ReadChunk::Wait)));
    assert_eq!(free_frames(&script), free - 2);
    // on another thread, and as shared bytes
    let shared = Bytes::from(second);
    let part = shared.slice(10..20);
    std::thread::spawn(move || drop((first, shared)))
        .join()
        .unwrap();
    assert_eq!(free_frames(&script), free - 1);
    assert_eq!(part, content(110..120));
    drop(part);
    assert_eq!(free_frames(&script), free);
}

#[test]
fn a_limit_leaves_the_rest_and_reads_of_both_kinds_follow_each_other() {
    let (mut script, id) = connected();
    script.inject(A, "P. 1:1001(1000) ack 1 win 8000");
    script.inject(A, "P. 1001:2001(1000) ack 1 win 8000");
    assert_eq!(&chunk(&mut script, id, 300)[..], content(0..300));
    assert_eq!(&chunk(&mut script, id, usize::MAX)[..], content(300..1000));
    let mut buffer = [0; 100];
    let read = script.stack.shard.read(script.now, id, &mut buffer);
    assert_eq!(read, Ok(periplus_stack::Read::Data(100)));
    assert_eq!(&buffer[..], content(1000..1100));
    assert_eq!(&chunk(&mut script, id, usize::MAX)[..], content(1100..2000));
    assert_eq!(script.stack.shard.offsets(id), Some((2000, 0)));
    script.inject(A, "F. 2001:2001(0) ack 1 win 8000");
    let end = script.stack.shard.read_chunk(script.now, id, usize::MAX);
    assert!(matches!(end, Ok(ReadChunk::End)));
}

/// Who keeps chunks must not empty the ring: beyond three quarters of it they are copies.
#[test]
fn who_keeps_every_chunk_leaves_frames_for_others() {
    let (mut script, id) = connected();
    let total = script.stack.device.free_frames().1;
    let mut kept = Vec::new();
    let mut at = 1;
    while kept.len() < 2 * total {
        let end = at + 1000;
        script.inject(A, &format!("P. {at}:{end}(1000) ack 1 win 8000"));
        kept.push(chunk(&mut script, id, usize::MAX));
        at = end;
    }
    let frames = kept.iter().filter(|chunk| chunk.is_frame()).count();
    assert!(frames >= total / 2, "the test tests something: {frames}");
    assert!(free_frames(&script) >= total / 4 - 1);
    let mut offset = 0;
    for chunk in &kept {
        assert_eq!(&chunk[..], content(offset..offset + 1000));
        offset += 1000;
    }
}

#[test]
fn slices_written_together_are_one_write_with_one_push() {
    let (mut script, id) = connected();
    let data = content(0..700);
    let (head, body) = data.split_at(100);
    let slices = [head, &[], body].map(IoSlice::new);
    let written = script.stack.shard.write_vectored(script.now, id, &slices);
    assert_eq!(written, Ok(Write::Accepted(700)));
    script.expect(A, "P. 1:701(700) ack 1");
}

#[test]
fn pieces_are_cut_as_one_stream_whatever_they_are() {
    let (mut script, id) = connected();
    let data = content(0..4000);
    let shared = Bytes::from(data[100..3900].to_vec());
    let pieces = [
        Piece::Copied(&data[..100]),
        Piece::Shared(&shared),
        Piece::Copied(&data[3900..]),
    ];
    let written = script.stack.shard.write_pieces(script.now, id, &pieces);
    assert_eq!(written, Ok(Write::Accepted(4000)));
    assert!(!shared.is_unique(), "it is queued, not copied");
    let sent: Vec<u8> = script
        .segments_now(A)
        .iter()
        .flat_map(|segment| segment.data.clone())
        .collect();
    assert_eq!(sent, data);
    script.inject(A, ". 1:1(0) ack 4001 win 8000");
    assert!(shared.is_unique(), "what is acknowledged is let go");
}

/// What does not fit is not taken: a prefix is, across the pieces.
#[test]
fn of_pieces_a_prefix_is_accepted() {
    let mut options = options();
    options.tcp.tcp_wmem = periplus_stack::BufferSizes::fixed(8192);
    let (mut script, id) = connected_with(options);
    let data = content(0..100_000);
    let shared = Bytes::from(data[10..90_000].to_vec());
    let pieces = [
        Piece::Copied(&data[..10]),
        Piece::Shared(&shared),
        Piece::Copied(&data[90_000..]),
    ];
    let written = script.stack.shard.write_pieces(script.now, id, &pieces);
    let Ok(Write::Accepted(count)) = written else {
        panic!("{written:?}");
    };
    assert!(10 < count && count < 90_000, "{count}");
    assert_eq!(
        script.stack.shard.offsets(id),
        Some((0, count as u64)),
        "no more than was said"
    );
    let mut at = 1;
    while at <= count as u64 {
        for segment in script.segments_now(A) {
            let offset = at - 1;
            at += segment.data.len() as u64;
            assert_eq!(segment.data, content(offset..at - 1));
        }
        script.inject(A, &format!(". 1:1(0) ack {at} win 8000"));
    }
}
