//! Content codings, and which of them a client accepts (RFC 9110 sections 8.4.1 and 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// A content coding. Those that are made on the way come in the order in which they are liked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Coding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstandard,
    /// RFC 1952.
    Gzip,
    /// RFC 1950 around RFC 1951.
    Deflate,
    /// The file as it is.
    Identity,
}

impl Coding {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Brotli,
        Self::Zstandard,
        Self::Gzip,
        Self::Deflate,
        Self::Identity,
    ];

    /// As it is registered.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstandard => "zstd",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Identity => "identity",
        }
    }

    /// How a file beside another ends that is the other in this coding.
    pub(super) const fn extension(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some(".br"),
            Self::Zstandard => Some(".zst"),
            Self::Gzip => Some(".gz"),
            Self::Deflate | Self::Identity => None,
        }
    }

    /// Names are not case-sensitive, and gzip has an old one (section 8.4.1.3).
    fn of(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Self::Gzip);
        }
        let is_it = |coding: &Self| name.eq_ignore_ascii_case(coding.name().as_bytes());
        Self::ALL.into_iter().find(is_it)
    }
}

/// How much each coding is liked, in thousandths; 0 is not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted([u16; 5]);

impl Accepted {
    /// The file as it is, and nothing else: where a client says nothing. (It would have us send anything, and means that it
    /// knows of no codings.)
    pub(super) const IDENTITY: Self = Self([0, 0, 0, 0, 1]);

    /// What a request's headers say. A member that is malformed is as if it were not there.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut liked: [Option<u16>; 5] = [None; 5];
        let mut others = None;
        let mut said = false;
        for line in headers.get_all(ACCEPT_ENCODING) {
            said = true;
            for member in line.as_bytes().split(|&byte| byte == b',') {
                let Some((name, weight)) = parse(member) else {
                    continue;
                };
                if name == b"*" {
                    others = Some(weight);
                } else if let Some(coding) = Coding::of(name) {
                    liked[coding as usize] = Some(weight);
                }
            }
        }
        if !said {
            return Self::IDENTITY;
        }
        let mut accepted = liked.map(|liked| liked.or(others).unwrap_or(0));
        // Identity is accepted unless it is said not to be; below all that is named.
        let identity = Coding::Identity as usize;
        accepted[identity] = liked[identity].or(others).unwrap_or(1);
        Self(accepted)
    }

    /// How much this one is liked.
    pub(super) fn weight(&self, coding: Coding) -> u16 {
        self.0[coding as usize]
    }
}

/// A member's name and weight, a thousand where it has none.
fn parse(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = match parts.next() {
        None => 1000,
        Some([b'q' | b'Q', b'=', weight @ ..]) => parse_weight(weight)?,
        Some(_) => return None,
    };
    parts.next().is_none().then_some((name, weight))
}

/// Section 12.4.2: 0 to 1 with at most three digits after the point, as thousandths.
fn parse_weight(weight: &[u8]) -> Option<u16> {
    let (&whole, fraction) = weight.split_first()?;
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = digits.get(place).copied().unwrap_or(b'0');
        thousandths = thousandths * 10 + (digit as char).to_digit(10)? as u16;
    }
    match (whole, thousandths) {
        (b'0', _) => Some(thousandths),
        (b'1', 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn accepted(value: &str) -> Accepted {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT_ENCODING,
            HeaderValue::from_str(value).expect("it is a value"),
        );
        Accepted::of(&headers)
    }

    #[test]
    fn what_a_client_says_is_what_is_accepted() {
        // brotli, zstd, gzip, deflate, identity
        for (value, expected) in [
            ("", [0, 0, 0, 0, 1]),
            ("gzip", [0, 0, 1000, 0, 1]),
            ("gzip, deflate, br, zstd", [1000, 1000, 1000, 1000, 1]),
            ("X-GZIP;Q=0.5", [0, 0, 500, 0, 1]),
            ("*", [1000; 5]),
            ("br;q=0.5, *;q=0.1", [500, 100, 100, 100, 100]),
            ("gzip;q=0, *", [1000, 1000, 0, 1000, 1000]),
            ("identity;q=0", [0; 5]),
            ("*;q=0", [0; 5]),
            ("*;q=0, identity", [0, 0, 0, 0, 1000]),
            ("br ; q=0.123 ,, gzip;q=1.000", [123, 0, 1000, 0, 1]),
            ("compress, exi", [0, 0, 0, 0, 1]),
            // malformed members
            ("br;q=2, gzip", [0, 0, 1000, 0, 1]),
            (
                "br;q=0.1234, gzip;q=1.001, zstd;level=1, deflate;q=-1",
                [0, 0, 0, 0, 1],
            ),
        ] {
            assert_eq!(accepted(value), Accepted(expected), "{value}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted::IDENTITY);
    }

    proptest! {
        #[test]
        fn any_text_is_something_and_weighs_no_more_than_one(value in "[ -~]{0,64}") {
            let accepted = accepted(&value);
            prop_assert!(Coding::ALL.iter().all(|&coding| accepted.weight(coding) <= 1000));
        }

        #[test]
        fn a_weight_is_read_as_it_is_written(thousandths in 0u16..=1000, coding in 0usize..4) {
            let coding = Coding::ALL[coding];
            let value = format!("{};q={}.{:03}", coding.name(), thousandths / 1000, thousandths % 1000);
            prop_assert_eq!(accepted(&value).weight(coding), thousandths);
        }
    }
}
