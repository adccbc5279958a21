//! What is answered, and with which lines.

use super::*;

#[test]
fn redirects_come_before_files_and_rewrites_are_not_told() {
    block_on(async {
        let files = [
            ("old", "old"),
            ("inner/new", "new"),
            ("inner/folder/index.html", "index"),
        ];
        let mut world = world(Scheme::Http, &files, |site| {
            site.redirects = vec![Redirect {
                from: pattern("/old"),
                to: "/shown/new".into(),
                status: StatusCode::MOVED_PERMANENTLY,
            }];
            site.rewrites = vec![Rewrite {
                from: pattern("/shown/**"),
                to: "/inner/$1".into(),
            }];
        });
        let reply = world.get("/old?q=1").await;
        assert_eq!(reply.status, 301);
        assert_eq!(reply.field("location"), Some("/shown/new?q=1"));
        assert_eq!(world.get("/shown/new?q=1").await.content, b"new");
        let reply = world.get("/shown/folder?q").await;
        assert_eq!(reply.status, 301);
        assert_eq!(reply.field("location"), Some("./folder/?q"));
        assert_eq!(world.get("/shown/folder/").await.content, b"index");
        for target in ["/shown/../old", "/shown/%2e%2e/old", "/shown//old"] {
            assert_eq!(world.get(target).await.status, 404, "{target}");
        }
    });
}

#[test]
fn a_folder_behind_a_rewrite_is_found_without_going_round() {
    block_on(async {
        let mut world = world(Scheme::Http, &[("b/index.html", "index")], |site| {
            site.rewrites = vec![Rewrite {
                from: pattern("/a/"),
                to: "/b".into(),
            }];
        });
        let reply = world.get("/a/").await;
        assert_eq!((reply.status, &*reply.content), (200, &b"index"[..]));
    });
}

/// A file `/a.js` with rules for it.
fn with_lines(scheme: Scheme) -> World {
    world(scheme, &[("a.js", "1"), ("b", "2")], |site| {
        let line = |pattern_of, name: &'static str, value| {
            let name = HeaderName::from_static(name);
            (pattern(pattern_of), name, HeaderValue::from_static(value))
        };
        site.cache_control = vec![(pattern("*.js"), HeaderValue::from_static("max-age=9"))];
        site.headers = vec![
            line("*.js", "x-rule", "js"),
            line("**", "referrer-policy", "no-referrer"),
        ];
        site.hsts = Some(Hsts {
            max_age: Duration::from_secs(60),
            include_subdomains: true,
            preload: false,
        });
    })
}

#[test]
fn lines_are_on_every_answer() {
    block_on(async {
        let mut world = with_lines(Scheme::Https);
        let reply = world.get("/a.js").await;
        let had = format!(
            "If-None-Match: {}",
            reply.field("etag").expect("it has one")
        );
        for (method, target, lines, status) in [
            ("GET", "/a.js", vec![], 200),
            ("HEAD", "/a.js", vec![], 200),
            ("GET", "/a.js", vec![&*had], 304),
            ("GET", "/x.js", vec![], 404),
            ("OPTIONS", "/a.js", vec![], 204),
            ("DELETE", "/a.js", vec![], 405),
        ] {
            let reply = world.ask(method, target, &lines).await;
            assert_eq!(reply.status, status, "{method} {target}");
            assert_eq!(reply.field("x-rule"), Some("js"), "{status}");
            assert_eq!(reply.field("x-frame-options"), Some("SAMEORIGIN"));
            // A rule has the last word.
            assert_eq!(reply.field("referrer-policy"), Some("no-referrer"));
            let hsts = Some("max-age=60; includeSubDomains");
            assert_eq!(reply.field("strict-transport-security"), hsts);
            let cache_control = reply.field("cache-control");
            match status {
                200 | 204 | 304 => assert_eq!(cache_control, Some("max-age=9"), "{status}"),
                _ => assert_eq!(cache_control, Some("no-store"), "{status}"),
            }
        }
        let reply = world.get("/b").await;
        assert_eq!(
            (reply.field("x-rule"), reply.field("cache-control")),
            (None, None)
        );
    });
}

#[test]
fn over_tcp_nothing_is_said_of_tls() {
    block_on(async {
        let mut world = with_lines(Scheme::Http);
        let reply = world.get("/a.js").await;
        assert_eq!(reply.field("x-rule"), Some("js"));
        assert_eq!(reply.field("strict-transport-security"), None);
        assert_eq!(reply.field("x-frame-options"), None);
    });
}

#[test]
fn without_rules_tls_has_its_lines_all_the_same() {
    block_on(async {
        for (scheme, expected) in [(Scheme::Http, None), (Scheme::Https, Some("SAMEORIGIN"))] {
            let mut world = world(scheme, &[("a", "1")], |_| {});
            for target in ["/a", "/x"] {
                let reply = world.get(target).await;
                assert_eq!(reply.field("x-frame-options"), expected, "{target}");
            }
        }
    });
}

#[test]
fn what_may_be_done_is_said_to_who_asks_and_to_who_does_something_else() {
    block_on(async {
        let ruled: [fn(&mut SiteOptions); 2] = [|_| {}, |site| site.cors = Some(Cors::default())];
        for rules in ruled {
            let mut world = world(Scheme::Http, &[("a", "1")], rules);
            for target in ["/a", "*", "/x"] {
                let reply = world.ask("OPTIONS", target, &[]).await;
                assert_eq!(reply.status, 204, "{target}");
                assert_eq!(reply.field("allow"), Some("GET, HEAD, OPTIONS"));
                // RFC 9110 section 8.6.
                assert_eq!(reply.field("content-length"), None);
            }
            for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
                let reply = world.ask(method, "/a", &["Content-Length: 0"]).await;
                assert_eq!(reply.status, 405, "{method}");
                assert_eq!(reply.field("allow"), Some("GET, HEAD, OPTIONS"));
            }
            let reply = world.ask("BREW", "/a", &[]).await;
            assert_eq!((reply.status, reply.field("allow")), (501, None));
            assert_eq!(world.get("/a").await.content, b"1");
        }
    });
}
