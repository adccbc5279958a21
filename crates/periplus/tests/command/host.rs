//! `--nic host`: over this host's own TCP.

use crate::support::{Folder, Recording, Server, get, pattern, periplus};

const MIB: usize = 1024 * 1024;

fn serve_over_host(folder: &Folder, options: &[&str]) -> Server {
    let listen = ["--listen", "127.0.0.1:0", "--nic", "host"];
    let mut command = periplus();
    command
        .arg("serve")
        .arg(folder.path())
        .args(listen)
        .args(options);
    Server::spawn(command)
}

#[test]
fn files_arrive_byte_for_byte_and_each_has_a_journey() {
    let sizes = [0, 1, 1_460, 70_000, 10 * MIB];
    let folder = sizes.iter().fold(Folder::new(), |folder, &size| {
        folder.with(&format!("{size}.bin"), &pattern(size))
    });
    let server = serve_over_host(&folder, &["--journeys", "-"]);
    for size in sizes {
        let answer = get(&server.url(&format!("/{size}.bin")), &[]);
        assert!(answer.body == pattern(size), "{size} bytes differ");
    }
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(
        ended.talk.contains("Over this host's own TCP"),
        "{}",
        ended.talk
    );
    assert!(!ended.talk.contains("frames came in"), "{}", ended.talk);
    let recording = Recording::parse(&ended.data);
    recording.check();
    let requests = recording.requests();
    assert_eq!(requests.len(), sizes.len());
    for request in requests {
        assert_eq!(request["device"], "host");
        assert_eq!(request["outcome"], "answered");
        assert!(
            request["connect_ns"].is_null(),
            "it was not seen: {request}"
        );
    }
}

#[test]
fn what_only_an_interface_has_is_refused() {
    let folder = Folder::new();
    let output = periplus()
        .arg("serve")
        .arg(folder.path())
        .args(["--nic", "host", "--address", "10.78.0.2/24"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(
        said.contains("`--address` is the stack's own on an interface"),
        "{said}"
    );
}
