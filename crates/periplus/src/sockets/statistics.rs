//! The caller's side: what the stack counted, as `nstat` prints it.

use super::table::plain;
use crate::control::Body;
use std::fmt::Write;

/// What the process `pid` answered. Every line ends with a newline.
pub(super) fn table(pid: u32, lines: &[Body]) -> String {
    let mut out = String::new();
    for line in lines {
        let _ = match line {
            Body::Process { serves } => writeln!(out, "pid {pid} serves {}", plain(serves)),
            Body::Counter { name, value } => writeln!(out, "{:<32}{value}", plain(name)),
            Body::Frames(frames) => writeln!(out, "\n{}", plain(&frames.words())),
            _ => Ok(()),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Frames;

    #[test]
    fn counters_stand_in_columns_and_the_account_of_frames_after_them() {
        let counter = |name: &'static str, value| Body::Counter {
            name: name.into(),
            value,
        };
        let lines = [
            Body::Process {
                serves: "/srv/site".into(),
            },
            counter("TcpInSegs", 12),
            counter("TcpExtListenOverflows", 3),
            Body::Frames(Frames {
                received: 12,
                delivered: 5,
                consumed: 4,
                dropped: [("TCP_LISTEN_OVERFLOW".into(), 3)].into(),
                ..Frames::default()
            }),
            Body::End { left_out: 0 },
        ];
        assert_eq!(
            table(4711, &lines),
            "\
pid 4711 serves /srv/site
TcpInSegs                       12
TcpExtListenOverflows           3

12 frames came in: 5 delivered, 4 consumed by the stack, 0 refused, 3 dropped (TCP_LISTEN_OVERFLOW 3)
"
        );
    }
}
