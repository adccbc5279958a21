//! What the command is told: `-h` in short, `--help` at length with examples first.

mod config;
mod doctor;
mod generate;
mod nic;
mod serve;
mod sockets;

pub(crate) use config::ConfigCommand;
pub(crate) use doctor::DoctorOptions;
pub(crate) use generate::GenerateCommand;
pub(crate) use nic::{Network, Nic, Way};
pub(crate) use serve::ServeOptions;
pub(crate) use sockets::SocketsOptions;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use periplus_logbook::draw::Picture;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  periplus serve .
      Serve this folder on http://127.0.0.1:8080/ and show the journey of a request.
  periplus serve site --listen 127.0.0.1:0 --journeys journeys.jsonl
      Let the system choose a free port, and keep every journey as a line of JSON.
  periplus sockets
      Show how full the queues of the running server are.
  periplus draw journeys.jsonl -o journey.svg
      Draw the first request of a recording.
  periplus doctor
      Show what works on this host, and what the rest would need.
";

const EXIT_CODES: &str = "\
Standard output is data, standard error is talk. NO_COLOR turns the colours off.

Exit codes:
  0  done
  1  failed while running, as when the port is taken
  2  called wrongly: a bad flag, a folder that does not exist, a wrong periplus.toml
  3  refused by the host: a permission is missing
  4  a check found a fault: a frame that nobody can account for, a file that `config check` refuses
";

const DRAW_EXAMPLES: &str = "\
Examples:
  periplus draw journeys.jsonl -o journey.svg
      Draw the first request of the recording.
  periplus draw journeys.jsonl --id 17 -o journey.svg
      Draw journey 17.
  periplus draw journeys.jsonl --picture syn-queue -o syn-queue.svg
      Draw how its SYN came to the SYN queue, and how full that was.
";

/// Serve a folder over a TCP/IP stack in user space, and see where every request waited.
#[derive(Debug, Parser)]
#[command(name = "periplus", version, max_term_width = 100)]
#[command(before_long_help = EXAMPLES, after_long_help = EXIT_CODES)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(about = "Serve a folder, and show the journey of a request")]
    #[command(long_about = serve::ABOUT, before_long_help = serve::EXAMPLES)]
    Serve(Box<ServeOptions>),
    #[command(
        about = "Show the listeners and connections of running servers, and how full their queues are"
    )]
    #[command(long_about = sockets::ABOUT, before_long_help = sockets::EXAMPLES)]
    Sockets(SocketsOptions),
    #[command(about = "Draw one journey as a picture")]
    #[command(long_about = DRAW_ABOUT, before_long_help = DRAW_EXAMPLES)]
    Draw(DrawOptions),
    #[command(about = "Show by which devices clients can reach the stack here")]
    #[command(long_about = doctor::ABOUT, before_long_help = doctor::EXAMPLES)]
    Doctor(DoctorOptions),
    #[command(subcommand)]
    #[command(about = "Show what periplus.toml may say, or check one")]
    #[command(long_about = config::ABOUT, before_long_help = config::EXAMPLES)]
    Config(ConfigCommand),
    #[command(subcommand)]
    #[command(about = "Write completions for a shell, or the manual page")]
    #[command(long_about = generate::ABOUT, before_long_help = generate::EXAMPLES)]
    Generate(GenerateCommand),
}

const DRAW_ABOUT: &str = "\
Draws one journey of a recording as SVG, waiting and working in two colours: over time, or on its way through the stations; \
or its first steps, a queue at a time.";

#[derive(Args, Debug)]
pub(crate) struct DrawOptions {
    #[arg(value_name = "FILE")]
    #[arg(help = "A recording, as `serve --journeys` writes it; `-` is standard input")]
    pub(crate) recording: PathBuf,
    #[arg(long, short, value_name = "SVG")]
    #[arg(help = "Where to write the picture; standard output if not given")]
    pub(crate) output: Option<PathBuf>,
    #[arg(
        long,
        value_name = "N",
        help = "Which journey to draw; the first request if not given"
    )]
    #[arg(
        long_help = "The journey to draw, by the number in its title on the terminal; the first request of the recording \
        if not given."
    )]
    pub(crate) id: Option<u64>,
    #[arg(long, value_name = "PICTURE", default_value = Picture::default().name())]
    #[arg(value_parser = PossibleValuesParser::new(PICTURES).map(picture))]
    #[arg(help = "Which picture")]
    #[arg(
        long_help = "Which picture: `lanes` has a lane a station over a time axis; `journey` is the whole way from the \
        NIC's ring to the backend and back; `syn-queue` a SYN put into the SYN queue; `accept-queue` a connection moved to the \
        accept queue. The last two show the queue as this connection met it."
    )]
    pub(crate) picture: Picture,
}

const PICTURES: [&str; 4] = [
    Picture::ALL[0].name(),
    Picture::ALL[1].name(),
    Picture::ALL[2].name(),
    Picture::ALL[3].name(),
];

fn picture(name: String) -> Picture {
    let named = Picture::ALL
        .into_iter()
        .find(|picture| picture.name() == name);
    named.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_are_consistent() {
        Options::command().debug_assert();
    }
}
