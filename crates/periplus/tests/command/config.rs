//! `periplus.toml`.

use crate::support::{Folder, Recording, Server, curl, get, pattern, periplus};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};

const TWO_LISTENERS: &str = "\
[[listener]]
protocol = \"http\"
port = 0

[[listener]]
protocol = \"http\"
address = \"127.0.0.2\"
port = 0
";

/// `periplus serve` with a file of configuration.
fn serve(folder: &Path, config: &Path) -> Command {
    let mut command = periplus();
    command
        .arg("serve")
        .arg(folder)
        .arg("--config")
        .arg(config)
        .args(["--journeys", "-"]);
    command
}

/// What is said of a configuration that cannot be, and the exit code.
fn refusal(config: &str, flags: &[&str]) -> (Option<i32>, String) {
    let folder = Folder::new().with("a.toml", config.as_bytes());
    let Output { status, stderr, .. } = periplus()
        .args(["serve", ".", "--config", "a.toml"])
        .args(flags)
        .current_dir(folder.path())
        .output()
        .expect("the command starts");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

#[test]
fn every_listener_serves_and_all_of_them_end_together() {
    let content = pattern(100_000);
    let folder = Folder::new().with("a.bin", &content);
    let kept = Folder::new().with("two.toml", TWO_LISTENERS.as_bytes());
    let mut server = Server::spawn(serve(folder.path(), &kept.join("two.toml")));
    let first = server.address;
    let second = server.wait_for_address();
    assert_eq!(first.ip().to_string(), "127.0.0.1");
    assert_eq!(second.ip().to_string(), "127.0.0.2");
    for address in [first, second] {
        let answer = get(&format!("http://{address}/a.bin"), &[]);
        assert!(answer.body == content, "{address}: the bytes differ");
    }
    server.wait_for_line("two.toml");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let recording = Recording::parse(&ended.data);
    recording.check();
    let locals: Vec<_> = recording
        .requests()
        .iter()
        .map(|r| r["local"].clone())
        .collect();
    assert_eq!(locals, [first.to_string(), second.to_string()]);
}

#[test]
fn the_file_in_the_current_folder_is_read_without_being_named() {
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("periplus.toml", TWO_LISTENERS.as_bytes());
    let mut command = periplus();
    command.args(["serve", "."]).current_dir(folder.path());
    let mut server = Server::spawn(command);
    assert_eq!(server.wait_for_address().ip().to_string(), "127.0.0.2");
    server.wait_for_line("As periplus.toml says");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn files_read_on_the_shards_own_thread_arrive_byte_for_byte() {
    let content = pattern(3 << 20);
    let folder = Folder::new()
        .with("a.bin", &content)
        .with("a.toml", b"[files]\nread = \"blocking\"\n");
    let mut command = serve(folder.path(), &folder.join("a.toml"));
    command.args(["--listen", "127.0.0.1:0"]);
    let server = Server::spawn(command);
    let output = curl()
        .arg(server.url("/a.bin"))
        .output()
        .expect("curl is installed");
    assert!(output.stdout == content, "the bytes differ");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let recording = Recording::parse(&ended.data);
    recording.check();
    let overlays = recording.requests()[0]["overlay"].as_array().unwrap();
    let read = overlays
        .iter()
        .find(|overlay| overlay["station"] == "file_read");
    assert_eq!(
        read.expect("it was read")["count"],
        12,
        "a read of each chunk"
    );
}

#[test]
fn a_key_that_is_not_known_is_2_with_its_place_and_the_nearest_that_is() {
    let (code, talk) = refusal("[files]\nred = \"async\"\n", &[]);
    assert_eq!(code, Some(2), "{talk}");
    assert_eq!(
        talk,
        "periplus: a.toml:2:1: unknown key `red` in [files]\n  Did you mean `read`? Known here: `read`, `cache`, `open_files`, `reads_in_flight`.\n"
    );
}

#[test]
fn a_file_that_is_not_there_is_2() {
    let folder = Folder::new();
    let output = serve(folder.path(), &folder.join("none.toml")).output();
    let output = output.expect("the command starts");
    let talk = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(
        talk.contains("none.toml: no such file or directory\n  Name a file"),
        "{talk}"
    );
}

#[test]
fn the_flag_and_the_file_do_not_both_say_where_to_listen() {
    let (code, talk) = refusal(TWO_LISTENERS, &["--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(2), "{talk}");
    assert_eq!(
        talk,
        "periplus: `--listen` says where to listen, and so does a.toml:1:1\n  \
         Leave `--listen` out, or take every [[listener]] out of the file.\n"
    );
}

#[test]
fn two_listeners_on_one_port_are_2() {
    let config = TWO_LISTENERS
        .replace("port = 0", "port = 8080")
        .replace("127.0.0.2", "0.0.0.0");
    let (code, talk) = refusal(&config, &[]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(
        talk.contains("a.toml:5:1: port 8080 is taken by the listener of a.toml:1:1\n"),
        "{talk}"
    );
}

#[test]
fn a_listener_of_an_interface_that_the_run_does_not_have_is_2() {
    let config = TWO_LISTENERS.replace("address = \"127.0.0.2\"", "interface = \"tap0\"");
    let (code, talk) = refusal(&config, &[]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(
        talk.contains("a.toml:7:13: this run has no interface tap0\n"),
        "{talk}"
    );
}

#[test]
fn a_port_that_is_taken_is_1_and_the_file_is_named_as_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let config = format!("[[listener]]\nprotocol = \"http\"\nport = {port}\n");
    let (code, talk) = refusal(&config, &[]);
    assert_eq!(code, Some(1), "{talk}");
    let expected =
        format!("a.toml:1:1: cannot listen on 127.0.0.1:{port}: address already in use\n");
    assert!(talk.contains(&expected), "{talk}");
    assert!(
        talk.contains("`port = 0` in the listener of a.toml:1:1"),
        "{talk}"
    );
}

#[test]
fn a_kv_listener_keeps_keys_beside_the_files_and_its_requests_have_journeys() {
    let config = TWO_LISTENERS
        .replacen("http", "kv", 2)
        .replacen("kv", "http", 1);
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("a.toml", config.as_bytes());
    let mut server = Server::spawn(serve(folder.path(), &folder.join("a.toml")));
    let line = server.wait_for_line("Keeping keys and values on ");
    let address = line.rsplit(' ').next().expect("an address");
    let mut client = TcpStream::connect(address).expect("a connection");
    client.write_all(b"set a b\nget a\nquit\n").expect("sent");
    let mut answers = String::new();
    client.read_to_string(&mut answers).expect("answers");
    assert!(answers.contains("\nvalue b\n"), "{answers}");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let recording = Recording::parse(&ended.data);
    recording.check();
    let requests = recording.requests();
    let protocols: Vec<_> = requests
        .iter()
        .map(|request| &request["protocol"])
        .collect();
    assert_eq!(protocols, ["kv", "kv", "kv", "http/1.1"]);
}

#[test]
fn what_is_printed_is_well_written_and_what_is_not_is_4_with_all_its_faults() {
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let output = periplus()
            .args(arguments)
            .current_dir(folder.path())
            .output();
        let output = output.expect("the command starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, template, _) = run(&["config", "print"]);
    assert_eq!(code, Some(0));
    std::fs::write(folder.join("periplus.toml"), template).expect("a file");
    let (code, _, talk) = run(&["config", "check"]);
    assert_eq!(code, Some(0), "{talk}");

    let wrong = "[timeouts]\nidel = \"1 s\"\n[[site]]\nroot = 3\n";
    std::fs::write(folder.join("wrong.toml"), wrong).expect("a file");
    let (code, _, talk) = run(&["config", "check", "wrong.toml"]);
    assert_eq!(code, Some(4), "{talk}");
    assert!(
        talk.contains("wrong.toml:2:1: unknown key `idel` in [timeouts]\n  Did you mean `idle`?"),
        "{talk}"
    );
    assert!(
        talk.contains("wrong.toml:4:8: `root` is 3, and must be a string"),
        "{talk}"
    );

    std::fs::write(
        folder.join("nowhere.toml"),
        "[[site]]\nroot = \"nowhere\"\n",
    )
    .expect("a file");
    let (code, _, talk) = run(&["config", "check", "nowhere.toml"]);
    assert_eq!(code, Some(4), "{talk}");
    assert!(
        talk.contains("nowhere.toml:2:8: cannot serve nowhere: no such file"),
        "{talk}"
    );

    let listener = "[[listener]]\nprotocol = \"http\"\nport = 0\n[[listener.tls.certificate]]\n";
    let certificate = format!("{listener}chain = \"none.pem\"\nkey = \"none.key\"\n");
    std::fs::write(folder.join("tls.toml"), certificate).expect("a file");
    let (code, _, talk) = run(&["config", "check", "tls.toml"]);
    assert_eq!(code, Some(4), "{talk}");
    assert!(
        talk.contains("tls.toml:4:1: cannot speak TLS: none."),
        "{talk}"
    );

    std::fs::write(folder.join("bytes.toml"), b"\xff").expect("a file");
    for unread in ["none.toml", ".", "bytes.toml"] {
        let (code, _, talk) = run(&["config", "check", unread]);
        assert_eq!(code, Some(2), "{talk}");
        assert!(
            talk.contains("\n  Name the file that is to be checked"),
            "{talk}"
        );
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = Folder::new().with("a.txt", b"hello");
    let mut command = periplus();
    command.arg("serve").arg("--quiet");
    command
        .env("PERIPLUS_DIR", folder.path())
        .env("PERIPLUS_LISTEN", "127.0.0.1:0");
    let server = Server::spawn(command);
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    assert_eq!(server.stop().code, Some(0));

    let (code, talk) = {
        let mut command = periplus();
        command.arg("serve").arg(folder.path());
        command.env("PERIPLUS_TIMEOUTS_IDLE", "soon");
        let output = command.output().expect("the command starts");
        (
            output.status.code(),
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    assert_eq!(code, Some(2), "{talk}");
    assert!(
        talk.contains("PERIPLUS_TIMEOUTS_IDLE: `idle` is \"soon\""),
        "{talk}"
    );
}

#[test]
fn a_misspelt_variable_is_told_with_the_one_that_was_meant_and_stops_nothing() {
    let folder = Folder::new().with("a.txt", b"hello");
    let mut command = periplus();
    command.arg("serve").arg(folder.path());
    command.args(["--quiet", "--listen", "127.0.0.1:0"]);
    command.env("PERIPLUS_LISTN", "192.0.2.1:80");
    let server = Server::spawn(command);
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0));
    let told =
        "periplus: PERIPLUS_LISTN is set, and nothing reads it. Did you mean PERIPLUS_LISTEN?";
    assert_eq!(ended.talk.matches(told).count(), 1, "{}", ended.talk);
}
