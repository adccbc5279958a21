//! `periplus draw`.

use crate::support::{Folder, Server, get, periplus};

/// A recording of two requests.
fn recording() -> (Folder, String) {
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("b.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    get(&server.url("/a.txt"), &[]);
    get(&server.url("/b.txt"), &[]);
    let data = server.stop().data;
    (folder.with("journeys.jsonl", data.as_bytes()), data)
}

fn draw(folder: &Folder, options: &[&str]) -> (Option<i32>, String, String) {
    let recording = folder.join("journeys.jsonl");
    let output = periplus()
        .arg("draw")
        .arg(recording)
        .args(options)
        .output()
        .expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_first_request_is_drawn_or_the_one_that_is_asked_for() {
    let (folder, data) = recording();
    let id = data
        .lines()
        .find(|line| line.contains("GET /b.txt"))
        .and_then(|line| {
            let record: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(record["id"].as_u64()?.to_string())
        });
    let id = id.expect("the second request's id");
    let output = folder.join("out.svg");
    let path = output.to_str().expect("a path in Unicode");
    for (options, request) in [
        (vec!["-o", path], "GET /a.txt"),
        (vec!["-o", path, "--id", &id], "GET /b.txt"),
    ] {
        let (code, data, talk) = draw(&folder, &options);
        assert_eq!((code, data.as_str()), (Some(0), ""), "{talk}");
        assert!(talk.contains(&format!("is drawn in {path}")), "{talk}");
        let picture = std::fs::read_to_string(&output).expect("a picture");
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(picture.contains(request));
        for station in ["syn_queue", "parse", "process", "retransmit_queue"] {
            assert!(
                picture.contains(&format!("<g id=\"{station}\">")),
                "{station}"
            );
        }
    }
}

#[test]
fn the_classic_pictures_show_the_run_s_own_numbers() {
    let (folder, data) = recording();
    let first = data
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .find(|record| record["kind"] == "request")
        .expect("a request");
    let queues = &first["queues"];
    for (picture, queue, limit, shown) in [
        // With SYN cookies `tcp_max_syn_backlog` keeps nothing free.
        ("syn-queue", "syn_queue", 4096, "4,096"),
        ("accept-queue", "accept_queue", 4096, "4,096"),
    ] {
        let (code, drawn, talk) = draw(&folder, &["--picture", picture]);
        assert_eq!(code, Some(0), "{talk}");
        let length = queues[queue]["length"].as_u64().expect("a length");
        assert_eq!(queues[queue]["limit"], limit);
        let held = format!("{length} of at most {shown}");
        assert!(drawn.contains(&held), "{held}");
        let peer = first["peer"].as_str().expect("an address");
        assert!(drawn.contains(peer), "{peer}");
    }
    let (code, drawn, talk) = draw(&folder, &["--picture", "journey"]);
    assert_eq!(code, Some(0), "{talk}");
    for interval in first["spine"].as_array().expect("a spine") {
        let station = interval["station"].as_str().expect("a name");
        assert!(
            drawn.contains(&format!("<g id=\"{station}\">")),
            "{station}"
        );
    }
}

#[test]
fn a_picture_that_does_not_exist_is_2_and_a_journey_without_it_is_1() {
    let (folder, data) = recording();
    let (code, _, talk) = draw(&folder, &["--picture", "queue"]);
    assert_eq!(code, Some(2));
    assert!(
        talk.contains("lanes, journey, syn-queue, accept-queue"),
        "{talk}"
    );
    let only_b: String = data
        .lines()
        .filter(|line| line.contains("GET /b.txt"))
        .map(|line| line.replace("\"queues\"", "\"other\"") + "\n")
        .collect();
    let folder = folder.with("journeys.jsonl", only_b.as_bytes());
    let (code, _, talk) = draw(&folder, &["--picture", "accept-queue"]);
    assert_eq!(code, Some(1));
    assert!(
        talk.contains("that a picture `accept-queue` shows"),
        "{talk}"
    );
}

#[test]
fn without_an_output_the_picture_is_data() {
    let (folder, _) = recording();
    let (code, data, talk) = draw(&folder, &[]);
    assert_eq!((code, talk.as_str()), (Some(0), ""));
    assert!(data.starts_with("<svg "));
}

#[test]
fn a_journey_that_is_not_there_is_1() {
    let (folder, _) = recording();
    let (code, _, talk) = draw(&folder, &["--id", "4711"]);
    assert_eq!(code, Some(1));
    assert!(talk.contains("no journey 4711 in"), "{talk}");
}

#[test]
fn a_recording_that_does_not_exist_is_2() {
    let (code, _, talk) = draw(&Folder::new(), &[]);
    assert_eq!(code, Some(2));
    assert!(
        talk.contains("no such file or directory") && talk.contains("--journeys FILE"),
        "{talk}"
    );
}

#[test]
fn a_broken_recording_is_1_with_file_line_and_what_is_wrong() {
    let folder = Folder::new().with("journeys.jsonl", b"\nhello\n");
    let (code, _, talk) = draw(&folder, &[]);
    assert_eq!(code, Some(1));
    assert!(
        talk.contains("journeys.jsonl, line 2, column 1: not JSON: expected value"),
        "{talk}"
    );
}

#[test]
fn what_is_no_recording_is_told_with_what_makes_one() {
    let folder = Folder::new().with("journeys.jsonl", b"[files]\n");
    let (code, _, talk) = draw(&folder, &[]);
    assert_eq!(code, Some(1), "{talk}");
    let makes_one = "\n  `periplus serve DIR --journeys FILE` makes a recording.\n";
    assert!(talk.ends_with(makes_one), "{talk}");
    let output = periplus()
        .arg("draw")
        .arg(folder.path())
        .output()
        .expect("the command starts");
    let talk = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(
        talk.ends_with(&format!("it is a folder{makes_one}")),
        "{talk}"
    );
}
