//! What is not there, and what is not to be had now.

use super::*;

const FILES: [(&str, &str); 5] = [
    ("place", "a file without a dot"),
    ("app.html", "the program"),
    ("404.html", "not here"),
    ("405.html", "not so"),
    ("a.txt", "0123456789"),
];

const HTML: &str = "Accept: text/html,*/*;q=0.8";

#[test]
fn the_program_answers_who_wants_a_page_and_nobody_else() {
    block_on(async {
        let mut world = world(Scheme::Http, &FILES, |site| {
            site.fallback = Some("/app.html".into());
        });
        for (method, target, lines, status) in [
            ("GET", "/some/place", &[HTML][..], 200),
            ("GET", "/some/place/?q", &[HTML], 200),
            ("HEAD", "/some/place", &[HTML], 200),
            ("GET", "/some/place.js", &[HTML], 404),
            ("GET", "/some/place", &["Accept: */*"], 404),
            ("GET", "/some/place", &[], 404),
            ("GET", "/some/../place", &[HTML], 404),
            ("GET", "/some%2fplace", &[HTML], 404),
            ("POST", "/some/place", &[HTML, "Content-Length: 0"], 405),
        ] {
            let reply = world.ask(method, target, lines).await;
            assert_eq!(reply.status, status, "{method} {target} {lines:?}");
            let is_program = reply.content == b"the program";
            assert_eq!(is_program, status == 200 && method == "GET", "{target}");
            let varies = reply.fields("vary").any(|vary| vary == "Accept");
            let may_be_a_place = ["/some/place", "/some/place/?q"].contains(&target);
            assert_eq!(varies, may_be_a_place && status != 405, "{target}");
        }
        let reply = world.ask("GET", "/a.txt", &[HTML]).await;
        assert_eq!(reply.content, b"0123456789");
        // Whoever asks for what is there gets it.
        let reply = world.ask("GET", "/place", &[]).await;
        assert_eq!((reply.status, reply.field("vary")), (200, None));
    });
}

#[test]
fn an_error_has_its_page_whatever_part_was_wanted() {
    block_on(async {
        let mut world = world(Scheme::Http, &FILES, |site| {
            site.error_pages = vec![
                (StatusCode::NOT_FOUND, "/404.html".into()),
                (StatusCode::METHOD_NOT_ALLOWED, "/405.html".into()),
                (StatusCode::FORBIDDEN, "/not-there.html".into()),
            ];
        });
        for lines in [
            &[][..],
            &["If-None-Match: *"],
            &["If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"],
            &["Range: bytes=0-1"],
        ] {
            let reply = world.ask("GET", "/x", lines).await;
            assert_eq!((reply.status, &*reply.content), (404, &b"not here"[..]));
            assert_eq!(
                reply.field("content-type"),
                Some("text/html; charset=utf-8")
            );
            assert_eq!(reply.field("cache-control"), Some("no-store"));
            for name in ["last-modified", "etag", "accept-ranges", "content-range"] {
                assert_eq!(reply.field(name), None, "{name}");
            }
        }
        let reply = world.ask("HEAD", "/x", &[]).await;
        assert_eq!(reply.status, 404);
        assert_eq!(reply.field("content-length"), Some("8"));
        let reply = world.ask("DELETE", "/a.txt", &[]).await;
        assert_eq!((reply.status, &*reply.content), (405, &b"not so"[..]));
        assert_eq!(reply.field("allow"), Some("GET, HEAD, OPTIONS"));
        // The page itself is a page like others.
        assert_eq!(world.get("/404.html").await.status, 200);
    });
}

#[test]
fn a_page_that_is_missing_is_replaced_by_ours() {
    block_on(async {
        let mut world = world(Scheme::Http, &[], |site| {
            site.error_pages = vec![(StatusCode::NOT_FOUND, "/404.html".into())];
        });
        let reply = world.get("/x").await;
        assert_eq!(reply.status, 404);
        let html = String::from_utf8(reply.content).expect("it is UTF-8");
        assert!(html.contains("404 Not Found"));
        fs::write(world.around.path().join("404.html"), "here now").expect("it is ours");
        assert_eq!(world.get("/x").await.content, b"here now");
    });
}

#[test]
fn a_site_in_maintenance_says_so_to_everybody() {
    block_on(async {
        for (page, expected) in [
            (None, "being worked on"),
            (Some("/404.html".into()), "not here"),
        ] {
            let mut world = world(Scheme::Http, &FILES, |site| {
                site.maintenance = Some(Maintenance {
                    page: page.clone(),
                    retry_after: Some(Duration::from_millis(1500)),
                });
                site.fallback = Some("/app.html".into());
            });
            for (method, target) in [
                ("GET", "/a.txt"),
                ("GET", "/x"),
                ("OPTIONS", "/"),
                ("POST", "/"),
            ] {
                let reply = world
                    .ask(method, target, &["Content-Length: 0", HTML])
                    .await;
                assert_eq!(reply.status, 503);
                assert_eq!(reply.field("retry-after"), Some("2"));
                assert_eq!(reply.field("cache-control"), Some("no-store"));
                let html = String::from_utf8(reply.content).expect("it is UTF-8");
                assert!(html.contains(expected), "{html}");
            }
        }
    });
}
