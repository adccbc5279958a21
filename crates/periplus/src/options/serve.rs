//! What `serve` is told.

use super::{Network, Way};
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  periplus serve .
      Serve this folder on http://127.0.0.1:8080/ and show the journey of a request.
  periplus serve site --listen 0.0.0.0:8080
      Serve a folder to the network.
  sudo periplus serve site --nic tap --user nobody
      Be a host of its own, http://10.77.0.2/, on an interface of this host, and give up root.
  periplus serve site --listen 127.0.0.1:0 --quiet --journeys - | jq .server_ns
      Only the address on the terminal, and the journeys as JSON to another program.
";

pub(super) const ABOUT: &str = "\
Serves a folder over HTTP/1.1, every byte through a TCP/IP stack of its own. The terminal shows the journey of the first \
request, station by station, and then of at most one request a second.

Connections come in by an ordinary socket of this host, so no privilege is needed. What the host's kernel does before that \
is outside the record. With `--nic` the stack is a host of its own on an interface, and this host's kernel its neighbour.

Ctrl-C or SIGTERM stops accepting and finishes what is in flight, for up to 10 seconds; a second one ends at once.";

#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    #[arg(value_name = "DIR", help = "The folder to serve")]
    pub(crate) folder: PathBuf,
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
    #[arg(help = "The address and port to listen on [default: 127.0.0.1:8080]")]
    #[arg(
        long_help = "The address and port to listen on, 127.0.0.1:8080 if not given. With port 0 the system chooses a \
        free one. The stack carries IPv4 only so far."
    )]
    pub(crate) listen: Option<SocketAddrV4>,
    #[arg(long, value_name = "host|tap[:NAME]|packet:INTERFACE")]
    #[arg(help = "Whose TCP: this host's, or the stack's own on an interface")]
    #[arg(
        long_help = "Be a host of its own on an interface, instead of carrying connections from sockets of this host into the \
        stack. `tap` makes an interface of which this host has the other side, and which is gone afterwards. `packet:INTERFACE` \
        takes one over that is there: this host's own addresses on it are put back afterwards. `host` serves over this host's own \
        TCP, to begin with or to compare: the journeys then begin with the first byte read from it, and end when it has taken the \
        last."
    )]
    pub(crate) nic: Option<Way>,
    #[arg(long, value_name = "ADDRESS/PREFIX")]
    #[arg(help = "The stack's address on the interface [default: 10.77.0.2/24]")]
    #[arg(
        long_help = "The stack's address on the interface, 10.77.0.2/24 if not given. The network must not be one that this \
        host has a route to. On a TAP, this host gets the first other address of it."
    )]
    pub(crate) address: Option<Network>,
    #[arg(long, value_name = "ADDRESS")]
    #[arg(help = "Who takes the stack's packets for other networks")]
    #[arg(
        long_help = "Who takes the stack's packets for other networks. On a TAP that is this host, if nobody else is named."
    )]
    pub(crate) gateway: Option<Ipv4Addr>,
    #[arg(long, value_name = "PORT")]
    #[arg(help = "The stack's port on the interface [default: 80]")]
    #[arg(long_help = "The stack's port on the interface, 80 if not given.")]
    pub(crate) port: Option<u16>,
    #[arg(long, value_name = "NAME")]
    #[arg(help = "Become this user when everything is open")]
    #[arg(
        long_help = "Become this user when everything is open, for good. Only root can. The files of the folder are then \
        read with this user's rights, and `--journeys FILE` is still root's."
    )]
    pub(crate) user: Option<String>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Read the configuration from FILE [default: ./periplus.toml]"
    )]
    #[arg(
        long_help = "Read the configuration from FILE, or from ./periplus.toml if that is there: several listeners, and how \
        files are read. See manual/configuration.md."
    )]
    pub(crate) config: Option<PathBuf>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Keep every journey as a line of JSON"
    )]
    #[arg(
        long_help = "Keep every journey as a line of JSON in FILE, which is overwritten; `-` is standard output."
    )]
    pub(crate) journeys: Option<PathBuf>,
    #[arg(long, short, help = "Show no journeys on the terminal")]
    pub(crate) quiet: bool,
}

fn listen_address(text: &str) -> Result<SocketAddrV4, String> {
    match text.parse() {
        Ok(SocketAddr::V4(address)) => Ok(address),
        Ok(SocketAddr::V6(address)) => {
            let here = if address.ip().is_loopback() {
                "127.0.0.1"
            } else {
                "0.0.0.0"
            };
            let port = address.port();
            Err(format!(
                "the stack carries IPv4 only so far; try `--listen {here}:{port}`"
            ))
        }
        Err(_) => {
            let port = text
                .rsplit(':')
                .next()
                .and_then(|port| port.parse::<u16>().ok())
                .unwrap_or(8080);
            Err(format!(
                "expected an IPv4 address and a port, as in `--listen 127.0.0.1:{port}`"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_are_answered_with_one_that_can() {
        assert_eq!(listen_address("127.0.0.1:0").unwrap().port(), 0);
        let hint = |text| listen_address(text).unwrap_err();
        assert_eq!(
            hint("[::1]:80"),
            "the stack carries IPv4 only so far; try `--listen 127.0.0.1:80`"
        );
        assert_eq!(
            hint("[::]:8080"),
            "the stack carries IPv4 only so far; try `--listen 0.0.0.0:8080`"
        );
        for text in ["9000", ":9000", "localhost:9000"] {
            assert_eq!(
                hint(text),
                "expected an IPv4 address and a port, as in `--listen 127.0.0.1:9000`"
            );
        }
        assert_eq!(
            hint("here"),
            "expected an IPv4 address and a port, as in `--listen 127.0.0.1:8080`"
        );
    }
}
