//! The block, character by character.

use super::*;
use crate::logged::tests::{dropped_arrival, first_request, reset_request};

fn plain_block(logged: &Logged, width: usize) -> String {
    block(
        logged,
        Look {
            colour: false,
            width,
        },
    )
}

#[test]
fn a_first_request_is_this_block() {
    let expected = r"
GET /index.html HTTP/1.1 → 200, 1,234 bytes to 127.0.0.1:40412 (journey 1)
  syn_queue         21.0 µs  ▒▒
  accept_queue      18.0 µs   ▒▒▒
  idle               201 µs     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
  rx_ring           4.00 µs                      ▒
  receive_queue     8.00 µs                      ▒
  parse             41.0 µs                       ████
  process            130 µs                          ██▒▒▒▒▒▒▒███
    file_read       88.0 µs                           ▒▒▒▒▒▒▒▒▒
  send_queue        14.0 µs                                     ▒▒
    tx_ring         1.00 µs                                      ▒
  retransmit_queue   175 µs                                      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
    peer ×2          194 µs  ···················································
  connect 21.0 µs  server 197 µs  total 612 µs
  █ working  ▒ waiting  · off and on
";
    assert_eq!(plain_block(&first_request(), 80), expected[1..]);
}

#[test]
fn a_broken_off_request_says_where_and_what_is_missing() {
    let expected = r"
GET /big.bin HTTP/1.1 → 200, 10,485,760 bytes to 127.0.0.1:40412 (journey 7)
  receive_queue  10.0 µs  ▒
  parse          40.0 µs  █
  process         250 µs  ██
  send_queue     8.70 ms   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
  total 9.00 ms                                             █ working  ▒ waiting
  ended reset in send_queue, 65,536 of 10,485,760 bytes acknowledged
  rx_ring at most 12.3 µs: the device does not say when a frame arrived
  3 segments sent again
  coarse: stamps of neighbouring bytes were merged, so times are right to within that
";
    assert_eq!(plain_block(&reset_request(), 80), expected[1..]);
}

#[test]
fn an_arrival_has_no_stations() {
    let expected = r"
arrival → dropped, from 127.0.0.1:40412 (journey 9)
  total 0 ns
  ended dropped (TCP_REQ_QUEUE_FULL)
";
    assert_eq!(plain_block(&dropped_arrival(), 80), expected[1..]);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut logged = first_request();
    logged.request = Some(format!("GET /{} HTTP/1.1", "a".repeat(4000)).into());
    for width in [80, 90, 100, 132, 200] {
        for line in plain_block(&logged, width).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let coloured = block(
        &first_request(),
        Look {
            colour: true,
            width: 80,
        },
    );
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\x1b') {
        bare.push_str(before);
        rest = after.split_once('m').expect("a colour's end").1;
    }
    bare.push_str(rest);
    assert_ne!(coloured, bare);
    assert_eq!(bare, plain_block(&first_request(), 80));
}

#[test]
fn a_station_shorter_than_a_character_still_has_one() {
    assert_eq!(columns(0, 1, 1_000_000, 40), (0, 1));
    assert_eq!(columns(1_000_000, 1_000_000, 1_000_000, 40), (39, 40));
    assert_eq!(columns(0, 0, 0, 40), (0, 1));
}
