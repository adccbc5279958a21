//! `periplus sockets`: every place of a running command where something can wait, and how full it is.

mod answer;
mod details;
mod statistics;
mod table;

pub(crate) use answer::{answer, statistics};

use crate::control::{Ask, Connections, Fault, Question, Running, ask, is_closed_to_us, running};
use crate::data;
use crate::failure::{Failure, Kind};
use crate::options::SocketsOptions;

/// Asks every running command, or the one that is wanted, and shows what they answer.
pub(crate) fn run(options: &SocketsOptions) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::cannot("start", &error))?;
    let all = running();
    let wanted = |running: &&Running| options.pid.is_none_or(|pid| running.pid == pid);
    let question = Question::new(question(options));
    let (mut shown, mut failed) = (0, Vec::new());
    for running in all.iter().filter(wanted) {
        let answer = match runtime.block_on(ask(running, question)) {
            Ok(answer) => answer,
            Err(Fault::Gone) => continue,
            Err(Fault::Other(why)) => {
                failed.push(format!("process {} did not answer: {why}", running.pid));
                continue;
            }
        };
        let text = if options.json {
            answer.text
        } else {
            let gap = if shown > 0 { "\n" } else { "" };
            let shown = if options.statistics {
                statistics::table(running.pid, &answer.lines)
            } else {
                table::table(running.pid, &answer.lines)
            };
            format!("{gap}{shown}").into_bytes()
        };
        shown += 1;
        if !data::write(&text)? {
            break;
        }
    }
    match (shown, failed.is_empty()) {
        (_, false) => Err(Failure::new(Kind::Running, failed.join("; "))
            .fix("One that is stopped, or too busy to answer, may answer later.")),
        (0, true) => Err(nobody(options.pid, &all)),
        _ => Ok(()),
    }
}

fn question(options: &SocketsOptions) -> Ask {
    if options.statistics {
        return Ask::Statistics { all: options.all };
    }
    Ask::Sockets {
        connections: match (options.listening, options.all) {
            (true, _) => Connections::None,
            (false, false) => Connections::Open,
            (false, true) => Connections::All,
        },
        info: options.info,
    }
}

fn nobody(pid: Option<u32>, all: &[Running]) -> Failure {
    let what = match pid {
        Some(pid) => format!("process {pid} is no running periplus of yours"),
        None => "no periplus of yours is running".into(),
    };
    let others: Vec<_> = all.iter().map(|running| running.pid.to_string()).collect();
    let fix = if others.is_empty() {
        "Start one with `periplus serve DIR`, and ask again while it runs.".into()
    } else {
        format!("Running are: {}.", others.join(", "))
    };
    let root = if is_closed_to_us() {
        " Those of root are shown to root: `sudo periplus sockets`."
    } else {
        ""
    };
    Failure::new(Kind::Running, what).fix(fix + root)
}
