//! What `serve` is told.

use super::{Network, Way};
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  periplus serve .
      Serve this folder on http://127.0.0.1:8080/ and show the journey of a request.
  periplus serve site --listen 0.0.0.0:8080 --access-log access.jsonl
      Serve a folder to the network, and log every request with its stations.
  periplus serve site --tls-self-signed --fallback /index.html
      Try a program for the browser on https://127.0.0.1:8443/.
  sudo periplus serve site --nic tap --user nobody
      Be a host of its own, http://10.77.0.2/, on an interface of this host, and give up root.
  periplus serve --config periplus.toml
      Serve the sites of a file; `periplus config print` shows what that may say.
  periplus serve site --listen 127.0.0.1:0 --quiet --journeys - | jq .server_ns
      Only the address on the terminal, and the journeys as JSON to another program.
";

pub(super) const ABOUT: &str = "\
Serves a folder over HTTP, every byte through a TCP/IP stack of its own. The terminal shows the journey of the first \
request, station by station, and then of at most one request a second.

Connections come in by an ordinary socket of this host, so no privilege is needed. What the host's kernel does before that \
is outside the record. With `--nic` the stack is a host of its own on an interface, and this host's kernel its neighbour.

A flag goes before the environment (PERIPLUS_LISTEN for `--listen`, and so on; PERIPLUS_TIMEOUTS_IDLE for a key of the file), \
that before the file, and the file before what is so if nothing is said.

Ctrl-C or SIGTERM stops accepting and finishes what is in flight, for up to 10 seconds; a second one ends at once. SIGHUP \
reads the file and the certificates again and loses no request; SIGHUP and SIGUSR1 open the access log anew.";

const LISTENING: &str = "Where clients come in";
const TLS: &str = "TLS";
const FILES: &str = "What is served";
const RUNNING: &str = "How it runs, and what it tells";

