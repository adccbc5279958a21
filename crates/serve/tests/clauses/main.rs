//! RFC 9110 and 9112, clause by clause: what they ask of a server, and what ours does. The table is in `rows`, and for
//! readers in `spec/http.md`.
//!
//! Each row is played over the stack, with the handler that serves sites, on connections of its own: whole, byte by byte,
//! and cut in two at every place.

mod answer;
#[path = "../common/mod.rs"]
mod common;
mod guardian;
mod paths;
mod play;
mod row;
mod rows;
mod stage;
mod written;

use common::test;
use play::{Cut, play};
use row::Row;
use stage::Stage;
use std::fmt::Write;

/// What is longer is cut only at places a step apart.
const MOST_CUTS: usize = 120;

/// Plays `rows` in all the ways, and says of all that are not as they must be why.
fn play_all(rows: Vec<Row>) {
    play_all_on(rows, false);
}

/// The same, where answers are ready or not.
fn play_all_on(rows: Vec<Row>, keeps: bool) {
    let mut wrong = String::new();
    for row in &rows {
        if let Err((cut, why)) = test(play_row(row, keeps)) {
            let Row { clause, asks, .. } = row;
            let _ = writeln!(wrong, "\n{clause}: {asks}\n  {cut:?}: {why}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

async fn play_row(row: &Row, keeps: bool) -> Result<(), (Cut, String)> {
    let stage = match keeps {
        true => Stage::keeping(row.is_hasty).await,
        false => Stage::new(row.is_hasty).await,
    };
    let length = row.length();
    let mut cuts = vec![Cut::Whole];
    // Who is in a hurry would not wait for the pieces.
    if !row.is_hasty {
        cuts.push(Cut::Pieces(length.div_ceil(400).max(1)));
        let step = length.div_ceil(MOST_CUTS).max(1);
        cuts.extend((1..length).step_by(step).map(Cut::At));
    }
    for cut in cuts {
        let played = play(&stage, row, cut).await;
        played.map_err(|why| (cut, why))?;
    }
    stage.finish().await;
    Ok(())
}

#[test]
fn pieces_come_one_by_one() {
    const REQUEST: &str = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n";
    test(async {
        let stage = Stage::new(false).await;
        let row = row::row("", "").send(REQUEST).answer(&200);
        let row = row.seen(&["GET /file"]);
        // And the request by which the connection is seen to be kept.
        for (cut, frames) in [(Cut::Whole, 1 + 1), (Cut::Pieces(1), REQUEST.len() + 1)] {
            let before = stage.delivered().await;
            play(&stage, &row, cut).await.unwrap();
            assert_eq!(stage.delivered().await - before, frames as u64, "{cut:?}");
        }
        stage.finish().await;
    });
}

#[test]
fn the_table_that_readers_see_is_this_one() {
    written::check(&rows::all());
}

#[test]
fn every_clause_holds_where_answers_are_ready() {
    play_all_on(
        rows::all().into_iter().flat_map(|(_, rows)| rows).collect(),
        true,
    );
}

#[test]
fn clauses_of_the_request_line() {
    play_all(rows::request_line::rows());
}

#[test]
fn clauses_of_field_lines() {
    play_all(rows::fields::rows());
}

#[test]
fn clauses_of_hosts_and_targets() {
    play_all(rows::targets::rows());
}

#[test]
fn clauses_of_lengths() {
    play_all(rows::lengths::rows());
}

#[test]
fn clauses_of_transfer_codings() {
    play_all(rows::codings::rows());
}

#[test]
fn clauses_of_chunks() {
    play_all(rows::chunks::rows());
}

#[test]
fn clauses_of_methods() {
    play_all(rows::methods::rows());
}

#[test]
fn clauses_of_expectations() {
    play_all(rows::expectations::rows());
}

#[test]
fn clauses_of_connections() {
    play_all(rows::connections::rows());
}

#[test]
fn clauses_of_limits() {
    play_all(rows::limits::rows());
}

#[test]
fn clauses_of_answers() {
    play_all(rows::answers::rows());
}
