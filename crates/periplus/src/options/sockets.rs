//! The options of `periplus sockets`.

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  periplus sockets
      Every running server: its listeners with their two queues, and its connections.
  periplus sockets --listening
      The listeners alone.
  periplus sockets --info
      What each connection knows of its path, as `ss -i` shows it, and what it counted.
  periplus sockets --statistics
      What the stack counted, as `nstat` shows it.
  periplus sockets --json | jq 'select(.kind == \"listener\") | .accept_queue'
      The accept queues as JSON to another program.
";

pub(super) const ABOUT: &str = "\
Shows every place of a running server where something can wait, and how full it is: the receive ring, each listener's SYN \
queue and accept queue, and the queues of each connection. The columns are those of `ss -nt`, and in a listener's line \
Recv-Q and Send-Q are the accept queue's length and limit, as there.

Every server that you have started is asked, by a socket of its own in $XDG_RUNTIME_DIR/periplus, /run/periplus (root) or \
/tmp/periplus-UID. PERIPLUS_RUNTIME_DIR names another folder, for both sides.";

#[derive(Args, Debug)]
pub(crate) struct SocketsOptions {
    #[arg(long, short, help = "Listeners only", conflicts_with = "all")]
    pub(crate) listening: bool,
    #[arg(
        long,
        short,
        help = "Half-open connections and those in TIME-WAIT as well; with --statistics, counters that are 0 as well"
    )]
    pub(crate) all: bool,
    #[arg(
        long,
        short,
        help = "Below each connection what `tcp_info` tells of it, and what it counted"
    )]
    pub(crate) info: bool,
    #[arg(
        long,
        short,
        help = "The stack's counters that are not 0, by the names of `nstat`, and what became of every frame",
        conflicts_with_all = ["listening", "info"]
    )]
    pub(crate) statistics: bool,
    #[arg(long, help = "A line of JSON for each, with \"kind\" and \"pid\"")]
    pub(crate) json: bool,
    #[arg(
        long,
        value_name = "N",
        help = "Ask only the server with this process id"
    )]
    pub(crate) pid: Option<u32>,
}
