//! Which site, and to which scheme.

use super::*;

#[test]
fn a_host_has_its_own_folder() {
    block_on(async {
        let folders = ["a", "b", "other"].map(|name| folder(&[("name", name)]));
        let [a, b, other] = &folders;
        let mut sites = [site(a), site(b), site(other)];
        sites[0].hosts = vec!["a.example".into()];
        sites[1].hosts = vec!["*.b.example".into()];
        let sites = Sites::open(&sites, &Store::default()).expect("they can be served");
        let (mut client, _draining) = connect(sites);
        for (target, host, expected) in [
            ("/name", "a.example", "a"),
            ("/name", "A.EXAMPLE.:8080", "a"),
            ("/name", "x.b.example", "b"),
            ("/name", "b.example", "other"),
            ("/name", "", "other"),
            ("http://a.example/name", "x.b.example", "a"),
            ("http://x.b.example:80/name", "a.example", "b"),
        ] {
            let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let reply = client.ask(&request).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.content, expected.as_bytes(), "{target} {host}");
        }
    });
}

#[test]
fn a_host_that_is_nobodys_is_told_so() {
    block_on(async {
        for scheme in [Scheme::Http, Scheme::HttpToHttps(443), Scheme::Https] {
            let mut world = world(scheme, &[("index.html", "")], |site| {
                site.hosts = vec!["b.example".into()];
            });
            let reply = world.get("/").await;
            assert_eq!((reply.status, reply.field("location")), (421, None));
        }
    });
}

#[test]
fn what_replaces_a_site_is_served_at_once_and_what_cannot_be_replaces_nothing() {
    block_on(async {
        let [old, new] = ["old", "new"].map(|name| folder(&[("name", name)]));
        let sites = Sites::open(&[site(&old)], &Store::default()).expect("it can be served");
        let (mut client, _draining) = connect(sites.over(Scheme::Https));
        assert_eq!(client.get("/name").await.content, b"old");
        let error = sites
            .replace(&[site(&new), site(new.path().join("x"))], &Store::default())
            .expect_err("two answer to every name");
        assert_eq!(error.site, 1);
        assert_eq!(client.get("/name").await.content, b"old");
        sites
            .replace(&[site(&new)], &Store::default())
            .expect("it can be served");
        assert_eq!(client.get("/name").await.content, b"new");
    });
}

#[test]
fn a_rule_that_cannot_be_kept_is_an_error_of_its_site() {
    let folder = folder(&[]);
    let mut sites = [site(&folder), site(&folder)];
    sites[0].hosts = vec!["a".into()];
    sites[1].fallback = Some("no-slash".into());
    let error = Sites::open(&sites, &Store::default()).expect_err("it leads nowhere");
    assert_eq!(error.site, 1);
    assert_eq!(error.error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.error.to_string().contains("`no-slash`"));
}

#[test]
fn plain_http_leads_to_tls_but_for_the_challenge() {
    block_on(async {
        let challenge = (".well-known/acme-challenge/token", "proof");
        let mut world = world(Scheme::HttpToHttps(8443), &[challenge], |_| {});
        let reply = world.ask("POST", "/a?b", &["Content-Length: 0"]).await;
        assert_eq!(reply.status, 308);
        let location = Some("https://a.example:8443/a?b");
        assert_eq!(reply.field("location"), location);
        let reply = world.get("/.well-known/acme-challenge/token").await;
        assert_eq!((reply.status, &*reply.content), (200, &b"proof"[..]));
        let reply = world.client.ask("GET / HTTP/1.0\r\n\r\n").await;
        assert_eq!((reply.status, reply.field("location")), (400, None));
    });
}

#[test]
fn a_websocket_stands_before_sites_as_before_files() {
    block_on(async {
        let folder = folder(&[("a", "file")]);
        let sites = Sites::open(&[site(&folder)], &Store::default()).expect("it can be served");
        let (mut client, _draining) = connect(WebSocketAt::new("/ws", echo, sites));
        assert_eq!(client.get("/a").await.status, 200);
        assert_eq!(client.get("/ws").await.status, 426);
        let reply = client
            .ask(
                "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            )
            .await;
        assert_eq!(reply.status, 101);
    });
}
