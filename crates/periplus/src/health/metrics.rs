//! What is counted, as Prometheus reads it (text format 0.0.4).

use super::Told;
use periplus_net::Snapshot;
use periplus_net::sockets::Sockets;
use periplus_serve::ServeCounters;
use std::fmt::Write;

/// What the metrics mean that are not a server's counters, which say it themselves.
const MEANINGS: &[(&str, &str)] = &[
    (
        "periplus_journeys_lost_total",
        "Journeys lost because they came faster than they could be written.",
    ),
    (
        "periplus_access_log_lines_lost_total",
        "Lines of the access log that could not be written.",
    ),
    (
        "periplus_nstat_total",
        "What the stack counts, by the names that Linux's nstat has for it.",
    ),
    (
        "periplus_frames_received_total",
        "Frames that the stack was given.",
    ),
    (
        "periplus_frames_dropped_total",
        "Frames that the stack dropped, by the reason.",
    ),
    (
        "periplus_connections",
        "Connections that there are, by their state.",
    ),
    (
        "periplus_queue_length",
        "Connections that wait in a queue of a listener.",
    ),
    (
        "periplus_queue_limit",
        "Connections that may wait in a queue of a listener.",
    ),
];

/// All that there is to tell at the moment.
pub(super) async fn text(told: &Told) -> String {
    let mut page = Page::default();
    for (listener, counters) in &told.servers {
        let listener = listener.to_string();
        for (name, value) in counters.iter() {
            let name = format!("periplus_serve_{name}_total");
            page.add(&name, "counter", &[("listener", &listener)], value);
        }
    }
    if let Some(inlet) = &told.inlet {
        page.add("periplus_journeys_lost_total", "counter", &[], inlet.lost());
        let lost = told.rotation.lost();
        page.add("periplus_access_log_lines_lost_total", "counter", &[], lost);
    }
    if let Some(shard) = &told.shard {
        if let Ok(snapshot) = shard.snapshot().await {
            of_stack(&mut page, &snapshot);
        }
        if let Ok(sockets) = shard.sockets().await {
            of_queues(&mut page, &sockets);
        }
    }
    page.text()
}

fn of_stack(page: &mut Page, snapshot: &Snapshot) {
    for (name, value) in snapshot.counters.iter() {
        page.add("periplus_nstat_total", "counter", &[("name", name)], value);
    }
    let ledger = &snapshot.ledger;
    page.add(
        "periplus_frames_received_total",
        "counter",
        &[],
        ledger.received,
    );
    for (reason, value) in ledger.drops() {
        let labels = [("reason", reason.name())];
        page.add("periplus_frames_dropped_total", "counter", &labels, value);
    }
    let states = [
        ("open", snapshot.connections),
        ("half_open", snapshot.half_open),
        ("time_wait", snapshot.time_wait),
    ];
    for (state, value) in states {
        page.add(
            "periplus_connections",
            "gauge",
            &[("state", state)],
            value as u64,
        );
    }
}

fn of_queues(page: &mut Page, sockets: &Sockets) {
    for listener in &sockets.listeners {
        let local = listener.local.to_string();
        let queues = [
            ("syn_queue", listener.syn_queue),
            ("accept_queue", listener.accept_queue),
        ];
        for (queue, held) in queues {
            let labels = [("listener", local.as_str()), ("queue", queue)];
            page.add("periplus_queue_length", "gauge", &labels, held.length);
            page.add("periplus_queue_limit", "gauge", &labels, held.limit);
        }
    }
}

/// Metrics by their names: all lines of one have to stand together.
#[derive(Debug, Default)]
struct Page(Vec<(String, &'static str, String)>);

impl Page {
    fn add(&mut self, name: &str, kind: &'static str, labels: &[(&str, &str)], value: u64) {
        let place = self.0.iter().position(|(known, ..)| known == name);
        let place = place.unwrap_or_else(|| {
            self.0.push((name.into(), kind, String::new()));
            self.0.len() - 1
        });
        let labels = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""));
        let labels = labels.collect::<Vec<_>>().join(",");
        let lines = &mut self.0[place].2;
        let written = match labels.is_empty() {
            true => writeln!(lines, "{name} {value}"),
            false => writeln!(lines, "{name}{{{labels}}} {value}"),
        };
        written.expect("a string takes every byte");
    }

    fn text(self) -> String {
        let metrics = self.0.into_iter();
        let metrics = metrics.map(|(name, kind, lines)| {
            let help = meaning(&name).map(|meaning| format!("# HELP {name} {meaning}\n"));
            let help = help.unwrap_or_default();
            format!("{help}# TYPE {name} {kind}\n{lines}")
        });
        metrics.collect()
    }
}

/// What the metric called `name` means.
fn meaning(name: &str) -> Option<&'static str> {
    let counter = name.strip_prefix("periplus_serve_");
    let counter = counter.and_then(|name| name.strip_suffix("_total"));
    match counter {
        Some(counter) => ServeCounters::meanings().find(|(known, _)| *known == counter),
        None => MEANINGS.iter().copied().find(|(known, _)| *known == name),
    }
    .map(|(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_metric_stand_together_under_its_type() {
        let mut page = Page::default();
        page.add("a_total", "counter", &[("b", "1")], 1);
        page.add("c", "gauge", &[], 2);
        page.add("a_total", "counter", &[("b", "2")], 3);
        assert_eq!(
            page.text(),
            "# TYPE a_total counter\na_total{b=\"1\"} 1\na_total{b=\"2\"} 3\n# TYPE c gauge\nc 2\n"
        );
    }
}
