//! What pages of other origins are told.

use super::*;

const PREFLIGHT: [&str; 3] = [
    "Origin: https://b.example",
    "Access-Control-Request-Method: GET",
    "Access-Control-Request-Headers: x-a",
];

fn cors(origins: &[&str]) -> Option<Cors> {
    Some(Cors {
        origins: origins.iter().map(|&origin| origin.into()).collect(),
        allow_headers: vec![HeaderName::from_static("x-a"), http::header::RANGE],
        expose_headers: vec![http::header::ETAG],
        max_age: Some(Duration::from_secs(600)),
    })
}

#[test]
fn a_preflight_is_told_what_may_be_asked() {
    block_on(async {
        let mut world = world(Scheme::Http, &[], |site| {
            site.cors = cors(&["https://b.example"]);
            site.redirects = vec![Redirect {
                from: pattern("**"),
                to: "/elsewhere".into(),
                status: StatusCode::FOUND,
            }];
        });
        let reply = world.ask("OPTIONS", "/a", &PREFLIGHT).await;
        assert_eq!(reply.status, 204);
        for (name, value) in [
            ("access-control-allow-origin", "https://b.example"),
            ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
            ("access-control-allow-headers", "x-a, range"),
            ("access-control-max-age", "600"),
            ("vary", "Origin"),
            ("allow", "GET, HEAD, OPTIONS"),
        ] {
            assert_eq!(reply.field(name), Some(value), "{name}");
        }
        assert_eq!(reply.field("access-control-allow-credentials"), None);
        // No preflight is one without its method.
        let reply = world.ask("OPTIONS", "/a", &PREFLIGHT[..1]).await;
        assert_eq!(reply.field("access-control-allow-methods"), None);
    });
}

#[test]
fn other_origins_are_told_nothing_and_caches_are_told_why() {
    block_on(async {
        let mut world = world(Scheme::Http, &[("a", "1")], |site| {
            site.cors = cors(&["https://b.example"]);
        });
        for (target, lines, allowed) in [
            (
                "/a",
                &["Origin: https://b.example"][..],
                Some("https://b.example"),
            ),
            (
                "/x",
                &["Origin: https://b.example"],
                Some("https://b.example"),
            ),
            ("/a", &["Origin: https://c.example"], None),
            ("/a", &["Origin: https://b.example.c.example"], None),
            ("/a", &["Origin: http://b.example"], None),
            ("/a", &["Origin: null"], None),
            ("/a", &[], None),
        ] {
            let reply = world.ask("GET", target, lines).await;
            assert_eq!(
                reply.field("access-control-allow-origin"),
                allowed,
                "{lines:?}"
            );
            let exposed = allowed.map(|_| "etag");
            assert_eq!(reply.field("access-control-expose-headers"), exposed);
            assert!(reply.fields("vary").any(|vary| vary == "Origin"));
        }
    });
}

#[test]
fn every_origin_is_told_the_same() {
    block_on(async {
        let mut world = world(Scheme::Http, &[("a", "1")], |site| site.cors = cors(&[]));
        for lines in [&["Origin: https://b.example"][..], &[]] {
            let reply = world.ask("GET", "/a", lines).await;
            assert_eq!(reply.field("access-control-allow-origin"), Some("*"));
            assert!(!reply.fields("vary").any(|vary| vary == "Origin"));
        }
        let reply = world.ask("OPTIONS", "/a", &PREFLIGHT).await;
        assert_eq!(reply.field("access-control-allow-origin"), Some("*"));
    });
}
