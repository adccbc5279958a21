//! `[[site]]`: what is served under which name.

use crate::support::{Folder, Server, get, periplus};

fn start(folder: &Folder, config: &str) -> Server {
    std::fs::write(folder.join("periplus.toml"), config).expect("a file");
    let mut command = periplus();
    command.arg("serve").arg("--config");
    command.arg(folder.join("periplus.toml")).arg("--quiet");
    Server::spawn(command)
}

const LISTENER: &str = "[[listener]]\nprotocol = \"http\"\nport = 0\n";

#[test]
fn a_root_is_seen_from_where_its_file_lies() {
    let folder = Folder::new().with("a/index.html", b"this is a");
    let config = format!("{LISTENER}[[site]]\nroot = \"a\"\n");
    let server = start(&folder, &config);
    assert_eq!(get(&server.url("/"), &[]).body, b"this is a");
    assert_eq!(server.stop().code, Some(0));
}
