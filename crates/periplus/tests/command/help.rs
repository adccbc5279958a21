//! The help, letter by letter. After a change on purpose: `PERIPLUS_NEW_SNAPSHOTS=1 cargo test -p periplus`.

use crate::support::periplus;
use std::path::Path;

fn check(name: &str, arguments: &[&str]) {
    let output = periplus()
        .args(arguments)
        .output()
        .expect("the command starts");
    assert!(output.status.success() && output.stderr.is_empty());
    let help = String::from_utf8(output.stdout).expect("text");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/command/help")
        .join(name);
    if std::env::var_os("PERIPLUS_NEW_SNAPSHOTS").is_some() {
        std::fs::write(&path, &help).expect("a snapshot");
    }
    let expected = std::fs::read_to_string(&path).expect("a snapshot");
    assert_eq!(help, expected, "{}", path.display());
    assert!(help.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn short() {
    check("periplus.txt", &["-h"]);
    check("serve.txt", &["serve", "-h"]);
    check("sockets.txt", &["sockets", "-h"]);
    check("draw.txt", &["draw", "-h"]);
    check("doctor.txt", &["doctor", "-h"]);
    check("config.txt", &["config", "-h"]);
    check("generate.txt", &["generate", "-h"]);
}

#[test]
fn long_with_examples_first() {
    check("periplus-long.txt", &["--help"]);
    check("serve-long.txt", &["serve", "--help"]);
    check("sockets-long.txt", &["sockets", "--help"]);
    check("draw-long.txt", &["draw", "--help"]);
    check("doctor-long.txt", &["doctor", "--help"]);
    check("config-long.txt", &["config", "--help"]);
    check("generate-long.txt", &["generate", "--help"]);
}