#[derive(Args, Clone, Debug)]
pub(crate) struct ServeOptions {
    #[arg(
        value_name = "DIR",
        help = "The folder to serve",
        env = "PERIPLUS_DIR",
        hide_env = true
    )]
    #[arg(
        long_help = "The folder to serve. Only a file with a [[site]] makes it needless, and then it must not be given."
    )]
    pub(crate) folder: Option<PathBuf>,

    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
    #[arg(env = "PERIPLUS_LISTEN", hide_env = true, help_heading = LISTENING)]
    #[arg(help = "The address and port to listen on [default: 127.0.0.1:8080, with TLS 8443]")]
    #[arg(
        long_help = "The address and port to listen on, 127.0.0.1:8080 if not given, and with TLS port 8443. With port 0 the system chooses a \
        free one. The stack carries IPv4 only so far."
    )]
    pub(crate) listen: Option<SocketAddrV4>,
    #[arg(long, value_name = "host|tap[:NAME]|packet:INTERFACE")]
    #[arg(env = "PERIPLUS_NIC", hide_env = true, help_heading = LISTENING)]
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
    #[arg(env = "PERIPLUS_ADDRESS", hide_env = true, help_heading = LISTENING)]
    #[arg(help = "The stack's address on the interface [default: 10.77.0.2/24]")]
    #[arg(
        long_help = "The stack's address on the interface, 10.77.0.2/24 if not given. The network must not be one that this \
        host has a route to. On a TAP, this host gets the first other address of it."
    )]
    pub(crate) address: Option<Network>,
    #[arg(long, value_name = "ADDRESS")]
    #[arg(env = "PERIPLUS_GATEWAY", hide_env = true, help_heading = LISTENING)]
    #[arg(help = "Who takes the stack's packets for other networks")]
    #[arg(
        long_help = "Who takes the stack's packets for other networks. On a TAP that is this host, if nobody else is named."
    )]
    pub(crate) gateway: Option<Ipv4Addr>,
    #[arg(long, value_name = "PORT")]
    #[arg(env = "PERIPLUS_PORT", hide_env = true, help_heading = LISTENING)]
    #[arg(help = "The stack's port on the interface [default: 80, with TLS 443]")]
    #[arg(long_help = "The stack's port on the interface, 80 if not given, and 443 with TLS.")]
    pub(crate) port: Option<u16>,

    #[arg(long, env = "PERIPLUS_TLS_SELF_SIGNED", hide_env = true, help_heading = TLS)]
    #[arg(help = "Speak TLS with a certificate made now, that nobody trusts")]
    #[arg(
        long_help = "Speak TLS with a certificate made now, for localhost and the address that is listened on. Nobody \
        trusts it: for development."
    )]
    pub(crate) tls_self_signed: bool,
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        conflicts_with = "tls_self_signed"
    )]
    #[arg(env = "PERIPLUS_TLS_CERT", hide_env = true, help_heading = TLS)]
    #[arg(help = "Speak TLS with this certificate, the chain as PEM")]
    #[arg(
        long_help = "Speak TLS with the certificate in FILE: the chain as PEM, the server's own first."
    )]
    pub(crate) tls_cert: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    #[arg(env = "PERIPLUS_TLS_KEY", hide_env = true, help_heading = TLS)]
    #[arg(help = "The certificate's key, as PEM")]
    pub(crate) tls_key: Option<PathBuf>,
    #[arg(long, value_name = "PORT")]
    #[arg(env = "PERIPLUS_REDIRECT_HTTP", hide_env = true, help_heading = TLS)]
    #[arg(help = "Listen on PORT too, without TLS, and send everybody to TLS")]
    #[arg(
        long_help = "Listen on PORT of the same address too, without TLS, and answer every request by a redirect to the port \
        that speaks it."
    )]
    pub(crate) redirect_http: Option<u16>,

    #[arg(long, env = "PERIPLUS_LISTING", hide_env = true, help_heading = FILES)]
    #[arg(help = "List folders that have no index.html")]
    pub(crate) listing: bool,
    #[arg(long, value_name = "PAGE", value_parser = crate::config::page)]
    #[arg(env = "PERIPLUS_FALLBACK", hide_env = true, help_heading = FILES)]
    #[arg(help = "The page for what is not there, as /index.html: for a program in the browser")]
    #[arg(
        long_help = "The path of the page that answers, with 200, whoever accepts HTML and asks for what is not there, if its \
        name has no dot: for a program that runs in the browser, as /index.html."
    )]
    pub(crate) fallback: Option<String>,

    #[arg(long, value_name = "FILE")]
    #[arg(env = "PERIPLUS_CONFIG", hide_env = true, help_heading = RUNNING)]
    #[arg(help = "Read the configuration from FILE [default: ./periplus.toml]")]
    #[arg(
        long_help = "Read the configuration from FILE, or from ./periplus.toml if that is there: listeners, sites, limits, \
        timeouts. `periplus config print` shows what it may say, and manual/configuration.md explains it."
    )]
    pub(crate) config: Option<PathBuf>,
    #[arg(long, value_name = "NAME")]
    #[arg(env = "PERIPLUS_USER", hide_env = true, help_heading = RUNNING)]
    #[arg(help = "Become this user when everything is open")]
    #[arg(
        long_help = "Become this user when everything is open, for good. Only root can. The files of the folder are then \
        read with this user's rights, and `--journeys FILE` is still root's."
    )]
    pub(crate) user: Option<String>,
    #[arg(long, value_name = "FILE")]
    #[arg(env = "PERIPLUS_ACCESS_LOG", hide_env = true, help_heading = RUNNING)]
    #[arg(help = "Add every request to FILE as a line of JSON; - is standard output")]
    #[arg(
        long_help = "Add every request to FILE as a line of JSON: who asked for what, how it was answered, and how long it \
        was in each station. `-` is standard output. SIGHUP or SIGUSR1 has FILE opened anew, after it was moved away."
    )]
    pub(crate) access_log: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    #[arg(env = "PERIPLUS_JOURNEYS", hide_env = true, help_heading = RUNNING)]
    #[arg(help = "Keep every journey as a line of JSON")]
    #[arg(
        long_help = "Keep every journey as a line of JSON in FILE, which is overwritten; `-` is standard output."
    )]
    pub(crate) journeys: Option<PathBuf>,
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[arg(env = "PERIPLUS_CONTROL", hide_env = true, help_heading = RUNNING)]
    #[arg(help = "Answer /healthz, /readyz and /metrics at this address of the host")]
    #[arg(
        long_help = "Answer /healthz, /readyz and /metrics (Prometheus) on a socket of this host. Nobody is asked who he is \
        there: choose an address that only those reach who may know, as 127.0.0.1:9180."
    )]
    pub(crate) control: Option<SocketAddr>,
    #[arg(long, short, env = "PERIPLUS_QUIET", hide_env = true, help_heading = RUNNING)]
    #[arg(help = "Show no journeys on the terminal")]
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
