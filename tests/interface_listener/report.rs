//! What was seen at both listeners, as a table.

use super::script::Seen;

/// Counters of a listener, as `nstat` prints them.
pub(super) const COUNTERS: [&str; 15] = [
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
    "TcpExtTCPReqQFullDrop",
    "TcpExtTCPReqQFullDoCookies",
    "TcpExtSyncookiesSent",
    "TcpExtSyncookiesRecv",
    "TcpExtSyncookiesFailed",
    "TcpExtEmbryonicRsts",
    "TcpExtTCPSynRetrans",
    "TcpExtTCPTimeouts",
    "TcpExtTCPACKSkippedSynRecv",
    "TcpPassiveOpens",
    "TcpAttemptFails",
    "TcpEstabResets",
    "TcpOutRsts",
];

/// The rows of a table: what, and how often.
pub(super) fn rows(seen: &Seen) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for name in COUNTERS {
        let value = seen.counters.get(name);
        let value = value.map_or("not counted".to_owned(), u64::to_string);
        rows.push((name.to_owned(), value));
    }
    let clients = |is: &dyn Fn(&super::client::Outcome) -> bool| {
        let count = seen.clients.iter().filter(|client| is(client)).count();
        count.to_string()
    };
    let mut row = |what: &str, value: String| rows.push((what.to_owned(), value));
    row("clients", seen.clients.len().to_string());
    for (syns, words) in [
        (1, "at once"),
        (2, "by their second SYN"),
        (3, "by their third SYN"),
    ] {
        let value = clients(&|client| client.connected && client.syns == syns);
        row(&format!("connected {words}"), value);
    }
    row("never connected", clients(&|client| !client.connected));
    row(
        "got a second SYN/ACK or more",
        clients(&|client| client.syn_acks > 1),
    );
    row(
        "got the answer",
        clients(&|client| client.answer > 0 && client.ended),
    );
    row("were reset", clients(&|client| client.reset));
    row(
        "accepted by the backend",
        seen.backend.accepted.len().to_string(),
    );
    row("answered by it", seen.backend.answered.to_string());
    row("gone when it read", seen.backend.reset.len().to_string());
    row("accept queue at its longest", seen.longest.to_string());
    rows
}

/// Both in one table, as Markdown.
pub(super) fn table(kernel: &Seen, ours: &Seen) -> String {
    let mut text = String::from("| | Linux | Periplus |\n|---|---:|---:|\n");
    for ((what, theirs), (_, ours)) in rows(kernel).into_iter().zip(rows(ours)) {
        text += &format!("| {what} | {theirs} | {ours} |\n");
    }
    text += "\n| ms | Linux: SYN queue | accept queue | Periplus: SYN queue | accept queue |\n|---:|---:|---:|---:|---:|\n";
    for ((millis, theirs), (_, ours)) in kernel.looks.iter().zip(&ours.looks) {
        text += &format!(
            "| {millis} | {} | {} | {} | {} |\n",
            theirs.syn, theirs.accept, ours.syn, ours.accept
        );
    }
    text
}

/// What the manual says of a setting: what, and how often at Linux's listener and at ours.
pub(super) fn of_the_manual(setting: usize) -> Vec<(String, String, String)> {
    let manual = include_str!("../../manual/listener.md");
    let cells = manual.lines().map(|line| -> Vec<&str> {
        let cells = line.trim_matches('|').split('|');
        cells.map(str::trim).collect()
    });
    // Two columns a setting; the rows above are its knobs.
    let rows = cells.skip_while(|cells| cells[0] != COUNTERS[0]);
    let rows = rows.take_while(|cells| cells.len() > 1);
    rows.map(|cells| {
        let [linux, periplus] = [1, 2].map(|column| cells[2 * setting + column].to_owned());
        (cells[0].to_owned(), linux, periplus)
    })
    .collect()
}
