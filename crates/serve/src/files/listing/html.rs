//! A folder as a person reads it.

use super::json::rfc3339;
use super::order::{By, Order};
use super::read::MOST;
use super::{Entries, Entry};
use std::fmt::{self, Display, Write};
use time::UtcDateTime;

/// In the colours of our other pages, and nothing fetched from anywhere.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2b36;--paper:#f6f4ee;--accent:#0b6e99;--faint:#5f6d77;--line:#dcd8cc;--row:#eeebe2}\
@media(prefers-color-scheme:dark){:root{--ink:#dfe7ec;--paper:#14202a;--accent:#6cc3e8;--faint:#8fa1ad;--line:#2a3a47;--row:#1b2a36}}\
*{box-sizing:border-box}\
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
main{max-width:60rem;margin:0 auto;padding:3rem 1.5rem}\
h1{margin:0 0 1.5rem;padding:0 .75rem;font-size:1.6rem;font-weight:300;line-height:1.3;overflow-wrap:anywhere}\
h1 i{padding:0 .3rem;font-style:normal;color:var(--faint)}\
h1 b{font-weight:600}\
h1 a:first-child{padding-right:.4rem}\
a{color:var(--accent);text-decoration:none}\
a:hover{text-decoration:underline}\
a:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}\
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}\
th{padding:.4rem .75rem;border-bottom:2px solid var(--line);font-size:.85rem;font-weight:600;text-align:left;white-space:nowrap}\
th a{color:var(--faint)}\
th[aria-sort] a{color:var(--ink)}\
th[aria-sort=ascending] a::after{content:' \\2191'}\
th[aria-sort=descending] a::after{content:' \\2193'}\
td{padding:.35rem .75rem;border-bottom:1px solid var(--line);color:var(--faint);white-space:nowrap}\
td:first-child{width:100%;white-space:normal;overflow-wrap:anywhere}\
th:nth-child(2),td:nth-child(2){text-align:right}\
tbody tr:hover{background:var(--row)}\
.folder a{font-weight:600}\
p{margin:1.25rem .75rem 0;font-size:.9rem;color:var(--faint)}\
.more{color:var(--ink)}\
@media(max-width:34rem){main{padding:1.5rem .5rem}td,th{padding-left:.4rem;padding-right:.4rem;font-size:.85rem}h1,p{padding:0 .4rem;margin-left:0}}\
@media print{body{background:none}}";

/// The page of the folder at `path`, which has a slash at both ends.
pub(super) fn render(path: &str, listed: &Entries, order: Order) -> String {
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut html, path, listed, order);
    html
}

