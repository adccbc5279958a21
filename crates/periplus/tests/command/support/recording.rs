//! A recording, read as anybody would: as JSON.

use serde_json::Value;
use std::path::Path;

/// The journeys of a server's life.
pub(crate) struct Recording(Vec<Value>);

impl Recording {
    pub(crate) fn read(path: &Path) -> Recording {
        Recording::parse(&std::fs::read_to_string(path).expect("a recording"))
    }

    pub(crate) fn parse(text: &str) -> Recording {
        Recording(
            text.lines()
                .map(|line| serde_json::from_str(line).expect("a line of JSON"))
                .collect(),
        )
    }

    /// Every record.
    pub(crate) fn all(&self) -> &[Value] {
        &self.0
    }

    /// The records of requests.
    pub(crate) fn requests(&self) -> Vec<&Value> {
        self.0
            .iter()
            .filter(|record| record["kind"] == "request")
            .collect()
    }

    /// Every spine sums to its total, and no time is 0 where it was not seen, or negative.
    pub(crate) fn check(&self) {
        for record in &self.0 {
            let spine = record["spine"].as_array().expect("a spine");
            let sum: u64 = spine
                .iter()
                .map(|interval| interval["ns"].as_u64().expect("a time"))
                .sum();
            assert_eq!(Some(sum), record["total_ns"].as_u64(), "{record}");
            for overlay in record["overlay"].as_array().expect("overlays") {
                assert!(
                    overlay["start_ns"].as_u64() <= overlay["end_ns"].as_u64(),
                    "{record}"
                );
                assert!(
                    overlay["max_ns"].as_u64() <= overlay["busy_ns"].as_u64(),
                    "{record}"
                );
            }
        }
    }

    /// The names of a record's spine.
    pub(crate) fn stations(record: &Value) -> Vec<&str> {
        let spine = record["spine"].as_array().expect("a spine");
        spine
            .iter()
            .map(|interval| interval["station"].as_str().expect("a name"))
            .collect()
    }
}
