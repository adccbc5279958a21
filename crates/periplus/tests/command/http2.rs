//! HTTP/2 as its users meet it.

use crate::support::{Folder, Recording, Server, curl, get, pattern, periplus};

/// Around what fits into a frame, a window and a buffer.
const SIZES: [usize; 9] = [
    0, 1, 1_024, 16_384, 16_385, 65_535, 65_536, 200_000, 1_000_000,
];

fn folder() -> Folder {
    SIZES.iter().fold(Folder::new(), |folder, &size| {
        folder.with(&format!("site/{size}.bin"), &pattern(size))
    })
}

/// Some files, in one run of curl.
fn fetch(base: &str, sizes: &[usize], options: &[&str], into: &Folder) -> String {
    let mut curl = curl();
    curl.args(["--write-out", "%{http_version}\n"]);
    curl.args(options);
    for size in sizes {
        curl.arg("--output").arg(into.join(&format!("{size}.got")));
        curl.arg(format!("{base}/{size}.bin"));
    }
    let got = curl.output().expect("curl is installed");
    let trouble = String::from_utf8_lossy(&got.stderr);
    assert!(got.status.success(), "{trouble}");
    String::from_utf8(got.stdout).expect("versions")
}

#[test]
fn files_come_whole_on_either_stack_with_tls_and_without() {
    // Without TLS there are versions of curl that begin anew with every file, on a connection that goes on.
    let tls = ["--http2", "--insecure", "--parallel"];
    let plain = ["--http2-prior-knowledge"];
    for (scheme, options, client, at_once) in [
        ("https", &["--tls-self-signed"][..], &tls[..], SIZES.len()),
        (
            "https",
            &["--tls-self-signed", "--nic", "host"],
            &tls,
            SIZES.len(),
        ),
        ("http", &[], &plain, 1),
        ("http", &["--nic", "host"], &plain, 1),
    ] {
        let folder = folder();
        let record = folder.join("journeys.jsonl");
        let record = record.to_str().expect("a path of letters");
        let options = [options, &["--journeys", record]].concat();
        let server = Server::start(&folder.join("site"), &options);
        let base = format!("{scheme}://{}", server.address);
        let fetched = SIZES.chunks(at_once);
        let versions: String = fetched
            .map(|sizes| fetch(&base, sizes, client, &folder))
            .collect();
        assert_eq!(versions, "2\n".repeat(SIZES.len()));
        for size in SIZES {
            let got = std::fs::read(folder.join(&format!("{size}.got"))).expect("a file");
            assert!(got == pattern(size), "{size} bytes differ");
        }
        assert_eq!(server.stop().code, Some(0));

        let recording = Recording::read(record.as_ref());
        recording.check();
        let requests = recording.requests();
        assert_eq!(requests.len(), SIZES.len());
        for size in SIZES {
            let line = format!("GET /{size}.bin HTTP/2");
            let record = requests.iter().find(|record| record["request"] == *line);
            let record = record.unwrap_or_else(|| panic!("{line} is not recorded"));
            assert_eq!(record["protocol"], "http/2");
            assert_eq!(record["outcome"], "answered", "{record}");
            assert_eq!(record["status"], 200);
            // Its own frames, and no other's: a header every 16 KiB, and a head.
            let out = record["bytes_out"].as_u64().expect("a length");
            let frames = size as u64 / 4096 * 9 + 1000;
            assert!(
                (size as u64..=size as u64 + frames).contains(&out),
                "{record}"
            );
            assert_eq!(record["acked"], record["bytes_out"]);
        }
    }
}

#[test]
fn a_client_may_choose_the_older_version_and_a_server_may_have_no_other() {
    let folder = folder();
    let server = Server::start(&folder.join("site"), &["--tls-self-signed"]);
    let url = format!("https://{}/1.bin", server.address);
    let answer = get(&url, &["--insecure", "--http1.1"]);
    assert!(answer.head.starts_with("http/1.1 200"), "{}", answer.head);
    let answer = get(&url, &["--insecure"]);
    assert!(answer.head.starts_with("http/2 200"), "{}", answer.head);
    assert_eq!(server.stop().code, Some(0));

    let config = "[limits]\nhttp2_streams = 0\n[[listener]]\nprotocol = \"http\"\nport = 0\ntls = true\n[[site]]\nroot = \"site\"\n";
    std::fs::write(folder.join("periplus.toml"), config).expect("a file");
    let mut command = periplus();
    command
        .arg("serve")
        .arg("--config")
        .arg(folder.join("periplus.toml"));
    let server = Server::spawn(command);
    let url = format!("https://{}/1.bin", server.address);
    let answer = get(&url, &["--insecure", "--http2"]);
    assert!(answer.head.starts_with("http/1.1 200"), "{}", answer.head);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn ranges_conditions_and_head_are_as_they_are_by_http_1() {
    let folder = folder();
    let server = Server::start(&folder.join("site"), &["--tls-self-signed"]);
    let url = format!("https://{}/200000.bin", server.address);
    let both = |options: &[&str]| {
        let [older, newer] = ["--http1.1", "--http2"].map(|version| {
            let answer = get(&url, &[options, &["--insecure", version]].concat());
            let mut fields: Vec<_> = answer.head.lines().skip(1).map(str::to_owned).collect();
            fields.retain(|field| !field.starts_with("date: "));
            fields.sort();
            (answer.status(), fields, answer.body)
        });
        assert_eq!(older.1, newer.1, "{options:?}");
        assert!(older == newer, "{options:?}");
        newer
    };
    let (status, _, body) = both(&["--range", "100-299"]);
    assert_eq!((status, &body[..]), (206, &pattern(200_000)[100..300]));
    assert_eq!(both(&["--range", "300000-"]).0, 416);
    let (status, fields, body) = both(&["--head"]);
    assert_eq!((status, body.len()), (200, 0));
    assert!(
        fields.contains(&"content-length: 200000".to_owned()),
        "{fields:?}"
    );
    let tag = fields.iter().find_map(|field| field.strip_prefix("etag: "));
    let condition = format!("If-None-Match: {}", tag.expect("a tag"));
    assert_eq!(both(&["--header", &condition]).0, 304);
    assert_eq!(both(&["--data", "content"]).0, 405);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_client_that_goes_in_the_middle_is_told_of() {
    let folder = Folder::new().with("site/large.bin", &pattern(50_000_000));
    let record = folder.join("journeys.jsonl");
    let record = record.to_str().expect("a path of letters");
    let server = Server::start(
        &folder.join("site"),
        &["--tls-self-signed", "--journeys", record],
    );
    let url = format!("https://{}/large.bin", server.address);
    // curl takes no more than it was told to, and goes.
    let got = curl()
        .args(["--insecure", "--http2", "--max-filesize", "1000000", &url])
        .output()
        .expect("curl is installed");
    assert!(!got.status.success());
    let after = get(&format!("https://{}/", server.address), &["--insecure"]);
    assert_eq!(after.status(), 404);
    assert_eq!(server.stop().code, Some(0));
    let recording = Recording::read(record.as_ref());
    recording.check();
    let requests = recording.requests();
    let large = requests
        .iter()
        .find(|record| record["request"] == "GET /large.bin HTTP/2");
    let outcome = &large.expect("it is recorded")["outcome"];
    assert!(outcome == "reset" || outcome == "closed", "{outcome}");
}
