use super::{SERVED, accepted, refused};

const HOLE: &str = "< . 1001:2001 ack 1 \n";

#[test]
fn a_block_names_what_was_received() {
    accepted(&[SERVED, HOLE].concat(), "> . 1 ack 1 sack 1001-2001");
    refused(
        &[SERVED, HOLE].concat(),
        "> . 1 ack 1 sack 1001-2002",
        "RFC 2018 3",
    );
    refused(
        &[SERVED, HOLE].concat(),
        "> . 1 ack 1 sack 1000-2001",
        "RFC 2018 3",
    );
    refused(
        &[SERVED, HOLE].concat(),
        "> . 1 ack 1 sack 2001-1001",
        "RFC 2018",
    );
}

#[test]
fn the_first_block_holds_what_came_last() {
    let two = "> . 1 ack 1 sack 1001-2001 \n +0.1 < . 3001:4001 ack 1 \n";
    let three = "> . 1 ack 1 sack 3001-4001,1001-2001 \n +0.1 < . 4001:5001 ack 1 \n";
    let before = [SERVED, HOLE, two, three].concat();
    accepted(&before, "> . 1 ack 1 sack 3001-5001,1001-2001");
    refused(
        &before,
        "> . 1 ack 1 sack 1001-2001,3001-5001",
        "RFC 2018 4",
    );
}

#[test]
fn a_duplicate_may_be_named_by_the_first_block_only() {
    let again = "< . 1:1001 ack 1 \n > . 1 ack 2001 \n < . 1:1001 ack 1 \n < . 3001:4001 ack 1 \n";
    let before = [SERVED, HOLE, again].concat();
    accepted(&before, "> . 1 ack 2001 sack 1-1001,3001-4001");
    refused(
        &before,
        "> . 1 ack 2001 sack 3001-4001,1-1001",
        "RFC 2018 3: block 2",
    );
    let inside = "> . 1 ack 2001 sack 3001-4001 \n < . 3001:4001 ack 1 \n";
    accepted(
        &[&before, inside].concat(),
        "> . 1 ack 2001 sack 3001-4001,3001-4001",
    );
}

#[test]
fn a_fin_above_a_hole_takes_a_place_in_a_block() {
    accepted(SERVED, "< F. 1001:2001 ack 1 \n > . 1 ack 1 sack 1001-2002");
}
