//! What `sysctl` writes, in a process of its own: the file is the process's.

use driver::Driver;
use std::{env, fs, process};

#[allow(dead_code, reason = "each test uses a part of it")]
mod driver;

#[test]
fn knobs_are_read_where_sysctl_writes_them() {
    let mut driver = Driver::new();
    let calls = driver.calls();
    let socket = calls.socket(libc::SOCK_STREAM);
    let folder = env::var("PERIPLUS_SYSCTLS").unwrap_or("/tmp".into());
    let path = format!("{folder}/periplus-sysctls-{}", process::id());
    let knobs =
        "net.ipv4.tcp_syn_retries=1\nnet.ipv4.tcp_syn_linear_timeouts=0\nnet.ipv4.unheard_of=1\n";
    fs::write(&path, knobs).unwrap();
    assert_eq!(calls.connect(socket), Err(libc::ETIMEDOUT));
    driver.expect("S 0:0(0) win");
    driver.expect("S 0:0(0) win");
    driver.expect_silence();
    drop(driver);
    assert!(!fs::exists(path).unwrap());
}
