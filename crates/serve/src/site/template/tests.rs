use super::super::pattern::Pattern;
use super::*;
use proptest::prelude::*;

fn filled(from: &str, to: &str, path: &[u8], query: Option<&str>) -> Option<String> {
    let from = Pattern::parse(from).expect("it is a pattern");
    let to = Template::parse(to, Kind::Reference, from.stars()).expect("it is a template");
    Some(to.fill(&from.captures(path)?, query))
}

#[test]
fn stars_are_filled_in_and_the_query_is_kept() {
    for (from, to, path, query, expected) in [
        ("/a/*", "/b/$1", "/a/x", None, "/b/x"),
        ("/a/**", "/b/$1", "/a/x/y", Some("q=1"), "/b/x/y?q=1"),
        ("/*/*", "/$2/$1/", "/a/b", None, "/b/a/"),
        ("/a", "/b?x=1", "/a", Some("q=1"), "/b?x=1&q=1"),
        ("/a", "/b#c", "/a", Some("q=1"), "/b?q=1#c"),
        (
            "/a/*",
            "/b?x=$1",
            "/a/1&y=2 #",
            None,
            "/b?x=1%26y%3D2%20%23",
        ),
        ("/*", "/x/$1", "/ä", None, "/x/%C3%A4"),
        ("/a", "/ä b", "/a", None, "/%C3%A4%20b"),
        ("/a", "/100%25", "/a", None, "/100%25"),
        (
            "/**",
            "https://example.org/$1",
            "/a",
            Some("q"),
            "https://example.org/a?q",
        ),
        (
            "/a",
            "https://example.org",
            "/a",
            None,
            "https://example.org",
        ),
    ] {
        assert_eq!(
            filled(from, to, path.as_bytes(), query).as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn no_star_makes_a_host_of_a_path() {
    for (from, to, path) in [
        ("/old**", "/$1", "/old/elsewhere.example/"),
        ("/**", "/$1", "//elsewhere.example/"),
        ("/**", "/$1", "////elsewhere.example/"),
    ] {
        let filled = filled(from, to, path.as_bytes(), None);
        assert_eq!(filled.as_deref(), Some("/elsewhere.example/"));
    }
}

#[test]
fn what_leads_astray_is_refused_in_words() {
    for (to, word) in [
        ("//elsewhere.example/", "one slash"),
        ("/\\elsewhere.example/", "backslash"),
        ("/a\r\nSet-Cookie: a", "control"),
        ("a", "leads nowhere"),
        ("", "leads nowhere"),
        ("javascript:alert(1)", "leads nowhere"),
        ("https://", "leads nowhere"),
        ("https://$1/", "leads nowhere"),
        ("https://example.org$1", "leads nowhere"),
        ("https://user@example.org/", "leads nowhere"),
        ("/$2", "`$2` stands for nothing"),
        ("/$0", "`$0` stands for nothing"),
        ("/a$", "%24"),
        ("/a$b", "%24"),
        ("/%4", "%25"),
        ("/%zz", "%25"),
        ("/a#$1", "behind a `#`"),
    ] {
        let error = Template::parse(to, Kind::Reference, 1).expect_err("it is refused");
        assert!(error.contains(word), "{to}: {error}");
    }
    for to in ["https://example.org/", "/a?b", "/a#b"] {
        assert!(Template::parse(to, Kind::Path, 1).is_err(), "{to}");
    }
}

proptest! {
    /// Whatever was asked for, a path stays a path of this host, on one line.
    #[test]
    fn a_path_stays_a_path(
        path in proptest::collection::vec(any::<u8>(), 0..40),
        query in proptest::option::of(".{0,20}"),
        to in prop::sample::select(&["/$1", "/a$1", "/$1/$1?$1", "/$1#x"][..]),
    ) {
        let filled = filled("**", to, &path, query.as_deref()).expect("it is for every path");
        prop_assert!(filled.starts_with('/'));
        prop_assert!(!filled.starts_with("//"));
        prop_assert!(filled.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
        prop_assert!(http::HeaderValue::try_from(&filled).is_ok());
    }
}
