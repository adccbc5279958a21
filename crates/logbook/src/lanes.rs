//! What the text and the picture both show: a lane a station, and in it when the request waited and when it was worked
//! on.

use crate::{Logged, LoggedOverlay, units};
use periplus_journey::Station;

/// What happens to a request in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nature {
    /// It was the client's turn: nothing was held here that could move on.
    Theirs,
    /// It stood in a queue.
    Waiting,
    /// Something was done for it.
    Working,
}

impl Nature {
    /// Every nature, in the order of a legend.
    pub(crate) const ALL: [Nature; 3] = [Nature::Working, Nature::Waiting, Nature::Theirs];

    /// The word in a legend.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Nature::Working => "working",
            Nature::Waiting => "waiting",
            Nature::Theirs => "the client's turn",
        }
    }

    fn of(station: Station) -> Nature {
        match station {
            Station::TlsHandshake | Station::Decrypt | Station::Parse | Station::Process => {
                Nature::Working
            }
            Station::Peer => Nature::Theirs,
            _ => Nature::Waiting,
        }
    }
}

/// A stretch of a lane, in nanoseconds from the journey's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) nature: Nature,
}

/// One station of one journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) station: Station,
    /// Beside the spine: its time is not part of the total.
    pub(crate) overlay: bool,
    /// What the station took: for an overlay, its waits added up.
    pub(crate) ns: u64,
    /// How many waits an overlay adds up; 1 on the spine.
    pub(crate) count: u32,
    /// When. An overlay of several waits is one piece from the first to the last, and only `ns` of it was spent.
    pub(crate) pieces: Vec<Piece>,
}

impl Lane {
    /// When the lane's first piece begins.
    pub(crate) fn start(&self) -> u64 {
        self.pieces.first().map_or(0, |piece| piece.start)
    }

    /// When the lane's last piece ends.
    pub(crate) fn end(&self) -> u64 {
        self.pieces.last().map_or(0, |piece| piece.end)
    }

    /// The station's name; several waits are counted behind it.
    pub(crate) fn label(&self) -> String {
        match self.count {
            0 | 1 => self.station.name().into(),
            count => format!("{} ×{}", self.station, units::grouped(count.into())),
        }
    }

    /// Whether every moment of the pieces was spent in the station.
    pub(crate) fn is_solid(&self) -> bool {
        self.count <= 1
    }
}

/// The lanes of a journey in the order of its stations; an overlay follows its station's own lane.
pub(crate) fn lanes(logged: &Logged) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::with_capacity(logged.spine.len() + logged.overlay.len());
    let mut boundary = 0u64;
    for interval in &logged.spine {
        let end = boundary.saturating_add(interval.ns);
        let mut pieces = divide(interval.station, boundary, end, &logged.overlay);
        if interval.station == Station::Parse {
            give_back(&mut pieces, theirs_in_parse(logged));
        }
        boundary = end;
        // `idle` comes twice where a TLS handshake stands between.
        if let Some(lane) = lanes
            .iter_mut()
            .find(|lane| lane.station == interval.station)
        {
            lane.ns = lane.ns.saturating_add(interval.ns);
            lane.pieces.extend(pieces);
        } else {
            lanes.push(Lane {
                station: interval.station,
                overlay: false,
                ns: interval.ns,
                count: 1,
                pieces,
            });
        }
    }
    lanes.extend(logged.overlay.iter().map(|overlay| Lane {
        station: overlay.station,
        overlay: true,
        ns: overlay.busy_ns,
        count: overlay.count,
        pieces: vec![Piece {
            start: overlay.start_ns,
            end: overlay.end_ns.max(overlay.start_ns),
            nature: Nature::of(overlay.station),
        }],
    }));
    lanes.sort_by_key(|lane| (lane.station, lane.overlay));
    lanes
}

