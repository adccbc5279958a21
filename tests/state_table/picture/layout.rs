//! Where everything stands in the diagram: as in RFC 9293's figure 5, which readers know.

pub(super) type Point = (f64, f64);

/// A state's box.
pub(super) const BOX: (f64, f64) = (152.0, 46.0);
const LEFT: f64 = 176.0;
const MIDDLE: f64 = 480.0;
const RIGHT: f64 = 784.0;
/// Where an arrow leaves or meets a box, away from its middle.
const SIDE: f64 = 60.0;
const ROWS: [f64; 7] = [158.0, 282.0, 412.0, 540.0, 672.0, 802.0, 938.0];
const HALF: (f64, f64) = (BOX.0 / 2.0, BOX.1 / 2.0);

/// Which states have which place. CLOSED stands at the beginning and at the end.
pub(super) const PLACES: [(&str, Point); 12] = [
    ("CLOSED", (MIDDLE, ROWS[0])),
    ("LISTEN", (MIDDLE, ROWS[1])),
    ("SYN-RECEIVED", (LEFT, ROWS[2])),
    ("SYN-SENT", (RIGHT, ROWS[2])),
    ("ESTABLISHED", (MIDDLE, ROWS[3])),
    ("FIN-WAIT-1", (LEFT, ROWS[4])),
    ("CLOSE-WAIT", (RIGHT, ROWS[4])),
    ("FIN-WAIT-2", (LEFT, ROWS[5])),
    ("CLOSING", (MIDDLE, ROWS[5])),
    ("LAST-ACK", (RIGHT, ROWS[5])),
    ("TIME-WAIT", (MIDDLE, ROWS[6])),
    ("CLOSED", (RIGHT, ROWS[6])),
];

/// Those who close first, and those who close last: what they have in common, and its corners.
pub(super) const SIDES: [(&str, Point, Point); 2] = [
    (
        "we close first",
        (84.0, ROWS[4] - 42.0),
        (590.0, ROWS[6] + 36.0),
    ),
    (
        "the peer closes first",
        (692.0, ROWS[4] - 42.0),
        (888.0, ROWS[5] + 36.0),
    ),
];

/// On whose way an arrow lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Who opens, and closes first.
    Client,
    /// Who is called, and closes last.
    Server,
    /// Neither, but in figure 5.
    Other,
    /// Not in figure 5.
    Beside,
}

/// An arrow.
pub(super) struct Arrow {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) way: Way,
    pub(super) points: Vec<Point>,
    /// The baseline of its first word.
    pub(super) label: Point,
    pub(super) anchor: &'static str,
    /// What stands before the event: what has happened already.
    pub(super) before: Option<&'static str>,
    /// Where the numbers of its departures stand.
    pub(super) mark: Point,
}

impl Arrow {
    fn new(way: Way, ends: (&'static str, &'static str), points: &[Point]) -> Self {
        Self {
            from: ends.0,
            to: ends.1,
            way,
            points: points.to_vec(),
            label: points[0],
            anchor: "start",
            before: None,
            mark: points[0],
        }
    }

    fn label(self, anchor: &'static str, label: Point) -> Self {
        Self {
            anchor,
            label,
            ..self
        }
    }

    fn mark(self, mark: Point) -> Self {
        Self { mark, ..self }
    }
}

