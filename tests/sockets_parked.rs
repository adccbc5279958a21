//! A connection that rests is parked, and is the same to whoever looks at it.

use periplus_stack::{
    ConnectionId, ConnectionSocket, ListenerId, Read, ShardOptions, SocketCursor, Write,
};
use periplus_tests::{Script, options};
use std::time::Duration;

const SYN: &str = "S 0:0(0) win 65535 <mss 1460,sackOK>";
const SYN_ACK: &str = "S. 0:0(0) ack 1 <mss 1460,sackOK>";
const ACK: &str = ". 1:1(0) ack 1 win 65535";

fn parking(max_resting: usize) -> ShardOptions {
    ShardOptions {
        max_resting,
        ..options()
    }
}

/// A client of that port connects, asks, and has been answered.
fn served(script: &mut Script, listener: ListenerId, peer: u16) -> ConnectionId {
    script.inject(peer, SYN);
    script.expect(peer, SYN_ACK);
    script.inject(peer, ACK);
    let id = script.accept(listener).id;
    script.inject(peer, "P. 1:101(100) ack 1 win 65535");
    script.expect(peer, ". 1:1(0) ack 101");
    let mut buffer = [0; 200];
    let shard = &mut script.stack.shard;
    assert_eq!(shard.read(script.now, id, &mut buffer), Ok(Read::Data(100)));
    assert_eq!(shard.read(script.now, id, &mut buffer), Ok(Read::Wait));
    assert_eq!(
        shard.write(script.now, id, &[0; 1000]),
        Ok(Write::Accepted(1000))
    );
    script.expect(peer, "P. 1:1001(1000) ack 101");
    script.inject(peer, ". 101:101(0) ack 1001 win 65535");
    id
}

/// All connections, with all that there is to tell of them.
fn listed(script: &Script) -> Vec<ConnectionSocket> {
    let (mut all, mut at) = (Vec::new(), Some(SocketCursor::connections().with_info()));
    while let Some(cursor) = at {
        let shard = &script.stack.shard;
        at = shard.connection_sockets(script.now, cursor, &mut all);
    }
    all
}

/// Two stacks to which the same happens: one parks nobody, the other everybody who rests.
fn twins() -> [(Script, ListenerId); 2] {
    [usize::MAX, 0].map(|max_resting| Script::listening(parking(max_resting), 8))
}

/// The one parks nobody, the other all `connections`, and they tell the same of each.
#[track_caller]
fn tell_the_same([(awake, _), (parking, _)]: &[(Script, ListenerId); 2], ids: &[ConnectionId]) {
    assert_eq!(awake.stack.shard.parked(), 0);
    assert_eq!(parking.stack.shard.parked(), ids.len());
    assert_eq!(listed(awake), listed(parking));
    let (one, other) = (&awake.stack.shard, &parking.stack.shard);
    for &id in ids {
        assert_eq!(one.tcp_info(awake.now, id), other.tcp_info(parking.now, id));
        assert_eq!(one.addresses(id), other.addresses(id));
        assert_eq!(one.offsets(id), other.offsets(id));
        assert_eq!(one.acknowledged(id), other.acknowledged(id));
        assert_eq!(one.socket_options(id), other.socket_options(id));
        assert_eq!(one.poll(id), other.poll(id));
        assert_eq!(one.readable(id), other.readable(id));
    }
    assert_eq!(one.tcp_memory(), other.tcp_memory());
    assert_eq!(one.delivering(), other.delivering());
    assert_eq!(one.connection_counts(), other.connection_counts());
    assert_eq!(
        parking.stack.shard.parked(),
        ids.len(),
        "a look wakes nobody"
    );
}

#[test]
fn who_is_parked_tells_the_same_as_who_is_not() {
    let mut twins = twins();
    let mut ids = Vec::new();
    for (script, listener) in &mut twins {
        ids = [40_001, 40_002]
            .map(|peer| served(script, *listener, peer))
            .to_vec();
        let_time_pass(script);
    }
    tell_the_same(&twins, &ids);
    // The next request is as good as any: it is answered, and they rest again.
    for (script, _) in &mut twins {
        script.inject(40_001, "P. 101:201(100) ack 1001 win 65535");
        let mut buffer = [0; 200];
        let shard = &mut script.stack.shard;
        assert_eq!(
            shard.read(script.now, ids[0], &mut buffer),
            Ok(Read::Data(100))
        );
        assert_eq!(
            shard.write(script.now, ids[0], &[0; 10]),
            Ok(Write::Accepted(10))
        );
        script.drain();
        script.inject(40_001, ". 201:201(0) ack 1011 win 65535");
        let_time_pass(script);
    }
    tell_the_same(&twins, &ids);
}

