//! Root is given up for good.

use periplus_nic::OpenErrorKind;
use periplus_nic::privileges::drop_to;
use periplus_tests::in_namespace;
use std::fs;

/// The words behind `key` in what the kernel says of this thread.
fn status(key: &str) -> String {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    let words: Vec<_> = line.split_whitespace().skip(1).collect();
    words.join(" ")
}

/// Whether this namespace knows ids besides root's.
fn has_other_users() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    map.split_whitespace().last() != Some("1")
}

#[test]
fn nobody_has_no_way_back() {
    if !in_namespace("interface_privileges::nobody_has_no_way_back") {
        return;
    }
    if !has_other_users() {
        let error = drop_to("nobody").unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::NotPermitted);
        return;
    }
    drop_to("nobody").unwrap();
    assert!(!status("Uid:").split(' ').any(|id| id == "0"));
    assert!(!status("Gid:").split(' ').any(|id| id == "0"));
    assert!(!status("Groups:").split(' ').any(|id| id == "0"));
    assert_eq!(status("CapPrm:"), "0000000000000000");
    assert_eq!(status("CapEff:"), "0000000000000000");
    assert_eq!(status("NoNewPrivs:"), "1");

    let error = drop_to("nobody").unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::NotPermitted);
}

#[test]
fn who_is_not_there_cannot_be_become() {
    for user in ["no-such-user-here", "", "no\0body"] {
        let error = drop_to(user).unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::NoUser);
        assert!(error.what().starts_with("there is no user"), "{error}");
    }
    assert_eq!(drop_to("root").unwrap_err().kind(), OpenErrorKind::NoUser);
}
