use super::{SERVED, accepted, refused};

const CAPABLE: &str = "
    | listen
    < SEW 0 win 64000 mss 1000 sackok
    > SE. 0 ack 1 win 64000 mss 1000 sackok
    < . 1 ack 1 win 64000
    | accept
    | write 90000
";

#[test]
fn ecn_is_used_where_both_ends_asked_for_it() {
    accepted(CAPABLE, "> . 1:1001 ack 1 ect");
    refused(
        SERVED,
        "| write 1000 \n > . 1:1001 ack 1 ect",
        "RFC 3168 6.1",
    );
    refused(SERVED, "> E. 1 ack 1", "RFC 3168 6.1.1");
    refused(
        "< S 0 mss 1000 \n",
        "> SE. 0 ack 1 mss 1000",
        "RFC 3168 6.1.1",
    );
}

#[test]
fn only_new_text_may_be_marked() {
    refused(CAPABLE, "> . 1 ack 1 ect", "RFC 3168 6.1");
    refused(
        CAPABLE,
        "> . 1:1001 ack 1 ect \n +1 > . 1:1001 ack 1 ect",
        "RFC 3168 6.1",
    );
    accepted(CAPABLE, "> . 1:1001 ack 1 ect \n +1 > . 1:1001 ack 1");
    refused(CAPABLE, "> . 1:1001 ack 1 ce", "RFC 3168 5");
}

#[test]
fn a_mark_is_told_of_until_the_peer_has_slowed_down() {
    let marked = "< . 1:1001 ack 1 ce \n > E. 1 ack 1001 \n < . 1001:2001 ack 1 ect \n";
    let before = [CAPABLE, marked].concat();
    accepted(&before, "> E. 1 ack 2001");
    refused(&before, "> . 1 ack 2001", "RFC 3168 6.1.3");
    accepted(
        &before,
        "> E. 1 ack 2001 \n < W. 2001:3001 ack 1 ect \n > . 1 ack 3001",
    );
    refused(
        CAPABLE,
        "< . 1:1001 ack 1 ect \n > E. 1 ack 1001",
        "RFC 3168 6.1.3",
    );
}

#[test]
fn a_mark_that_is_told_of_is_answered() {
    let told: String = (0..3)
        .map(|at| {
            let (first, last) = (1 + 2000 * at, 2001 + 2000 * at);
            let middle = first + 1000;
            format!("> . {first}:{middle} ack 1 ect\n> . {middle}:{last} ack 1 ect\n+0.05 < E. 1 ack {last}\n")
        })
        .collect();
    let told = [
        &told,
        "> . 6001:7001 ack 1 ect \n > . 7001:8001 ack 1 ect \n",
    ]
    .concat();
    let before = [CAPABLE, &told].concat();
    refused(&before, "> . 8001:9001 ack 1 ect", "RFC 3168 6.1.2");
    accepted(&before, "> W. 8001:9001 ack 1 ect");
}
