//! The way through the stations, there and back: every place with the time that was spent in it. Under each name stands its
//! time and its part of the whole, as a number and as a bar.

use super::document;
use super::glyphs;
use super::panel::{NAME, RIGHT, class};
use super::sheet::Sheet;
use crate::lanes::{Lane, Nature, lanes};
use crate::remarks::remarks;
use crate::{Logged, units};
use periplus_journey::{Kind, Station};

/// The bands: what belongs to whom.
const CLIENT: (f64, f64) = (32.0, 128.0);
const KERNEL: (f64, f64) = (144.0, 640.0);
const BACKEND: (f64, f64) = (656.0, 928.0);
const BANDS: (f64, f64) = (150.0, 592.0);

/// The rows: the connection, the request, the disk, the answer.
const CONNECT: f64 = 226.0;
const REQUEST: f64 = 346.0;
const DISK: f64 = 446.0;
const ANSWER: f64 = 528.0;

const BOX: f64 = 76.0;

/// Where a station stands: its left edge, its width and its row's middle.
const PLACES: [(Station, f64, f64, f64); 11] = [
    (Station::SynQueue, 220.0, 164.0, CONNECT),
    (Station::AcceptQueue, 436.0, 164.0, CONNECT),
    (Station::Idle, 666.0, 122.0, CONNECT),
    (Station::RxRing, 220.0, 164.0, REQUEST),
    (Station::ReceiveQueue, 436.0, 164.0, REQUEST),
    (Station::Parse, 666.0, 122.0, REQUEST),
    (Station::Process, 800.0, 122.0, REQUEST),
    (Station::FileRead, 800.0, 122.0, DISK),
    (Station::SendQueue, 480.0, 130.0, ANSWER),
    (Station::TxRing, 330.0, 126.0, ANSWER),
    (Station::RetransmitQueue, 162.0, 144.0, ANSWER),
];

/// Where it stands on the way of a connection that has one.
const TLS_HANDSHAKE: (Station, f64, f64, f64) = (Station::TlsHandshake, 800.0, 122.0, CONNECT);

/// The picture of a journey that took time.
pub(super) fn svg(logged: &Logged) -> String {
    let lanes = lanes(logged);
    let mut remarks = remarks(logged);
    remarks.extend(beside(&lanes));
    let height = BANDS.1 + 30.0 + 20.0 * remarks.len() as f64;
    let title = format!("The whole journey of {}", document::name(logged));
    let mut sheet = document::begin(&title, &in_words(&lanes), height);
    let [id, date] = document::which(logged);
    let details = [
        logged.answer(),
        units::counted(logged.bytes_out, "byte"),
        format!("by {}", logged.device),
        id,
        date,
    ];
    document::heading(&mut sheet, &document::name(logged), &details);
    document::sums(&mut sheet, logged);
    let legend: Vec<_> = Nature::ALL
        .into_iter()
        .filter(|&nature| {
            PLACES
                .iter()
                .filter_map(|&(station, ..)| drawn(&lanes, station))
                .any(|lane| nature_of(lane) == nature)
        })
        .map(|nature| (class(nature), nature.word()))
        .collect();
    document::legend(&mut sheet, &legend, 119.0);
    bands(&mut sheet, logged);
    ways(&mut sheet, logged, &lanes);
    for (station, left, width, middle) in PLACES {
        place(&mut sheet, logged, &lanes, station, (left, middle), width);
    }
    if has_tls_handshake(&lanes) {
        let (station, left, width, middle) = TLS_HANDSHAKE;
        glyphs::arrow(&mut sheet, "way", &[(789.0, middle), (798.0, middle)]);
        place(&mut sheet, logged, &lanes, station, (left, middle), width);
    }
    document::remarks(&mut sheet, BANDS.1 + 24.0, &remarks);
    sheet.finish()
}

fn bands(sheet: &mut Sheet, logged: &Logged) {
    let owners = [
        (CLIENT, "client", logged.peer.ip().to_string()),
        (
            KERNEL,
            "the kernel's part",
            format!("a stack in user space, behind {}", logged.device),
        ),
        (
            BACKEND,
            "the backend",
            logged.protocol.as_deref().unwrap_or("").to_owned(),
        ),
    ];
    for ((left, right), owner, detail) in owners {
        sheet.bar("band", (left, BANDS.0), right - left, BANDS.1 - BANDS.0);
        sheet.words((left + 8.0, BANDS.0 + 18.0), "start", "heading", owner);
        sheet.words(
            (right - 8.0, BANDS.0 + 18.0),
            "end",
            "quiet small",
            &shortened(&detail, right - left),
        );
    }
}

