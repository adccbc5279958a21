//! Both close at once (RFC 9293 3.6, figure 13).

use periplus_tests::{Pair, Script};
use std::time::Duration;

const A: u16 = 40_001;

#[test]
fn fins_that_cross_lead_through_closing_to_time_wait() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1"); // FIN-WAIT-1
    script.inject(A, "F. 1:1(0) ack 1"); // CLOSING
    script.expect(A, ". 2:2(0) ack 2");
    script.inject(A, ". 2:2(0) ack 2"); // TIME-WAIT
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().time_wait, 1);
    script.advance(Duration::from_secs(61));
    script.inject(A, ". 2:2(0) ack 2");
    script.expect(A, "R 2:2(0)");
}

#[test]
fn the_peers_fin_that_acknowledges_ours_leads_straight_to_time_wait() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1"); // FIN-WAIT-1
    script.inject(A, "F. 1:1(0) ack 2"); // TIME-WAIT
    script.expect(A, ". 2:2(0) ack 2");
    assert_eq!(script.stack.shard.counters().time_wait, 1);
}

#[test]
fn two_stacks_that_close_at_once_both_come_to_an_end() {
    let mut pair = Pair::perfect();
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    pair.server.shard.close(pair.now, server);
    pair.client.shard.close(pair.now, client);
    pair.settle();
    let counters = [pair.server.shard.counters(), pair.client.shard.counters()];
    assert_eq!(counters.map(|counters| counters.time_wait), [1, 1]);
    pair.run_for(Duration::from_secs(121));
    assert_eq!(pair.server.shard.connection_counts(), (0, 0, 0));
    assert_eq!(pair.client.shard.connection_counts(), (0, 0, 0));
    assert!(
        !pair.step(),
        "a timer is left: {:?}",
        pair.server.next_timeout()
    );
    pair.check_conservation();
}
