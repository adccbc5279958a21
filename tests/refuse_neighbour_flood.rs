//! A link on which thousands of hosts are invented: those that are there are still talked to.

use periplus_stack::ShardOptions;
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, arp_frame, options};
use periplus_wire::arp::Operation;
use std::net::{Ipv4Addr, SocketAddrV4};

const A: u16 = 40_001;
const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";

/// Every neighbour is on the link.
fn wide() -> ShardOptions {
    ShardOptions {
        prefix: 8,
        ..options()
    }
}

fn invented(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a10_0000 + number)
}

#[test]
fn invented_neighbours_do_not_push_out_one_in_use() {
    let (mut script, web) = Script::listening(wide(), 8);
    script.handshake(A);
    let a = script.accept(web).id;
    script.write(a, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
    script.inject(A, ". 1:1(0) ack 101");
    let asked = script.questions;
    for number in 0..20_000 {
        script.inject_frame(&arp_frame(invented(number), Operation::Request));
    }
    script.write(a, 100..200);
    script.expect(A, "P. 101:201(100) ack 1");
    assert_eq!(
        script.questions, asked,
        "who is in use is not asked for again"
    );
}

#[test]
fn syns_from_invented_neighbours_leave_room_for_one_that_answers() {
    let (mut script, _) = Script::listening(wide(), 4096);
    script.answers_questions = false;
    let knock = |script: &mut Script, host: Ipv4Addr, port: u16| {
        let mut syn = script.segment(port, SYN);
        syn.source = SocketAddrV4::new(host, port);
        script.inject_frame(&syn.to_frame(PEER_ETHERNET, STACK_ETHERNET));
    };
    for number in 0..2_000 {
        knock(&mut script, invented(number), 1);
    }
    let honest = Ipv4Addr::new(10, 0, 0, 77);
    knock(&mut script, honest, A);
    // its link has not answered yet when others come
    for number in 2_000..2_200 {
        knock(&mut script, invented(number), 1);
    }
    script.introduce(honest);
    script.expect(A, "S. 0:0(0) ack 1");
    script.expect_nothing();
}
