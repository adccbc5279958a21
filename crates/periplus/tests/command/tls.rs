//! HTTPS as its users meet it.

use crate::support::{Folder, Server, curl, get, periplus};
use rustix::process::Signal;
use std::path::Path;

/// Writes a certificate for 127.0.0.1 that is trusted by who trusts itself, and its key.
fn issue(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("it is a name");
    std::fs::write(folder.join("chain.pem"), made.cert.pem()).expect("a file");
    let key = made.signing_key.serialize_pem();
    std::fs::write(folder.join("key.pem"), key).expect("a file");
}

fn https(server: &Server, path: &str) -> String {
    format!("https://{}{path}", server.address)
}

#[test]
fn a_certificate_of_its_own_making_serves_on_either_stack() {
    let folder = Folder::new().with("a.txt", b"content");
    for nic in [
        &["--tls-self-signed"][..],
        &["--tls-self-signed", "--nic", "host"],
    ] {
        let server = Server::start(folder.path(), nic);
        for version in ["1.2", "1.3"] {
            let options = ["--insecure", "--tls-max", version];
            let answer = get(&https(&server, "/a.txt"), &options);
            assert_eq!(answer.body, b"content");
        }
        let plain = get(&server.url("/a.txt"), &[]);
        assert_eq!(plain.status(), 400);
        let told = String::from_utf8_lossy(&plain.body).into_owned();
        assert!(told.contains("speaks HTTPS"), "{told}");
        assert_eq!(server.stop().code, Some(0));
    }
}

#[test]
fn certificates_are_read_anew_on_sighup() {
    let folder = Folder::new().with("site/a.txt", b"content");
    let config = "[[listener]]\nprotocol = \"http\"\nport = 0\n[listener.tls]\n[[listener.tls.certificate]]\n\
                  chain = \"chain.pem\"\nkey = \"key.pem\"\n[[site]]\nroot = \"site\"\n";
    std::fs::write(folder.join("periplus.toml"), config).expect("a file");
    issue(folder.path());
    std::fs::copy(folder.join("chain.pem"), folder.join("before.pem")).expect("a file");
    let mut command = periplus();
    command
        .arg("serve")
        .arg("--config")
        .arg(folder.join("periplus.toml"));
    let mut server = Server::spawn(command);
    let trusts = |server: &Server, chain: &str| {
        let output = curl()
            .arg("--cacert")
            .arg(folder.join(chain))
            .arg(https(server, "/a.txt"))
            .output()
            .expect("curl is installed");
        output.stdout == b"content"
    };
    assert!(trusts(&server, "before.pem"));

    issue(folder.path());
    server.signal(Signal::HUP);
    server.wait_for_line("Configuration read again");
    assert!(trusts(&server, "chain.pem") && !trusts(&server, "before.pem"));

    std::fs::copy(folder.join("chain.pem"), folder.join("now.pem")).expect("a file");
    std::fs::copy(folder.join("before.pem"), folder.join("chain.pem")).expect("a file");
    server.signal(Signal::HUP);
    server.wait_for_line("the key does not belong to the first certificate of");
    server.wait_for_line("Nothing was changed");
    assert!(trusts(&server, "now.pem"));
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn of_two_listeners_on_any_port_each_has_its_own_certificate() {
    let folder = Folder::new().with("site/a.txt", b"content");
    let listener = |name: &str| {
        issue(folder.path());
        let [chain, key] = ["chain", "key"].map(|what| {
            let named = format!("{name}-{what}.pem");
            let issued = folder.join(&format!("{what}.pem"));
            std::fs::rename(issued, folder.join(&named)).expect("it was issued");
            named
        });
        format!(
            "[[listener]]\nprotocol = \"http\"\nport = 0\n[[listener.tls.certificate]]\nchain = {chain:?}\nkey = {key:?}\n"
        )
    };
    let listeners = ["one", "two"].map(listener).concat();
    let config = format!("{listeners}[[site]]\nroot = \"site\"\n");
    std::fs::write(folder.join("periplus.toml"), config).expect("a file");
    let mut command = periplus();
    command
        .arg("serve")
        .arg("--config")
        .arg(folder.join("periplus.toml"));
    let mut server = Server::spawn(command);
    let addresses = [server.address, server.wait_for_address()];
    for again in [false, true] {
        if again {
            server.signal(Signal::HUP);
            server.wait_for_line("Configuration read again");
        }
        for (name, address) in ["one", "two"].iter().zip(addresses) {
            let output = curl()
                .arg("--cacert")
                .arg(folder.join(&format!("{name}-chain.pem")))
                .arg(format!("https://{address}/a.txt"))
                .output()
                .expect("curl is installed");
            assert_eq!(output.stdout, b"content", "{name}, {again}");
        }
    }
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_certificate_that_cannot_be_read_is_told_before_anything_is_served() {
    let folder = Folder::new().with("a.txt", b"content");
    let output = periplus()
        .arg("serve")
        .arg(folder.path())
        .args(["--listen", "127.0.0.1:0", "--tls-cert"])
        .arg(folder.join("missing.pem"))
        .arg("--tls-key")
        .arg(folder.join("missing.key"))
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("missing.pem: it cannot be read"), "{told}");
    assert!(
        told.contains("Name a file that the server may read."),
        "{told}"
    );
}

#[test]
fn requests_are_led_to_the_listener_that_speaks_tls_also_where_it_stands_below() {
    let config = "[[listener]]\nprotocol = \"http\"\nport = 0\nredirect_to_https = 0\n\
                  [[listener]]\nprotocol = \"http\"\nport = 0\ntls = true\n[[site]]\nroot = \".\"\n";
    let folder = Folder::new().with("periplus.toml", config.as_bytes());
    for nic in [&[][..], &["--nic", "host"]] {
        let mut command = periplus();
        command.arg("serve").args(nic).current_dir(folder.path());
        let mut server = Server::spawn(command);
        let https = server.wait_for_address();
        let answer = get(&server.url("/a"), &[]);
        let location = format!("https://{https}/a");
        assert_eq!(answer.header("location"), Some(&*location));
        assert_eq!(server.stop().code, Some(0));
    }
}

#[test]
fn a_key_that_does_not_fit_is_told_where_its_certificate_is_named() {
    let folder = Folder::new();
    issue(folder.path());
    std::fs::copy(folder.join("key.pem"), folder.join("another's.pem")).expect("a file");
    issue(folder.path());
    let certificate = |key: &str| {
        format!("[[listener.tls.certificate]]\nchain = \"chain.pem\"\nkey = \"{key}\"\n")
    };
    let config = format!(
        "[[listener]]\nprotocol = \"http\"\nport = 0\n{}{}",
        certificate("key.pem"),
        certificate("another's.pem")
    );
    std::fs::write(folder.join("periplus.toml"), config).expect("a file");
    let mut command = periplus();
    command.args(["config", "check"]).current_dir(folder.path());
    let output = command.output().expect("the command starts");
    assert_eq!(output.status.code(), Some(4));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("periplus.toml:7:1: cannot speak TLS: another's.pem: "),
        "{told}"
    );
    assert_eq!(told.matches("cannot speak TLS").count(), 1, "{told}");
}