/// What was lost, reordered or held up is not forgotten.
#[test]
fn a_history_is_kept_as_it_is() {
    let mut twins = twins();
    let mut ids = Vec::new();
    for (script, listener) in &mut twins {
        let id = served(script, *listener, 40_001);
        // Text that comes out of order.
        script.inject(40_001, "P. 151:201(50) ack 1001 win 65535");
        script.expect(40_001, ". 1001:1001(0) ack 101 <sack 151:201>");
        script.inject(40_001, "P. 101:151(50) ack 1001 win 65535");
        script.expect(40_001, ". 1001:1001(0) ack 201");
        let mut buffer = [0; 200];
        let shard = &mut script.stack.shard;
        assert_eq!(shard.read(script.now, id, &mut buffer), Ok(Read::Data(100)));
        // An answer that is lost, and comes again.
        assert_eq!(
            shard.write(script.now, id, &[0; 10]),
            Ok(Write::Accepted(10))
        );
        script.expect(40_001, "P. 1001:1011(10) ack 201");
        script.wait_for_segment(40_001, Duration::from_secs(2));
        script.wait_for_segment(40_001, Duration::from_secs(2));
        script.inject(40_001, ". 201:201(0) ack 1011 win 65535");
        let_time_pass(script);
        ids = vec![id];
    }
    tell_the_same(&twins, &ids);
    let (script, _) = &twins[1];
    let info = script.stack.shard.tcp_info(script.now, ids[0]).unwrap();
    assert!(info.total_retrans > 0 && info.rcv_ooopack > 0, "{info:?}");
}

/// The timers that were set meanwhile expire.
fn let_time_pass(script: &mut Script) {
    script.advance(Duration::from_secs(2));
    script.run();
}

#[test]
fn those_who_rested_last_are_not_parked() {
    let (mut script, listener) = Script::listening(parking(2), 8);
    let first = served(&mut script, listener, 40_001);
    for peer in 40_002..40_006 {
        served(&mut script, listener, peer);
    }
    let_time_pass(&mut script);
    assert_eq!(script.stack.shard.parked(), 3);
    // Between handshake and request they rest, too: one at a time they take one place, however many come and go.
    let mut buffer = [0; 200];
    for peer in 40_101..40_121 {
        let id = served(&mut script, listener, peer);
        script.inject(peer, "R. 101:101(0) ack 1001 win 0");
        let shard = &mut script.stack.shard;
        assert!(shard.read(script.now, id, &mut buffer).is_err());
        shard.close(script.now, id);
    }
    let_time_pass(&mut script);
    let shard = &mut script.stack.shard;
    assert_eq!(shard.parked(), 4);
    // Who asks wakes, and stays awake for a while.
    assert_eq!(shard.read(script.now, first, &mut buffer), Ok(Read::Wait));
    assert_eq!(shard.parked(), 3);
    let_time_pass(&mut script);
    assert_eq!(script.stack.shard.parked(), 3);
}

#[test]
fn who_waits_for_something_is_not_parked() {
    let (mut script, listener) = Script::listening(parking(0), 8);
    let [kept_alive, unread, unsent] =
        [40_001, 40_002, 40_003].map(|peer| served(&mut script, listener, peer));
    let_time_pass(&mut script);
    let now = script.now;
    let shard = &mut script.stack.shard;
    assert_eq!(shard.parked(), 3);
    shard.change_socket_options(now, kept_alive, |options| options.keep_alive = true);
    assert_eq!(shard.parked(), 2);
    assert_eq!(shard.write(now, unsent, &[0; 10]), Ok(Write::Accepted(10)));
    assert_eq!(shard.parked(), 1);
    script.inject(40_002, "P. 101:102(1) ack 1001 win 65535");
    script.drain();
    assert_eq!(script.stack.shard.parked(), 0);
    assert_eq!(script.stack.shard.readable(unread), 1);

    // Nobody is asked any more whether he is there, and the two others have what they wait for.
    let shard = &mut script.stack.shard;
    shard.change_socket_options(now, kept_alive, |options| options.keep_alive = false);
    assert_eq!(
        shard.parked(),
        1,
        "at once: not when a silence would have been long"
    );
    assert_eq!(shard.read(now, unread, &mut [0; 9]), Ok(Read::Data(1)));
    script.inject(40_003, ". 101:101(0) ack 1011 win 65535");
    let_time_pass(&mut script);
    assert_eq!(script.stack.shard.parked(), 3);
}
