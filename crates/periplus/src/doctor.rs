//! `periplus doctor`: which devices work here, and what the others would need.

use crate::data;
use crate::failure::{Failure, Kind};
use crate::options::DoctorOptions;
use periplus_nic::doctor::{Finding, look};
use serde::Serialize;

/// What `serve` uses unless it is told otherwise.
const USUAL: &str = "memory";

/// A finding as JSON.
#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    device: &'a str,
    works: bool,
    detail: &'a str,
    fix: Option<&'a str>,
}

/// Tries every device, and shows what it finds.
pub(crate) fn run(options: &DoctorOptions) -> Result<(), Failure> {
    let findings = look();
    let show = if options.json { json } else { line };
    let shown: String = findings.iter().map(show).collect();
    data::write(shown.as_bytes())?;
    let works = |finding: &Finding| finding.device == USUAL && finding.works;
    if findings.iter().any(works) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        "`periplus serve DIR` does not work here",
    ))
}

fn line(finding: &Finding) -> String {
    let verdict = if finding.works {
        "works"
    } else {
        "does not work"
    };
    let mut line = format!("{:<7} {verdict}: {}", finding.device, finding.detail);
    if let Some(fix) = &finding.fix {
        line += &format!(". {fix}");
    }
    line + "\n"
}

fn json(finding: &Finding) -> String {
    let line = Line {
        v: 1,
        device: finding.device,
        works: finding.works,
        detail: &finding.detail,
        fix: finding.fix.as_deref(),
    };
    serde_json::to_string(&line).expect("text and numbers") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(fix: Option<&str>) -> Finding {
        Finding {
            device: "tap",
            works: fix.is_none(),
            detail: "detail".into(),
            fix: fix.map(Into::into),
        }
    }

    #[test]
    fn a_device_has_a_line_whether_it_works_or_not() {
        assert_eq!(line(&finding(None)), "tap     works: detail\n");
        assert_eq!(
            line(&finding(Some("Do this."))),
            "tap     does not work: detail. Do this.\n"
        );
    }

    #[test]
    fn what_would_help_is_null_where_nothing_needs_help() {
        let text = json(&finding(None));
        assert_eq!(
            text,
            "{\"v\":1,\"device\":\"tap\",\"works\":true,\"detail\":\"detail\",\"fix\":null}\n"
        );
    }
}