/// What stands beside the owner's name, if there is room for it.
fn shortened(detail: &str, width: f64) -> String {
    let room = ((width - 90.0) / 6.5).max(0.0) as usize;
    if detail.chars().count() <= room {
        detail.to_owned()
    } else {
        String::new()
    }
}

/// The arrows between the stations, with what travels on them.
fn ways(sheet: &mut Sheet, logged: &Logged, lanes: &[Lane]) {
    let (client, backend) = (CLIENT.0 + 12.0, BACKEND.0);
    let has = |station| own(lanes, station).is_some();
    if has(Station::SynQueue) || has(Station::AcceptQueue) {
        glyphs::arrow(sheet, "way", &[(client, CONNECT), (172.0, CONNECT)]);
        sheet.words((client, CONNECT - 8.0), "start", "", "SYN");
        glyphs::decision(sheet, (180.0, CONNECT));
        sheet.words((180.0, CONNECT + 22.0), "middle", "quiet small", "demux");
        glyphs::arrow(sheet, "way", &[(188.0, CONNECT), (216.0, CONNECT)]);
        glyphs::arrow(sheet, "way", &[(386.0, CONNECT), (432.0, CONNECT)]);
        sheet.words((409.0, CONNECT - 8.0), "middle", "quiet small", "ACK");
        if has(Station::AcceptQueue) {
            glyphs::arrow(sheet, "way", &[(602.0, CONNECT), (backend + 6.0, CONNECT)]);
            sheet.words((636.0, CONNECT - 8.0), "middle", "quiet small", "accept()");
        }
        if let Some(retry) = own(lanes, Station::SynRetry) {
            let again = format!("came again after {}", units::time(retry.ns));
            sheet.words((client, CONNECT + 44.0), "start", "small", &again);
        }
    }
    if logged.kind == Kind::Request {
        request(sheet, logged);
    }
    if drawn(lanes, Station::Process).is_some() {
        glyphs::arrow(sheet, "way", &[(789.0, REQUEST), (798.0, REQUEST)]);
    }
    if drawn(lanes, Station::FileRead).is_some() {
        file(sheet);
    }
    if logged.bytes_out > 0 {
        answer(sheet, logged);
    }
}

/// The way of the request to the backend.
fn request(sheet: &mut Sheet, logged: &Logged) {
    let client = CLIENT.0 + 12.0;
    glyphs::arrow(sheet, "way", &[(client, REQUEST), (216.0, REQUEST)]);
    sheet.words((client, REQUEST - 8.0), "start", "", "request");
    sheet.words(
        (client, REQUEST + 18.0),
        "start",
        "quiet small",
        &units::counted(logged.bytes_in, "byte"),
    );
    glyphs::arrow(sheet, "way", &[(386.0, REQUEST), (432.0, REQUEST)]);
    glyphs::arrow(sheet, "way", &[(602.0, REQUEST), (662.0, REQUEST)]);
    sheet.words((632.0, REQUEST - 8.0), "middle", "quiet small", "read()");
}

/// To the disk and back.
fn file(sheet: &mut Sheet) {
    let middle = 862.0;
    glyphs::arrow(
        sheet,
        "way",
        &[
            (middle - 10.0, REQUEST + BOX / 2.0 + 2.0),
            (middle - 10.0, DISK - BOX / 2.0 - 2.0),
        ],
    );
    glyphs::arrow(
        sheet,
        "way",
        &[
            (middle + 10.0, DISK - BOX / 2.0 - 2.0),
            (middle + 10.0, REQUEST + BOX / 2.0 + 2.0),
        ],
    );
}

/// The way of the answer, of which something was sent.
fn answer(sheet: &mut Sheet, logged: &Logged) {
    let client = CLIENT.0 + 12.0;
    let below = REQUEST + BOX / 2.0;
    let down = [
        (818.0, below + 2.0),
        (818.0, below + 12.0),
        (727.0, below + 12.0),
        (727.0, ANSWER),
        (614.0, ANSWER),
    ];
    glyphs::arrow(sheet, "way", &down);
    sheet.words((648.0, ANSWER - 8.0), "middle", "quiet small", "write()");
    glyphs::arrow(sheet, "way", &[(478.0, ANSWER), (460.0, ANSWER)]);
    glyphs::arrow(sheet, "way", &[(328.0, ANSWER), (310.0, ANSWER)]);
    glyphs::arrow(sheet, "way", &[(160.0, ANSWER), (client, ANSWER)]);
    sheet.words((client, ANSWER - 8.0), "start", "", "answer");
    sheet.words(
        (client, ANSWER + 18.0),
        "start",
        "quiet small",
        &units::counted(logged.bytes_out, "byte"),
    );
}

