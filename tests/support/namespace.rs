//! Network namespaces for tests that need interfaces: each such test runs itself again in one of its own.

use periplus_nic::netlink::{Netlink, set_up};
use std::env;
use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

/// Tells the test that runs again what namespace it is in, and that it must not try another.
const INSIDE: &str = "PERIPLUS_IN_NAMESPACE";
/// What TAPs are made by. The module may be missing, or the file be for root alone.
const TUN: &str = "/dev/net/tun";
/// If it is 1, a host that refuses namespaces fails the test.
const REQUIRED: &str = "PERIPLUS_REQUIRE_INTERFACES";

/// Whether the test goes on: it is in a network namespace of its own, with `lo` up and nothing else. Every test that needs an
/// interface begins with
///
/// ```text
/// if !in_namespace("interface_tap::echo") {
///     return;
/// }
/// ```
///
/// with its own path within the test binary, `module::function`. Called outside, this runs the test again in a new network
/// namespace (as an ordinary user: and in a new user namespace, as its root), fails if it fails there, and answers `false`.
/// Where the host refuses such namespaces it says why and answers `false`, unless `PERIPLUS_REQUIRE_INTERFACES=1`, which makes
/// that a failure.
pub fn in_namespace(test: &str) -> bool {
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        bring_up_loopback();
        return true;
    }
    if let Some(refusal) = refusal() {
        assert!(
            !is_required(),
            "{REQUIRED}=1, and the host refuses network namespaces: {refusal}"
        );
        eprintln!("{test}: not run, the host refuses network namespaces: {refusal}");
        return false;
    }
    let status = run_inside(test);
    assert!(
        status.success(),
        "{test} failed in its namespace ({status}); what it said is above"
    );
    false
}

/// As [`in_namespace`], for a test that makes a TAP: where the host gives us no TAPs it says why and answers `false`, unless
/// `PERIPLUS_REQUIRE_INTERFACES=1`, which makes that a failure.
pub fn in_namespace_with_tap(test: &str) -> bool {
    if !in_namespace(test) {
        return false;
    }
    let Err(error) = File::options().read(true).write(true).open(TUN) else {
        return true;
    };
    assert!(
        !is_required(),
        "{REQUIRED}=1, and cannot open {TUN}: {error}"
    );
    eprintln!("{test}: not run, cannot open {TUN}: {error}");
    false
}

fn is_required() -> bool {
    env::var_os(REQUIRED).is_some_and(|required| required == "1")
}

fn bring_up_loopback() {
    let mut netlink = Netlink::open().expect("a netlink socket needs no privilege");
    let loopback = netlink.index("lo").expect("every namespace has lo");
    netlink
        .execute(&set_up(loopback))
        .expect("root of the namespace may bring lo up");
}

/// Why the host gives us no namespace, if it does not. Asked once a process.
fn refusal() -> Option<&'static str> {
    static REFUSAL: OnceLock<Option<String>> = OnceLock::new();
    REFUSAL
        .get_or_init(|| {
            let mut probe = unshare();
            match probe.arg("true").stdin(Stdio::null()).output() {
                Ok(output) if output.status.success() => None,
                Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
                Err(error) => Some(format!("unshare (of util-linux): {error}")),
            }
        })
        .as_deref()
}

/// `unshare`, to which the program to run is to be added.
fn unshare() -> Command {
    let mut unshare = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["--net", "--"]);
    unshare
}

fn run_inside(test: &str) -> ExitStatus {
    let this = env::current_exe().expect("the test binary knows its own path");
    let mut child = unshare();
    child.arg(this).args([test, "--exact", "--test-threads=1"]);
    let output = child
        .arg("--nocapture")
        .env(INSIDE, test)
        .stdin(Stdio::null())
        .output()
        .expect("the probe has run unshare before");
    // by the macros, so that a test's output is shown only if it fails
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
    let ran = String::from_utf8_lossy(&output.stdout).contains("running 1 test");
    assert!(
        ran || !output.status.success(),
        "{test} is no test of this binary: the name is module::function"
    );
    output.status
}