fn write(html: &mut String, path: &str, listed: &Entries, order: Order) -> fmt::Result {
    write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Escaped(path)
    )?;
    write_path(html, path)?;
    html.push_str("<table>\n<thead>\n<tr>");
    for (by, name) in [
        (By::Name, "Name"),
        (By::Size, "Size"),
        (By::Time, "Modified (UTC)"),
    ] {
        write_column(html, by, name, order)?;
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    if path != "/" {
        html.push_str(
            "<tr class=\"folder\"><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n",
        );
    }
    for entry in &listed.entries {
        write_entry(html, entry)?;
    }
    html.push_str("</tbody>\n</table>\n");
    write_sum(html, listed)?;
    html.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// The path, each folder on the way a link to it.
fn write_path(html: &mut String, path: &str) -> fmt::Result {
    html.push_str("<h1>");
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let up = |html: &mut String, levels: usize| {
        for _ in 0..levels {
            html.push_str("../");
        }
    };
    match names.split_last() {
        None => html.push_str("<b>/</b>"),
        Some((last, above)) => {
            html.push_str("<a href=\"");
            up(html, names.len());
            html.push_str("\" aria-label=\"Root folder\">/</a>");
            for (depth, name) in above.iter().enumerate() {
                html.push_str("<a href=\"");
                up(html, above.len() - depth);
                write!(html, "\"><bdi>{}</bdi></a><i>/</i>", Escaped(name))?;
            }
            write!(html, "<b><bdi>{}</bdi></b>", Escaped(last))?;
        }
    }
    html.push_str("</h1>\n");
    Ok(())
}

fn write_column(html: &mut String, by: By, name: &str, order: Order) -> fmt::Result {
    let is_sorted = order.by == by;
    // The largest and the newest are what one looks for first, and of names the first.
    let descending = if is_sorted {
        !order.descending
    } else {
        by != By::Name
    };
    let sorted = match (is_sorted, order.descending) {
        (false, _) => "",
        (true, false) => " aria-sort=\"ascending\"",
        (true, true) => " aria-sort=\"descending\"",
    };
    let query = Order { by, descending }.query();
    let query = Escaped(&query);
    write!(
        html,
        "<th scope=\"col\"{sorted}><a href=\"{query}\">{name}</a></th>"
    )
}

fn write_entry(html: &mut String, entry: &Entry) -> fmt::Result {
    let (class, slash) = if entry.is_folder {
        (" class=\"folder\"", "/")
    } else {
        ("", "")
    };
    let (reference, name) = (entry.reference(), entry.shown());
    write!(
        html,
        "<tr{class}><td><a href=\"{reference}\"><bdi>{}</bdi>{slash}</a></td><td>",
        Escaped(&name)
    )?;
    if !entry.is_folder {
        let (length, size) = (entry.length, size(entry.length));
        write!(html, "<data value=\"{length}\">{size}</data>")?;
    }
    html.push_str("</td><td>");
    if let Some(modified) = entry.modified {
        let (exact, shown) = (rfc3339(modified), to_the_minute(modified));
        write!(html, "<time datetime=\"{exact}\">{shown}</time>")?;
    }
    html.push_str("</td></tr>\n");
    Ok(())
}

/// What there is in all.
fn write_sum(html: &mut String, listed: &Entries) -> fmt::Result {
    let entries = &listed.entries;
    let folders = entries.iter().filter(|entry| entry.is_folder).count();
    let files = entries.len() - folders;
    let lengths = entries.iter().filter(|entry| !entry.is_folder);
    let length = lengths.fold(0_u64, |sum, file| sum.saturating_add(file.length));
    if listed.more {
        writeln!(
            html,
            "<p class=\"more\">There is more in this folder. The first {MOST} that the file system names are shown.</p>"
        )?;
    }
    if entries.is_empty() {
        html.push_str("<p>This folder is empty.</p>\n");
        return Ok(());
    }
    let (folders, length) = (counted(folders, "folder"), size(length));
    if files == 0 {
        return writeln!(html, "<p>{folders}</p>");
    }
    let files = counted(files, "file");
    writeln!(html, "<p>{folders}, {files}, {length}</p>")
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A length in the unit that leaves up to four digits of it.
fn size(length: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if length < 1024 {
        return format!("{length} B");
    }
    // In tenths, rounded down: what is shown as 1.0 GiB is no less.
    let (mut unit, mut whole, mut tenths) = (0, length, 0);
    for (candidate, _) in UNITS.iter().enumerate() {
        if whole < 1024 {
            break;
        }
        unit = candidate;
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
    }
    let unit = UNITS[unit];
    if whole < 10 {
        format!("{whole}.{tenths} {unit}")
    } else {
        format!("{whole} {unit}")
    }
}

fn to_the_minute(time: UtcDateTime) -> String {
    let exact = rfc3339(time);
    let minute = exact.len() - ":00Z".len();
    exact[..minute].replace('T', " ")
}

/// Text that stands for itself in HTML, in an attribute's quotes as well.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => formatter.write_str("&amp;"),
                '<' => formatter.write_str("&lt;"),
                '>' => formatter.write_str("&gt;"),
                '"' => formatter.write_str("&quot;"),
                '\'' => formatter.write_str("&#39;"),
                letter => formatter.write_char(letter),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (length, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10_239, "9.9 KiB"),
            (10_240, "10 KiB"),
            (1_048_575, "1023 KiB"),
            (1_048_576, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "15 EiB"),
        ] {
            assert_eq!(size(length), expected);
        }
    }

    #[test]
    fn times_are_told_to_the_minute() {
        let time = UtcDateTime::from_unix_timestamp(951_782_399).expect("it is a time");
        assert_eq!(to_the_minute(time), "2000-02-28 23:59");
        assert_eq!(rfc3339(time), "2000-02-28T23:59:59Z");
    }

    #[test]
    fn text_is_text() {
        let text = Escaped("<a href=\"x\">&'").to_string();
        assert_eq!(text, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
