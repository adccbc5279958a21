//! One direction ends, the other goes on.

use periplus_stack::{ConnectionId, ListenerId, Read};
use periplus_tests::{Cable, Host, Pair, Script, Stream, content};
use std::time::Duration;

const LENGTH: u64 = 300_000;
const LIMIT: Duration = Duration::from_secs(60);

fn connected() -> (Pair, ListenerId, ConnectionId, ConnectionId) {
    let mut pair = Pair::perfect();
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    (pair, web, client, server)
}

fn sees_the_end(host: &mut Host<Cable>, now: periplus_journey::Instant, id: ConnectionId) -> bool {
    matches!(host.shard.read(now, id, &mut [0; 10]), Ok(Read::End))
}

#[test]
fn the_server_answers_a_client_that_has_finished() {
    let (mut pair, _, client, server) = connected();
    let mut client = Stream::new(client, Vec::new());
    client.pump(&mut pair.client, pair.now).unwrap();
    pair.settle();
    assert!(sees_the_end(&mut pair.server, pair.now, server));
    pair.run_for(Duration::from_secs(600));

    let mut server = Stream::new(server, content(0..LENGTH));
    pair.run_until(LIMIT, |pair| {
        server.pump(&mut pair.server, pair.now).unwrap();
        client.pump(&mut pair.client, pair.now).unwrap();
        client.is_done() && server.is_done()
    });
    assert!(client.received == content(0..LENGTH));
}

#[test]
fn the_client_goes_on_sending_to_a_server_that_has_finished() {
    let (mut pair, _, client, server) = connected();
    let mut server = Stream::new(server, Vec::new());
    server.pump(&mut pair.server, pair.now).unwrap();
    pair.settle();
    assert!(sees_the_end(&mut pair.client, pair.now, client));
    pair.run_for(Duration::from_secs(600));

    let mut client = Stream::new(client, content(0..LENGTH));
    pair.run_until(LIMIT, |pair| {
        server.pump(&mut pair.server, pair.now).unwrap();
        client.pump(&mut pair.client, pair.now).unwrap();
        client.is_done() && server.is_done()
    });
    assert!(server.received == content(0..LENGTH));
    pair.check_conservation();
}

/// A FIN that fills a hole, before text that was sent beyond it.
#[test]
fn a_fin_before_what_came_already_ends_the_stream() {
    let (mut script, id) = Script::established(40_001);
    script.inject(40_001, ". 11:21(10) ack 1");
    script.inject(40_001, "F. 1:11(10) ack 1");
    script.drain();
    assert_eq!(script.read(id).map(|data| data.len()), Ok(20));
    assert!(matches!(
        script.stack.shard.read(script.now, id, &mut [0; 10]),
        Ok(Read::End)
    ));
}