/// A station: its name, its time and its part of the whole; one that this journey did not enter stays empty.
fn place(
    sheet: &mut Sheet,
    logged: &Logged,
    lanes: &[Lane],
    station: Station,
    (left, middle): (f64, f64),
    width: f64,
) {
    let top = middle - BOX / 2.0;
    let Some(lane) = drawn(lanes, station) else {
        sheet.open("g", &[("id", &format_args!("{station}"))]);
        sheet.bar("unseen", (left, top), width, BOX);
        sheet.words((left + 10.0, top + 20.0), "start", "pale", station.name());
        sheet.words(
            (left + 10.0, top + 42.0),
            "start",
            "pale small",
            absent(logged, station),
        );
        return sheet.close();
    };
    let (bar_left, bar_width) = (left + 10.0, width - 20.0);
    let part = lane.ns as f64 / logged.total_ns.max(1) as f64;
    sheet.open("g", &[("id", &format_args!("{station}"))]);
    sheet.text("title", &[], &super::panel::describe(lane));
    sheet.bar("paper", (left, top), width, BOX);
    sheet.bar("room", (left, top), width, BOX);
    sheet.words((bar_left, top + 20.0), "start", "", station.name());
    sheet.words(
        (bar_left, top + 42.0),
        "start",
        "heading time",
        &units::time(lane.ns),
    );
    let share = if lane.overlay {
        "beside".to_owned()
    } else {
        percent(part)
    };
    sheet.words(
        (left + width - 10.0, top + 42.0),
        "end",
        "quiet small time",
        &share,
    );
    sheet.bar("band", (bar_left, top + 54.0), bar_width, 10.0);
    let length = (bar_width * part.min(1.0)).max(3.0);
    sheet.bar(class(nature_of(lane)), (bar_left, top + 54.0), length, 10.0);
    sheet.close();
}

/// Why a station is empty, in two or three words.
fn absent(logged: &Logged, station: Station) -> &'static str {
    let later = logged.handshake.is_none();
    match station {
        Station::SynQueue | Station::AcceptQueue if later => "connected before",
        Station::SynQueue => "a cookie",
        Station::RxRing if logged.rx_ring_at_most_ns.is_some() => "no arrival stamp",
        Station::Idle if !later => "not idle",
        Station::FileRead => "no file read",
        _ => "no time there",
    }
}

fn has_tls_handshake(lanes: &[Lane]) -> bool {
    own(lanes, Station::TlsHandshake).is_some()
}

fn own(lanes: &[Lane], station: Station) -> Option<&Lane> {
    lanes
        .iter()
        .find(|lane| lane.station == station && !lane.overlay)
}

/// The lane that stands in a station's box: its time on the way, or else beside it.
fn drawn(lanes: &[Lane], station: Station) -> Option<&Lane> {
    let beside = || lanes.iter().find(|lane| lane.station == station);
    own(lanes, station).or_else(beside)
}

/// What most of the lane's time was.
fn nature_of(lane: &Lane) -> Nature {
    let longest = lane
        .pieces
        .iter()
        .max_by_key(|piece| piece.end - piece.start);
    longest.map_or(Nature::Waiting, |piece| piece.nature)
}

/// A part of the whole. What is there is not called nothing.
fn percent(part: f64) -> String {
    match part * 100.0 {
        percent if percent < 0.1 => "<0.1 %".to_owned(),
        percent if percent < 9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// What has no place of its own on the map, and the waits of a station beside its time on the way.
fn beside(lanes: &[Lane]) -> Vec<String> {
    let placed = |station| {
        let mut places = PLACES.iter().chain([&TLS_HANDSHAKE]);
        places.any(|place| place.0 == station)
    };
    let said: Vec<_> = lanes
        .iter()
        .filter(|lane| {
            let drawn =
                placed(lane.station) && (!lane.overlay || own(lanes, lane.station).is_none());
            !drawn && lane.station != Station::SynRetry
        })
        .map(|lane| format!("{} {}", lane.label(), units::time(lane.ns)))
        .collect();
    let mut lines = Vec::new();
    if !said.is_empty() {
        lines.push(format!("Beside what is drawn: {}.", said.join("  ·  ")));
    }
    lines.push(
        "Percentages are parts of the total; what is beside the way is not part of it.".to_owned(),
    );
    lines
}

fn in_words(lanes: &[Lane]) -> String {
    let stations: Vec<_> = lanes.iter().map(super::panel::describe).collect();
    format!("A map of the stations. {}.", stations.join(". "))
}

const _: () = assert!(KERNEL.1 < BACKEND.0 && BACKEND.1 <= RIGHT && CLIENT.0 >= NAME);

#[cfg(test)]
mod tests;