/// Every arrow.
pub(super) fn arrows() -> Vec<Arrow> {
    use Way::{Beside, Client, Other, Server};
    let [closed, listen, syn, established, fin, last, end] = ROWS;
    let (left_edge, right_edge) = (MIDDLE - HALF.0, MIDDLE + HALF.0);
    let below = |row: f64| row + HALF.1;
    let above = |row: f64| row - HALF.1;
    let mut arrows = vec![
        Arrow::new(
            Server,
            ("CLOSED", "LISTEN"),
            &[
                (MIDDLE - 30.0, below(closed)),
                (MIDDLE - 30.0, above(listen)),
            ],
        )
        .label("end", (MIDDLE - 42.0, closed + 66.0)),
        Arrow::new(
            Other,
            ("LISTEN", "CLOSED"),
            &[
                (MIDDLE + 30.0, above(listen)),
                (MIDDLE + 30.0, below(closed)),
            ],
        )
        .label("start", (MIDDLE + 42.0, closed + 66.0)),
        Arrow::new(
            Client,
            ("CLOSED", "SYN-SENT"),
            &[
                (right_edge, closed - 12.0),
                (RIGHT + SIDE, closed - 12.0),
                (RIGHT + SIDE, above(syn)),
            ],
        )
        .label("start", (right_edge + 24.0, closed - 40.0)),
        Arrow::new(
            Other,
            ("SYN-SENT", "CLOSED"),
            &[
                (RIGHT, above(syn)),
                (RIGHT, closed + 12.0),
                (right_edge, closed + 12.0),
            ],
        )
        .label("start", (right_edge + 24.0, closed + 32.0)),
        Arrow::new(
            Beside,
            ("LISTEN", "SYN-SENT"),
            &[
                (right_edge, listen),
                (RIGHT - SIDE, listen),
                (RIGHT - SIDE, above(syn)),
            ],
        )
        .label("start", (right_edge + 24.0, listen - 28.0)),
        Arrow::new(
            Other,
            ("SYN-RECEIVED", "LISTEN"),
            &[
                (LEFT, above(syn)),
                (LEFT, listen - 12.0),
                (left_edge, listen - 12.0),
            ],
        )
        .label("end", (left_edge - 24.0, listen - 22.0)),
        Arrow::new(
            Server,
            ("LISTEN", "SYN-RECEIVED"),
            &[
                (left_edge, listen + 12.0),
                (LEFT + SIDE, listen + 12.0),
                (LEFT + SIDE, above(syn)),
            ],
        )
        .label("start", (LEFT + SIDE + 12.0, listen + 34.0))
        .mark((LEFT + SIDE, listen + 40.0)),
        Arrow::new(
            Beside,
            ("LISTEN", "ESTABLISHED"),
            &[(MIDDLE, below(listen)), (MIDDLE, above(established))],
        )
        .label("start", (MIDDLE + 14.0, syn + 52.0))
        .mark((MIDDLE, syn + 56.0)),
        Arrow::new(
            Other,
            ("SYN-SENT", "SYN-RECEIVED"),
            &[(RIGHT - HALF.0, syn), (LEFT + HALF.0, syn)],
        )
        .label("start", (MIDDLE + 30.0, syn - 28.0)),
    ];
    arrows.extend(to_established_and_on(syn, established, fin));
    arrows.extend(closing(fin, last, end));
    arrows
}

fn to_established_and_on(syn: f64, established: f64, fin: f64) -> Vec<Arrow> {
    use Way::{Client, Other, Server};
    let (left_edge, right_edge) = (MIDDLE - HALF.0, MIDDLE + HALF.0);
    let (upper, lower) = (established - 12.0, established + 12.0);
    let close_waits = Arrow::new(
        Other,
        ("SYN-RECEIVED", "FIN-WAIT-1"),
        &[(LEFT - SIDE, syn + HALF.1), (LEFT - SIDE, fin - HALF.1)],
    )
    .label("start", (LEFT - SIDE + 12.0, established - 26.0))
    .mark((LEFT - SIDE, established - 14.0));
    vec![
        Arrow {
            before: Some("CLOSE, then"),
            ..close_waits
        },
        Arrow::new(
            Server,
            ("SYN-RECEIVED", "ESTABLISHED"),
            &[
                (LEFT + SIDE, syn + HALF.1),
                (LEFT + SIDE, upper),
                (left_edge, upper),
            ],
        )
        .label("start", (LEFT + SIDE + 14.0, upper - 10.0)),
        Arrow::new(
            Client,
            ("ESTABLISHED", "FIN-WAIT-1"),
            &[
                (left_edge, lower),
                (LEFT + SIDE, lower),
                (LEFT + SIDE, fin - HALF.1),
            ],
        )
        .label("start", (LEFT + SIDE + 14.0, lower + 22.0)),
        Arrow::new(
            Client,
            ("SYN-SENT", "ESTABLISHED"),
            &[
                (RIGHT - SIDE, syn + HALF.1),
                (RIGHT - SIDE, upper),
                (right_edge, upper),
            ],
        )
        .label("end", (RIGHT - SIDE - 14.0, upper - 28.0)),
        Arrow::new(
            Server,
            ("ESTABLISHED", "CLOSE-WAIT"),
            &[
                (right_edge, lower),
                (RIGHT - SIDE, lower),
                (RIGHT - SIDE, fin - HALF.1),
            ],
        )
        .label("end", (RIGHT - SIDE - 14.0, lower + 22.0)),
    ]
}

