//! What is written for readers holds: links lead somewhere, and the manual knows every station.

use periplus_journey::Station;
use std::path::{Path, PathBuf};

const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "manual/configuration.md",
    "manual/http2.md",
    "manual/interfaces.md",
    "manual/kv.md",
    "manual/logs.md",
    "manual/sockets.md",
    "manual/stations.md",
    "manual/endings.md",
    "manual/websocket.md",
    "packaging/README.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The targets of the Markdown links of a page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
}

/// The anchors of a page's headings, as forges make them of one word or several.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    headings
        .map(|heading| {
            let heading = heading
                .trim_start_matches('#')
                .trim()
                .to_lowercase()
                .replace(' ', "-");
            heading
                .chars()
                .filter(|character| character.is_alphanumeric() || "-_".contains(*character))
                .collect()
        })
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_every_anchor_to_a_heading() {
    for page in PAGES {
        let path = root().join(page);
        let text = read(&path);
        for link in links(&text).filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.with_file_name("").join(file)
            };
            assert!(target.exists(), "{page} links to {link}");
            if !anchor.is_empty() {
                assert!(
                    anchors(&read(&target)).contains(&anchor.to_string()),
                    "{page} links to {link}"
                );
            }
        }
    }
}

#[test]
fn the_manual_has_a_section_a_station_in_the_order_of_the_journey() {
    let manual = read(&root().join("manual/stations.md"));
    let sections: Vec<_> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let stations: Vec<_> = std::iter::once("demux")
        .chain(Station::ALL.map(Station::name))
        .collect();
    assert_eq!(sections, stations);
}
