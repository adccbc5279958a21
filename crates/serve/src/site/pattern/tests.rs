use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).expect("it is a pattern")
}

fn stars<'p>(text: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let captures = pattern(text).captures(path.as_bytes())?;
    let stood_for = captures.iter().skip(1).map(|group| {
        let bytes = group.expect("no star is optional").as_bytes();
        std::str::from_utf8(bytes).expect("the path is a string")
    });
    Some(stood_for.collect())
}

#[test]
fn a_star_stays_in_its_segment_and_two_do_not() {
    for (text, path, matches) in [
        ("/a", "/a", true),
        ("/a", "/a/", false),
        ("/a", "/ab", false),
        ("/a/*", "/a/b", true),
        ("/a/*", "/a/", true),
        ("/a/*", "/a/b/c", false),
        ("/a/**", "/a/b/c", true),
        ("/a/**", "/a", false),
        ("/**/c", "/a/b/c", true),
        ("**", "/", true),
        ("**/b", "/a/b", true),
        ("/?", "/ä", true),
        ("/?", "//", false),
        ("/?", "/", false),
        ("/a.b", "/axb", false),
        ("/(a|b)+[c]{1}^$", "/(a|b)+[c]{1}^$", true),
        ("/A", "/a", false),
        ("/*", "/a\nb", true),
        ("/**", "/a\nb", true),
        ("/?", "/\n", true),
    ] {
        assert_eq!(
            pattern(text).matches(path.as_bytes()),
            matches,
            "{text} {path}"
        );
    }
}

#[test]
fn without_a_slash_it_is_for_the_last_segment() {
    for (text, path, matches) in [
        ("*.html", "/a/b.html", true),
        ("*.html", "/b.html", true),
        ("*.html", "/b.html/", false),
        ("*.html", "/b.html/c", false),
        ("robots.txt", "/a/robots.txt", true),
        ("*", "/a/", true),
        ("**", "/a/b", true),
    ] {
        assert_eq!(
            pattern(text).matches(path.as_bytes()),
            matches,
            "{text} {path}"
        );
    }
    assert_eq!(stars("*.*", "/a.b/c.d"), Some(vec!["c", "d"]));
}

#[test]
fn the_first_star_takes_as_much_as_it_can() {
    assert_eq!(stars("/*-*", "/a-b-c"), Some(vec!["a-b", "c"]));
    assert_eq!(stars("/**/*", "/a/b/c"), Some(vec!["a/b", "c"]));
    assert_eq!(stars("/*/x/**", "/a/x/"), Some(vec!["a", ""]));
    assert_eq!(stars("/a?", "/ab"), Some(vec![]));
    assert_eq!(pattern("/*/**?").stars(), 2);
}

#[test]
fn a_star_stands_for_bytes_that_are_no_text() {
    assert!(pattern("/*").matches(b"/\xff\xfe"));
    assert!(pattern("/**").matches(b"/\xff/\xfe"));
    assert!(!pattern("/?").matches(b"/\xff"));
}

#[test]
fn what_can_match_nothing_is_refused_in_words() {
    for (text, word) in [
        ("", "empty"),
        ("a/b", "`/a/b`"),
        ("*/b", "`/*/b`"),
        ("/a\\b", "backslash"),
        ("/a\r\nb", "control"),
        ("/***", "leave one star out"),
        (&"/*?".repeat(100_000), "too long"),
    ] {
        let error = Pattern::parse(text).expect_err("it is no pattern");
        assert!(error.contains(word), "{error}");
    }
}

/// What nested stars took exponential time for elsewhere: this test would not end.
#[test]
fn many_stars_take_no_longer_than_few() {
    let text = format!("/{}b", "*a**a".repeat(30));
    let path = format!("/{}", "a".repeat(8000));
    assert!(!pattern(&text).matches(path.as_bytes()));
    assert!(pattern(&text).captures(path.as_bytes()).is_none());
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    Letter(u8),
    Any,
    Star,
    Stars,
}

/// The same by trying everything: what each star stands for.
fn by_trial<'p>(pieces: &[Piece], path: &'p [u8]) -> Option<Vec<&'p [u8]>> {
    let Some((first, rest)) = pieces.split_first() else {
        return path.is_empty().then(Vec::new);
    };
    match first {
        Piece::Letter(letter) => by_trial(rest, path.strip_prefix(&[*letter])?),
        Piece::Any => by_trial(rest, path.split_first().filter(|(c, _)| **c != b'/')?.1),
        Piece::Star | Piece::Stars => (0..=path.len()).rev().find_map(|length| {
            let (taken, left) = path.split_at(length);
            if *first == Piece::Star && taken.contains(&b'/') {
                return None;
            }
            let mut stood_for = vec![taken];
            stood_for.extend(by_trial(rest, left)?);
            Some(stood_for)
        }),
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        4 => prop::sample::select(&b"ab/."[..]).prop_map(Piece::Letter),
        1 => Just(Piece::Any),
        2 => Just(Piece::Star),
        1 => Just(Piece::Stars),
    ]
}

proptest! {
    #[test]
    fn it_says_what_trying_everything_says(
        mut pieces in vec(piece(), 0..8),
        path in vec(prop::sample::select(&b"ab/."[..]), 0..12),
    ) {
        pieces.insert(0, Piece::Letter(b'/'));
        // Two stars side by side are the other kind, and three are none.
        let is_star = |piece: &Piece| matches!(piece, Piece::Star | Piece::Stars);
        pieces.dedup_by(|right, left| is_star(right) && is_star(left));
        let text: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Letter(letter) => char::from(*letter).to_string(),
                Piece::Any => "?".into(),
                Piece::Star => "*".into(),
                Piece::Stars => "**".into(),
            })
            .collect();
        let path = [b"/", &path[..]].concat();
        let pattern = pattern(&text);
        let expected = by_trial(&pieces, &path);
        prop_assert_eq!(pattern.matches(&path), expected.is_some());
        let captures = pattern.captures(&path);
        let stood_for = captures.as_ref().map(|captures| {
            captures
                .iter()
                .skip(1)
                .map(|group| group.map_or(&b"missing"[..], |group| group.as_bytes()))
                .collect::<Vec<_>>()
        });
        prop_assert_eq!(stood_for, expected);
    }

    #[test]
    fn no_text_is_too_odd(text in ".*", path in vec(any::<u8>(), 0..64)) {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(pattern.matches(&path), pattern.captures(&path).is_some());
        }
    }
}
