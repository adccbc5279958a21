//! The table, by what its clauses are about.

pub(crate) mod answers;
pub(crate) mod chunks;
pub(crate) mod codings;
pub(crate) mod connections;
pub(crate) mod expectations;
pub(crate) mod fields;
pub(crate) mod lengths;
pub(crate) mod limits;
pub(crate) mod methods;
pub(crate) mod request_line;
pub(crate) mod targets;

use super::row::Row;

/// All of it, with the headings under which it is read.
pub(crate) fn all() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("The request-line", request_line::rows()),
        ("Hosts and targets", targets::rows()),
        ("Field lines", fields::rows()),
        ("Lengths", lengths::rows()),
        ("Transfer codings", codings::rows()),
        ("Chunks and trailers", chunks::rows()),
        ("Methods", methods::rows()),
        ("Expectations", expectations::rows()),
        ("Connections", connections::rows()),
        ("Limits", limits::rows()),
        ("Answers", answers::rows()),
    ]
}
