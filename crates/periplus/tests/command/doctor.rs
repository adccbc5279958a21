//! What works here, and what would be needed.

use crate::support::periplus;
use periplus_tests::{in_namespace, in_namespace_with_tap};
use std::process::{Command, Output};

fn examine(command: &mut Command) -> Vec<String> {
    let output: Output = command.output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "the usual way works");
    assert!(output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(String::from).collect()
}

/// The devices that a line begins with.
const DEVICES: [&str; 3] = ["memory ", "tap ", "packet "];

#[test]
fn every_device_has_a_line() {
    // A TAP is tried: not among the interfaces of whoever runs the tests.
    if !in_namespace("doctor::every_device_has_a_line") {
        return;
    }
    let lines = examine(periplus().arg("doctor"));
    assert_eq!(lines.len(), DEVICES.len(), "{lines:?}");
    for (line, device) in lines.iter().zip(DEVICES) {
        assert!(line.starts_with(device), "{line}");
    }
    assert!(lines[0].contains(" works: "), "{lines:?}");
    let lines = examine(periplus().args(["doctor", "--json"]));
    for (line, device) in lines.iter().zip(DEVICES) {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["device"], device.trim_end());
        assert!(line["works"] == true || line["fix"].is_string(), "{line}");
    }
}

#[test]
fn what_is_missing_is_told_with_the_command_that_grants_it() {
    if !in_namespace_with_tap("doctor::what_is_missing_is_told_with_the_command_that_grants_it") {
        return;
    }
    let lines = examine(periplus().arg("doctor"));
    assert!(
        lines.iter().all(|line| line.contains(" works: ")),
        "{lines:?}"
    );
    let mut without = Command::new("setpriv");
    let rights = "-net_admin,-net_raw";
    without
        .arg(format!("--bounding-set={rights}"))
        .arg(format!("--inh-caps={rights}"))
        .arg(periplus().get_program())
        .arg("doctor");
    let lines = examine(&mut without);
    assert!(lines[0].contains(" works: "), "{lines:?}");
    let program = env!("CARGO_BIN_EXE_periplus");
    for (line, rights) in [
        (&lines[1], "cap_net_admin"),
        (&lines[2], "cap_net_raw,cap_net_admin"),
    ] {
        assert!(line.contains(" does not work: cannot "), "{line}");
        let grant = format!("`sudo setcap {rights}+ep {program}`");
        assert!(line.contains(&grant), "{line}");
    }
}