fn closing(fin: f64, last: f64, end: f64) -> Vec<Arrow> {
    use Way::{Beside, Client, Other, Server};
    let (left_edge, right_edge) = (MIDDLE - HALF.0, MIDDLE + HALF.0);
    let (below_all, near, far) = (end + 84.0, 56.0, 904.0);
    let syn = ROWS[2];
    vec![
        Arrow::new(
            Client,
            ("FIN-WAIT-1", "FIN-WAIT-2"),
            &[(LEFT, fin + HALF.1), (LEFT, last - HALF.1)],
        )
        .label("start", (LEFT + 12.0, fin + 69.0)),
        Arrow::new(
            Other,
            ("FIN-WAIT-1", "CLOSING"),
            &[
                (LEFT + HALF.0, fin - 10.0),
                (MIDDLE, fin - 10.0),
                (MIDDLE, last - HALF.1),
            ],
        )
        .label("start", (MIDDLE + 12.0, fin + 34.0)),
        Arrow::new(
            Other,
            ("FIN-WAIT-1", "TIME-WAIT"),
            &[
                (LEFT + HALF.0, fin + 10.0),
                (LEFT + 122.0, fin + 10.0),
                (LEFT + 122.0, end - 12.0),
                (left_edge, end - 12.0),
            ],
        )
        .label("start", (LEFT + 134.0, fin + 42.0))
        .mark((LEFT + 122.0, last)),
        Arrow::new(
            Client,
            ("FIN-WAIT-2", "TIME-WAIT"),
            &[
                (LEFT, last + HALF.1),
                (LEFT, end + 12.0),
                (left_edge, end + 12.0),
            ],
        )
        .label("start", (LEFT + 12.0, last + 68.0))
        .mark((LEFT, last + 72.0)),
        Arrow::new(
            Other,
            ("CLOSING", "TIME-WAIT"),
            &[(MIDDLE, last + HALF.1), (MIDDLE, end - HALF.1)],
        )
        .label("start", (MIDDLE + 14.0, last + 60.0))
        .mark((MIDDLE, last + 66.0)),
        Arrow::new(
            Server,
            ("CLOSE-WAIT", "LAST-ACK"),
            &[(RIGHT, fin + HALF.1), (RIGHT, last - HALF.1)],
        )
        .label("start", (RIGHT + 12.0, fin + 60.0)),
        Arrow::new(
            Server,
            ("LAST-ACK", "CLOSED"),
            &[(RIGHT, last + HALF.1), (RIGHT, end - HALF.1)],
        )
        .label("start", (RIGHT + 12.0, last + 73.0)),
        Arrow::new(
            Client,
            ("TIME-WAIT", "CLOSED"),
            &[(right_edge, end), (RIGHT - HALF.0, end)],
        )
        .label("middle", ((MIDDLE + RIGHT) / 2.0, end + 26.0))
        .mark((right_edge + 76.0, end)),
        Arrow::new(
            Beside,
            ("TIME-WAIT", "SYN-RECEIVED"),
            &[
                (MIDDLE - 30.0, end + HALF.1),
                (MIDDLE - 30.0, below_all),
                (near, below_all),
                (near, syn),
                (LEFT - HALF.0, syn),
            ],
        )
        .label("start", (near + 14.0, below_all - 28.0)),
        Arrow::new(
            Beside,
            ("TIME-WAIT", "SYN-SENT"),
            &[
                (MIDDLE + 30.0, end + HALF.1),
                (MIDDLE + 30.0, below_all),
                (far, below_all),
                (far, syn),
                (RIGHT + HALF.0, syn),
            ],
        )
        .label("end", (far - 14.0, below_all - 28.0))
        .mark((far, below_all - 34.0)),
    ]
}
