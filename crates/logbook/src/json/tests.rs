//! The line, key by key, and what is said of a line that is not one.

use super::*;
use crate::logged::tests::{dropped_arrival, first_request, reset_request};

fn line(logged: &Logged) -> String {
    let mut out = Vec::new();
    write_line(&mut out, logged).unwrap();
    String::from_utf8(out).unwrap()
}

fn error(text: &str) -> String {
    read("a.jsonl", text.as_bytes())
        .find_map(Result::err)
        .expect("an error")
        .to_string()
}

#[test]
fn a_first_request_is_this_line() {
    let expected = concat!(
        r#"{"v":1,"kind":"request","id":1,"at_ns":1767225600005000000,"device":"memory","#,
        r#""peer":"127.0.0.1:40412","local":"127.0.0.1:8080","handshake":"queue","protocol":"http/1.1","#,
        r#""request":"GET /index.html HTTP/1.1","status":200,"bytes_in":78,"bytes_out":1234,"acked":1234,"#,
        r#""outcome":"answered","reason":null,"connect_ns":21000,"server_ns":197000,"total_ns":612000,"#,
        r#""spine":[{"station":"syn_queue","ns":21000},{"station":"accept_queue","ns":18000},"#,
        r#"{"station":"idle","ns":201000},{"station":"rx_ring","ns":4000},{"station":"receive_queue","ns":8000},"#,
        r#"{"station":"parse","ns":41000},{"station":"process","ns":130000},{"station":"send_queue","ns":14000},"#,
        r#"{"station":"retransmit_queue","ns":175000}],"#,
        r#""overlay":[{"station":"peer","start_ns":2000,"end_ns":612000,"busy_ns":194000,"count":2,"max_ns":175000},"#,
        r#"{"station":"file_read","start_ns":311000,"end_ns":399000,"busy_ns":88000,"count":1,"max_ns":88000},"#,
        r#"{"station":"tx_ring","start_ns":435000,"end_ns":436000,"busy_ns":1000,"count":1,"max_ns":1000}],"#,
        r#""tcp":{"retransmissions":0,"srtt_ns":21000,"cwnd":14600},"#,
        r#""queues":{"syn_queue":{"length":3,"limit":4096},"accept_queue":{"length":1,"limit":4096}},"coarse":false}"#,
        "\n"
    );
    assert_eq!(line(&first_request()), expected);
}

#[test]
fn what_was_not_seen_is_absent() {
    let expected = concat!(
        r#"{"v":1,"kind":"request","id":7,"at_ns":1767225600005100000,"device":"tap","#,
        r#""peer":"127.0.0.1:40412","local":"127.0.0.1:8080","protocol":"http/1.1","#,
        r#""request":"GET /big.bin HTTP/1.1","status":200,"bytes_in":78,"bytes_out":10485760,"acked":65536,"#,
        r#""outcome":"reset","reason":null,"total_ns":9000000,"rx_ring_at_most_ns":12340,"#,
        r#""spine":[{"station":"receive_queue","ns":10000},{"station":"parse","ns":40000},"#,
        r#"{"station":"process","ns":250000},{"station":"send_queue","ns":8700000}],"overlay":[],"#,
        r#""tcp":{"retransmissions":3,"cwnd":2920},"coarse":true}"#,
        "\n"
    );
    assert_eq!(line(&reset_request()), expected);
}

#[test]
fn an_arrival_has_a_reason_and_no_path() {
    let expected = concat!(
        r#"{"v":1,"kind":"arrival","id":9,"at_ns":1767225600005000000,"device":"memory","#,
        r#""peer":"127.0.0.1:40412","local":"127.0.0.1:8080","bytes_in":0,"bytes_out":0,"acked":0,"#,
        r#""outcome":"dropped","reason":"TCP_REQ_QUEUE_FULL","total_ns":0,"spine":[],"overlay":[],"#,
        r#""queues":{"syn_queue":{"length":128,"limit":128}},"coarse":false}"#,
        "\n"
    );
    assert_eq!(line(&dropped_arrival()), expected);
}

#[test]
fn what_is_written_is_read_back() {
    let all = [first_request(), reset_request(), dropped_arrival()];
    let text: String = all.iter().map(line).collect::<Vec<_>>().join("\n");
    let back: Vec<_> = read("a.jsonl", text.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(back, all);
}

#[test]
fn keys_of_the_future_are_passed_over() {
    let text =
        line(&first_request()).replace(r#""coarse":false"#, r#""coarse":false,"weather":"fair""#);
    assert_eq!(
        read("a.jsonl", text.as_bytes()).next(),
        Some(Ok(first_request()))
    );
}

#[test]
fn an_error_names_file_line_and_column() {
    let text = format!("{}\nhello\n", line(&first_request()));
    assert_eq!(
        error(&text),
        "a.jsonl, line 3, column 1: not JSON: expected value"
    );
}

#[test]
fn a_line_that_is_cut_off_asks_about_the_server() {
    let whole = line(&first_request());
    let expected = "a.jsonl, line 1, column 100: the line is cut off in the middle of its JSON: is the server still writing?";
    assert_eq!(error(&whole[..100]), expected);
}

#[test]
fn an_unknown_station_is_named_with_the_known_ones() {
    let text = line(&first_request()).replace("accept_queue", "tea_room");
    let error = error(&text);
    assert!(
        error.contains(r#"there is no station called "tea_room"; known are syn_retry, syn_queue,"#),
        "{error}"
    );
}

#[test]
fn another_version_is_refused_before_anything_else_is_looked_at() {
    assert_eq!(
        error("{\"v\":2}\n"),
        "a.jsonl, line 1: a journey of version 2; this periplus reads version 1"
    );
    assert_eq!(
        error("{\"a\":2}\n"),
        "a.jsonl, line 1: no version (\"v\":1): is this a file that `serve --journeys` wrote?"
    );
}

#[test]
fn a_spine_that_does_not_sum_is_refused() {
    let text = line(&first_request()).replace(r#""total_ns":612000"#, r#""total_ns":612001"#);
    assert_eq!(
        error(&text),
        "a.jsonl, line 1: the spine's stations add up to 612000 ns, but total_ns says 612001"
    );
}
