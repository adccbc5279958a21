//! What arrives is what is on the disk.

use crate::support::{Folder, Recording, Server, curl, get, pattern};

const KIB: usize = 1024;

#[test]
fn files_of_every_size_arrive_byte_for_byte() {
    let sizes = [0, 1, 1_023, KIB * KIB, 10 * KIB * KIB];
    let folder = sizes.iter().fold(Folder::new(), |folder, &size| {
        folder.with(&format!("{size}.bin"), &pattern(size))
    });
    let kept = Folder::new();
    let journeys = kept.join("journeys.jsonl");
    let server = Server::start(
        folder.path(),
        &["--journeys".as_ref(), journeys.as_os_str()],
    );
    for size in sizes {
        let answer = get(&server.url(&format!("/{size}.bin")), &[]);
        assert_eq!(answer.status(), 200);
        assert_eq!(
            answer.header("content-length"),
            Some(size.to_string().as_str())
        );
        assert!(answer.body == pattern(size), "{size} bytes differ");
    }
    assert_eq!(server.stop().code, Some(0));
    let recording = Recording::read(&journeys);
    recording.check();
    let requests = recording.requests();
    assert_eq!(requests.len(), sizes.len());
    for (request, size) in requests.iter().zip(sizes) {
        assert_eq!(request["outcome"], "answered", "{request}");
        assert_eq!(request["acked"], request["bytes_out"], "{request}");
        assert!(
            request["bytes_out"].as_u64() > Some(size as u64),
            "{request}"
        );
    }
}

#[test]
fn many_files_on_one_connection_arrive_byte_for_byte() {
    let sizes = [70_000, 0, 1_460, 65_535, 3];
    let folder = sizes.iter().fold(Folder::new(), |folder, &size| {
        folder.with(&format!("{size}.bin"), &pattern(size))
    });
    let server = Server::start(folder.path(), &["--quiet"]);
    let urls = sizes.map(|size| server.url(&format!("/{size}.bin")));
    let output = curl()
        .args(["--write-out", "%{stderr}%{num_connects}"])
        .args(urls)
        .output()
        .expect("curl is installed");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "10000",
        "one connection for all of them"
    );
    let expected: Vec<u8> = sizes.into_iter().flat_map(pattern).collect();
    assert!(output.stdout == expected, "the bytes differ");
}
