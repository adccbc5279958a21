//! The Date of an answer (RFC 9110 section 6.6.1).

use httpdate::HttpDate;
use periplus_journey::Instant;
use std::io::Write;
use std::time::{Duration, SystemTime};

/// How long a line is used without looking at the clock on the wall.
const USED: Duration = Duration::from_millis(100);

/// The line, and the empty line after it.
pub(super) const LENGTH: usize = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n".len();

/// The line, made anew when it is out of date.
#[derive(Debug)]
pub(super) struct DateLine {
    line: [u8; LENGTH],
    made: Option<Instant>,
}

impl DateLine {
    pub(super) fn new() -> Self {
        Self {
            line: [0; LENGTH],
            made: None,
        }
    }

    /// The line at `now`.
    pub(super) fn at(&mut self, now: Instant) -> [u8; LENGTH] {
        if self.made.is_none_or(|made| now.since(made) >= USED) {
            let date = HttpDate::from(SystemTime::now());
            // Every date of HTTP is as long as another.
            let _ = write!(&mut self.line[..], "date: {date}\r\n\r\n");
            self.made = Some(now);
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_the_date_and_the_end_of_the_head() {
        let line = DateLine::new().at(Instant::ZERO);
        let line = std::str::from_utf8(&line).expect("text");
        let date = line
            .strip_prefix("date: ")
            .and_then(|rest| rest.strip_suffix("\r\n\r\n"));
        let date = httpdate::parse_http_date(date.expect("a line")).expect("a date");
        let away = SystemTime::now().duration_since(date).expect("it is past");
        assert!(away < Duration::from_secs(60));
    }
}
