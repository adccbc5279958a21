//! What every picture begins with.

use super::panel::{NAME, RIGHT};
use super::sheet::{Sheet, length};
use super::style::STYLE;
use crate::{Logged, date, plain, units};

/// The width of every picture.
pub const WIDTH: f64 = 960.0;

const TITLE_LENGTH: usize = 60;

/// Begins a document of that height, with a title and a description for those who hear it.
pub fn begin(title: &str, description: &str, height: f64) -> Sheet {
    let mut sheet = Sheet::default();
    let view_box = format!("0 0 {WIDTH} {}", length(height));
    sheet.open(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &view_box),
            ("width", &WIDTH),
            ("height", &length(height)),
            ("role", &"img"),
            ("aria-labelledby", &"title desc"),
        ],
    );
    sheet.text("title", &[("id", &"title")], title);
    sheet.text("desc", &[("id", &"desc")], description);
    sheet.raw("  <style>\n");
    sheet.raw(STYLE);
    sheet.raw("  </style>\n");
    sheet.empty(
        "rect",
        &[
            ("class", &"paper"),
            ("width", &"100%"),
            ("height", &"100%"),
            ("rx", &8),
        ],
    );
    sheet
}

/// What the journey is of, in a line.
pub(super) fn name(logged: &Logged) -> String {
    let request = logged.request.as_deref().unwrap_or(logged.kind.name());
    plain::one_line(request, TITLE_LENGTH)
}

/// The heading: a title, and underneath whose journey it is.
pub(super) fn heading(sheet: &mut Sheet, title: &str, details: &[String]) {
    sheet.words((NAME, 46.0), "start", "title", title);
    sheet.words((NAME, 70.0), "start", "quiet", &details.join("  ·  "));
}

/// The three sums, those that were seen, in a row.
pub(super) fn sums(sheet: &mut Sheet, logged: &Logged) {
    for (column, (name, ns)) in logged.sums().enumerate() {
        let x = NAME + 112.0 * column as f64;
        sheet.words((x, 102.0), "start", "quiet small", name);
        sheet.words((x, 124.0), "start", "figure time", &units::time(ns));
    }
}

/// Which journey it is, and when.
pub(super) fn which(logged: &Logged) -> [String; 2] {
    [format!("journey {}", logged.id), date::utc(logged.at_ns)]
}

/// Lines of small text, from `top` down; what they take up in height.
pub(super) fn remarks(sheet: &mut Sheet, top: f64, remarks: &[String]) {
    for (row, remark) in remarks.iter().enumerate() {
        let baseline = top + 4.0 + 20.0 * row as f64;
        sheet.words((NAME, baseline), "start", "small", remark);
    }
}

/// Entries of a legend, set from the right: a class of bars (or of a line), and its word.
pub(super) fn legend(sheet: &mut Sheet, entries: &[(&str, &str)], baseline: f64) {
    // A generous guess at the width of a word: fonts differ.
    let width = |word: &str| 40.0 + 7.0 * word.chars().count() as f64;
    let mut x = RIGHT + 16.0 - entries.iter().map(|(_, word)| width(word)).sum::<f64>();
    for &(class, word) in entries {
        let middle = baseline - 4.5;
        if class == "several" {
            sheet.line(class, (x + 1.0, middle), (x + 17.0, middle));
        } else {
            sheet.bar(class, (x, middle - 6.0), 18.0, 12.0);
        }
        sheet.words((x + 24.0, baseline), "start", "", word);
        x += width(word);
    }
}