/// A station that works waits too, for a file or for a foreign thread: where such a wait is known to the nanosecond
/// (one wait, not several added up), it is taken out of the work.
fn divide(station: Station, start: u64, end: u64, overlays: &[LoggedOverlay]) -> Vec<Piece> {
    let nature = Nature::of(station);
    let mut pieces = Vec::with_capacity(1);
    let mut boundary = start;
    if nature == Nature::Working {
        let waits = [Station::FileRead, Station::Mailbox, Station::Peer];
        let mut waits: Vec<_> = overlays
            .iter()
            .filter(|overlay| overlay.count == 1 && waits.contains(&overlay.station))
            .collect();
        waits.sort_by_key(|overlay| overlay.start_ns);
        for wait in waits {
            let (from, to) = (
                wait.start_ns.clamp(boundary, end),
                wait.end_ns.clamp(boundary, end),
            );
            if from < to {
                pieces.push(Piece {
                    start: boundary,
                    end: from,
                    nature,
                });
                pieces.push(Piece {
                    start: from,
                    end: to,
                    nature: Nature::of(wait.station),
                });
                boundary = to;
            }
        }
    }
    pieces.push(Piece {
        start: boundary,
        end,
        nature,
    });
    pieces.retain(|piece| piece.start < piece.end || start == end);
    pieces
}

/// How much of `parse` was the client's turn for sure, where several such waits are added up: what is left of them if all the
/// other stations in which there may be one were nothing else.
fn theirs_in_parse(logged: &Logged) -> u64 {
    let several = |overlay: &&LoggedOverlay| overlay.station == Station::Peer && overlay.count > 1;
    let Some(peer) = logged.overlay.iter().find(several) else {
        return 0;
    };
    let elsewhere = [
        Station::SynQueue,
        Station::SendQueue,
        Station::RetransmitQueue,
    ];
    let elsewhere = logged
        .spine
        .iter()
        .filter(|interval| elsewhere.contains(&interval.station))
        .fold(0u64, |sum, interval| sum.saturating_add(interval.ns));
    peer.busy_ns.saturating_sub(elsewhere)
}

/// Takes `theirs` out of the last piece, of work. When it was is not known, but a request is waited for at its end.
fn give_back(pieces: &mut Vec<Piece>, theirs: u64) {
    let Some(last) = pieces.last_mut().filter(|_| theirs > 0) else {
        return;
    };
    let (start, end) = (last.start, last.end);
    last.end = end.saturating_sub(theirs).max(start);
    let from = last.end;
    pieces.push(Piece {
        start: from,
        end,
        nature: Nature::Theirs,
    });
    pieces.retain(|piece| piece.start < piece.end || start == end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logged::tests::first_request;

    fn piece(start: u64, end: u64, nature: Nature) -> Piece {
        Piece { start, end, nature }
    }

    #[test]
    fn lanes_follow_the_stations_and_an_overlay_its_station() {
        let lanes = lanes(&first_request());
        let order: Vec<_> = lanes
            .iter()
            .map(|lane| (lane.station.name(), lane.overlay))
            .collect();
        let expected = [
            ("syn_queue", false),
            ("accept_queue", false),
            ("idle", false),
            ("rx_ring", false),
            ("receive_queue", false),
            ("parse", false),
            ("process", false),
            ("file_read", true),
            ("send_queue", false),
            ("tx_ring", true),
            ("retransmit_queue", false),
            ("peer", true),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_file_read_is_taken_out_of_the_work() {
        let lanes = lanes(&first_request());
        let process = lanes
            .iter()
            .find(|lane| lane.station == Station::Process)
            .unwrap();
        let expected = [
            piece(293_000, 311_000, Nature::Working),
            piece(311_000, 399_000, Nature::Waiting),
            piece(399_000, 423_000, Nature::Working),
        ];
        assert_eq!(process.pieces, expected);
    }

    #[test]
    fn a_client_that_takes_long_to_ask_is_not_work() {
        let mut logged = first_request();
        let peer = |overlay: &&mut LoggedOverlay| overlay.station == Station::Peer;
        let overlay = logged.overlay.iter_mut().find(peer).unwrap();
        // Of the connection, of 40 of the 41 µs of parsing, of the sending and of the acknowledging.
        overlay.busy_ns = 21_000 + 40_000 + 14_000 + 175_000;
        overlay.count = 4;
        let lanes = lanes(&logged);
        let parse = lanes
            .iter()
            .find(|lane| lane.station == Station::Parse)
            .unwrap();
        let expected = [
            piece(252_000, 253_000, Nature::Working),
            piece(253_000, 293_000, Nature::Theirs),
        ];
        assert_eq!(parse.pieces, expected);
    }

    #[test]
    fn a_station_without_time_keeps_one_piece() {
        assert_eq!(
            divide(Station::Parse, 7, 7, &[]),
            [piece(7, 7, Nature::Working)]
        );
    }
}
