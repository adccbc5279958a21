//! Which of a file's representations a request is answered with (RFC 9110 section 12.1).

use super::coding::{Accepted, Coding};
use std::cmp::Reverse;

/// A representation of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The file, or the one beside it that is in this coding.
    There(Coding),
    /// The file, put into this coding on the way.
    Made(Coding),
}

/// Whether a coding may be made of the file on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    /// It is no text, or that is not wanted.
    Never,
    /// It is not worth it, but is done for who accepts nothing else.
    AtNeed,
    /// It is worth it.
    Worth,
}

/// Chooses what is liked best, and of that the smallest. `there` are the file and those beside it, with their lengths.
/// Nothing is made where one that is accepted lies beside the file. `None`: nothing that is accepted can be had (406).
pub(super) fn choose(
    accepted: &Accepted,
    there: impl Iterator<Item = (Coding, u64)>,
    making: Making,
) -> Option<Choice> {
    let weight = |coding| accepted.weight(coding);
    let best = there
        .filter(|&(coding, _)| weight(coding) > 0)
        .max_by_key(|&(coding, length)| (weight(coding), Reverse(length)))
        .map(|(coding, _)| coding);
    let may_make = match best {
        None => making != Making::Never,
        Some(coding) => coding == Coding::Identity && making == Making::Worth,
    };
    if may_make {
        let made = Coding::ALL
            .into_iter()
            .filter(|&coding| coding != Coding::Identity && weight(coding) > 0)
            .max_by_key(|&coding| (weight(coding), Reverse(coding)));
        if let Some(made) = made
            && best.is_none_or(|best| weight(made) >= weight(best))
        {
            return Some(Choice::Made(made));
        }
    }
    best.map(Choice::There)
}

#[cfg(test)]
mod tests {
    use super::Choice::{Made, There};
    use super::Coding::{Brotli, Gzip, Identity, Zstandard};
    use super::*;
    use http::header::ACCEPT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    fn chosen(accept: &'static str, beside: &[(Coding, u64)], making: Making) -> Option<Choice> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        let there = [(Identity, 1000)].into_iter().chain(beside.iter().copied());
        choose(&Accepted::of(&headers), there, making)
    }

    #[test]
    fn what_is_liked_best_comes_before_what_is_smallest() {
        let beside = [(Brotli, 300), (Zstandard, 400), (Gzip, 500)];
        for (accept, expected) in [
            ("", Some(There(Identity))),
            ("gzip", Some(There(Gzip))),
            ("gzip, zstd", Some(There(Zstandard))),
            ("gzip, br, zstd", Some(There(Brotli))),
            ("gzip, br;q=0.9", Some(There(Gzip))),
            ("identity, br;q=0.9", Some(There(Identity))),
            ("identity, br", Some(There(Brotli))),
            ("identity;q=0, gzip;q=0.1", Some(There(Gzip))),
            ("*", Some(There(Brotli))),
            ("*;q=0", None),
            ("deflate, identity;q=0", None),
        ] {
            assert_eq!(chosen(accept, &beside, Making::Never), expected, "{accept}");
        }
    }

    #[test]
    fn a_coding_is_made_where_none_lies_there_and_it_is_worth_it() {
        for (accept, beside, making, expected) in [
            ("gzip, br", &[][..], Making::Worth, Some(Made(Brotli))),
            ("gzip, br;q=0.5", &[], Making::Worth, Some(Made(Gzip))),
            ("gzip, br", &[(Gzip, 500)], Making::Worth, Some(There(Gzip))),
            ("br", &[(Gzip, 500)], Making::Worth, Some(Made(Brotli))),
            (
                "gzip;q=0.5, identity",
                &[],
                Making::Worth,
                Some(There(Identity)),
            ),
            ("gzip", &[], Making::AtNeed, Some(There(Identity))),
            ("gzip, identity;q=0", &[], Making::AtNeed, Some(Made(Gzip))),
            ("gzip, identity;q=0", &[], Making::Never, None),
        ] {
            assert_eq!(
                chosen(accept, beside, making),
                expected,
                "{accept} {beside:?}"
            );
        }
    }
}
