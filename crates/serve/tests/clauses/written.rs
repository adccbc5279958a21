//! `spec/http.md`: the table as readers see it.

use super::row::{Answer, Row, Step, Then};
use std::fmt::Write;
use std::{env, fs};

/// Set to 1, the test writes the table instead of comparing with it.
const RENEW: &str = "PERIPLUS_NEW_SNAPSHOTS";

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/http.md");

/// Compares the page with the table.
pub(crate) fn check(table: &[(&'static str, Vec<Row>)]) {
    let page = page(table);
    if env::var_os(RENEW).is_some() {
        fs::write(PAGE, page).expect("spec can be written");
        return;
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "spec/http.md is not the table: run the test with {RENEW}=1, and look at the difference"
    );
}

fn page(table: &[(&'static str, Vec<Row>)]) -> String {
    let rows: usize = table.iter().map(|(_, rows)| rows.len()).sum();
    let mut page = format!(
        "# HTTP/1.1, clause by clause\n\n\
         What RFC 9110 and 9112 ask of a server, and what comes back where it is put to the test: {rows} rows. Each is played over \
         the stack, whole, byte by byte and cut in two at every place. Written by `crates/serve/tests/clauses`; the files served \
         are `/file` and `/folder/index.html`, and `/echo` answers with the content of its request.\n\n\
         `×` repeats, `⏳` waits for an answer, `⏏` ends the client's direction, `↯` resets. Every answer has a Date, one framing, \
         and what its status demands (as 405 an Allow); that is checked in every row and said in none.\n"
    );
    for (heading, rows) in table {
        let _ = write!(
            page,
            "\n## {heading}\n\n| clause | asks | sent | answered | then | the handler saw |\n|---|---|---|---|---|---|\n"
        );
        for row in rows {
            let then = match row.then {
                Then::Kept => "kept",
                Then::Closed => "closed",
                Then::KeptOrClosed => "kept or closed",
                Then::Gone => "",
            };
            let answers: Vec<_> = row.answers.iter().map(answer).collect();
            let seen: Vec<_> = row.seen.iter().map(|seen| code(seen.as_bytes())).collect();
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {then} | {} |",
                row.clause,
                row.asks,
                sent(row),
                answers.join("; "),
                seen.join("; ")
            );
        }
    }
    page
}

fn sent(row: &Row) -> String {
    let steps = row.steps.iter().map(|step| match step {
        Step::Send(bytes) => code(bytes),
        Step::Repeat(bytes, times) => format!("{} × {times}", code(bytes.as_bytes())),
        Step::Await => "⏳".into(),
        Step::End => "⏏".into(),
        Step::Reset => "↯".into(),
    });
    let mut steps: Vec<_> = steps.collect();
    if row.is_hasty {
        steps.push("(the server waits 0.1 s)".into());
    }
    steps.join(" ")
}

fn answer(answer: &Answer) -> String {
    let statuses: Vec<_> = answer.statuses.iter().map(u16::to_string).collect();
    let mut text = statuses.join(" or ");
    for (name, value) in &answer.fields {
        let _ = match *value {
            "" => write!(text, ", {name}"),
            value => write!(text, ", {}", code(format!("{name}: {value}").as_bytes())),
        };
    }
    for name in &answer.absent {
        let _ = write!(text, ", no {name}");
    }
    if let Some(content) = answer.content {
        let _ = match content {
            "" => write!(text, ", no content"),
            content => write!(text, ", {}", code(content.as_bytes())),
        };
    }
    text
}

/// Bytes in a cell of a table.
fn code(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    let text = text
        .replace("\\\'", "'")
        .replace("\\\"", "\"")
        .replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
