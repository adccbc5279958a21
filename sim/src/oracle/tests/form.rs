use super::{SERVED, accepted, refused};

#[test]
fn a_frame_with_a_wrong_checksum_must_not_be_sent() {
    accepted(SERVED, "> . 1 ack 1");
    refused(SERVED, "> . 1 ack 1 damaged", "MUST-2");
}

#[test]
fn every_bit_of_the_ip_header_is_under_its_checksum() {
    refused(SERVED, "> . 1 ack 1 evil", "RFC 791");
    refused(
        SERVED,
        "< . 1:11 ack 1 evil \n > . 1 ack 11",
        "RFC 9293 3.4",
    );
}

#[test]
fn no_state_sends_a_syn_with_fin_or_a_segment_without_ack() {
    let asked = "< S 0 mss 1000 \n";
    refused(asked, "> SF. 0 ack 1 mss 1000", "RFC 9293 3.10: no state");
    refused(SERVED, "| close \n > F 1", "ACK is always sent");
}

#[test]
fn options_are_laid_out_as_they_say() {
    accepted(SERVED, "> . 1 ack 1 option 1,1,1,0");
    refused(SERVED, "> . 1 ack 1 option 0,1,1,1", "padding");
    refused(SERVED, "> . 1 ack 1 option 8,0,0,0", "option 8");
    refused(SERVED, "> . 1 ack 1 option 8,10,0,0", "option 8");
    refused(SERVED, "> . 1 ack 1 option 253,4,1,2,253,4,1,2", "twice");
    refused(
        SERVED,
        "> . 1 ack 1 mss 1000",
        "RFC 9293 3.2: the MSS option",
    );
    refused(SERVED, "> . 1 ack 1 ws 2", "RFC 7323 2.2");
    refused(SERVED, "> . 1 ack 1 sackok", "RFC 2018 2");
}

#[test]
fn a_window_scale_is_fourteen_at_the_most() {
    let asked = "| connect \n";
    accepted(asked, "> S 0 mss 1000 ws 14");
    refused(asked, "> S 0 mss 1000 ws 15", "RFC 7323 2.3");
}
