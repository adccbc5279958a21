//! The rows of the table as words on an arrow.

use crate::state_table::table::{Transition, bare};

/// What an arrow says: what happens, then what is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) events: Vec<String>,
    pub(super) sends: Option<String>,
}

impl Label {
    /// Of the rows that one arrow stands for.
    ///
    /// # Panics
    /// If they do not send the same.
    pub(super) fn of(rows: &[&Transition]) -> Self {
        let mut label = Self::default();
        for row in rows {
            let event = event(row);
            if !label.events.contains(&event) {
                label.events.push(event);
            }
            let sends = (row.sends != "-").then(|| format!("snd {}", row.sends));
            assert!(label.events.len() > 1 || label.sends.is_none() || label.sends == sends);
            label.sends = sends;
        }
        label
    }
}

/// The event as figure 5 writes it.
fn event(row: &Transition) -> String {
    let from = bare(&row.from);
    match row.event {
        "SHUTDOWN" => "CLOSE".to_owned(),
        call if call.starts_with("CLOSE") => "CLOSE".to_owned(),
        call @ ("passive OPEN" | "active OPEN" | "SEND" | "ABORT") => call.to_owned(),
        "2 MSL" => "2 MSL over".to_owned(),
        "SYN new" if from == "TIME-WAIT" => "rcv SYN of a new connection".to_owned(),
        "SYN new" | "SYN cookie" => "rcv SYN".to_owned(),
        "ACK all" | "SYN,ACK" if from == "SYN-RECEIVED" => "rcv ACK of SYN".to_owned(),
        "ACK all" => "rcv ACK of FIN".to_owned(),
        "FIN, ACK all" => "rcv FIN with ACK of FIN".to_owned(),
        "ACK cookie" => "rcv ACK of a cookie".to_owned(),
        "RST,ACK" => "rcv RST".to_owned(),
        segment => format!("rcv {segment}"),
    }
}
