//! What stands on the terminal after a burst of requests, at times that the test sets.

use super::*;
use std::cell::Cell;

thread_local! {
    static NOW: Cell<Instant> = const { Cell::new(Instant::ZERO) };
}

fn at(milliseconds: u64) {
    NOW.set(Instant::from_millis(milliseconds));
}

fn journey(id: u64, kind: &str) -> Logged {
    let line = format!(
        r#"{{"v":1,"kind":"{kind}","id":{id},"at_ns":0,"device":"memory","peer":"127.0.0.1:1","local":"127.0.0.1:2","bytes_in":0,"bytes_out":0,"acked":0,"outcome":"answered","reason":null,"total_ns":0,"spine":[],"overlay":[],"coarse":false}}"#
    );
    periplus_logbook::json::read("test", line.as_bytes())
        .next()
        .unwrap()
        .unwrap()
}

fn terminal() -> Terminal<Vec<u8>> {
    let look = text::Look {
        colour: false,
        width: 80,
    };
    Terminal::new(Vec::new(), look, || NOW.get())
}

/// What was said since this was last asked, without the blocks' inner lines.
fn said(terminal: &mut Terminal<Vec<u8>>) -> Vec<String> {
    let text = String::from_utf8(std::mem::take(&mut terminal.out)).unwrap();
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with(' '))
        .map(Into::into)
        .collect()
}

#[test]
fn the_first_is_shown_and_the_others_are_counted_a_second_later() {
    let mut terminal = terminal();
    at(100);
    for id in 1..=6 {
        terminal.keep(&journey(id, "request")).unwrap();
    }
    assert_eq!(
        said(&mut terminal),
        ["request → answered, from 127.0.0.1:1 (journey 1)"]
    );
    at(400);
    assert_eq!(terminal.rest().unwrap(), Some(Duration::from_millis(700)));
    at(1_100);
    assert_eq!(terminal.rest().unwrap(), None);
    assert_eq!(
        said(&mut terminal),
        ["5 more journeys not shown (`--journeys FILE` keeps them all)"]
    );
}

#[test]
fn the_next_that_is_shown_says_how_many_were_not() {
    let mut terminal = terminal();
    at(0);
    terminal.keep(&journey(1, "request")).unwrap();
    terminal.keep(&journey(2, "request")).unwrap();
    at(1_000);
    terminal.keep(&journey(3, "request")).unwrap();
    let expected = [
        "request → answered, from 127.0.0.1:1 (journey 1)",
        "1 more journey not shown (`--journeys FILE` keeps them all)",
        "request → answered, from 127.0.0.1:1 (journey 3)",
    ];
    assert_eq!(said(&mut terminal), expected);
    terminal.keep(&journey(4, "request")).unwrap();
    terminal.finish().unwrap();
    assert_eq!(said(&mut terminal), ["1 more journey not shown"]);
}

#[test]
fn connections_without_a_request_are_not_shown() {
    let mut terminal = terminal();
    terminal.keep(&journey(1, "connection")).unwrap();
    assert_eq!(terminal.rest().unwrap(), None);
    assert!(said(&mut terminal).is_empty());
}
