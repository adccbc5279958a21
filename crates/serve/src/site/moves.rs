//! Requests that are sent elsewhere, or answered as if another path had been asked for.

use super::address::Address;
use super::names::{host_and_port, split_port};
use super::options::{Redirect, Rewrite};
use super::pattern::Pattern;
use super::template::{Kind, Template};
use crate::pages::page;
use bytes::Bytes;
use http::header::{HeaderValue, LOCATION};
use http::{Request, Response, StatusCode, Uri};

/// A site's redirects and rewrites.
#[derive(Debug, Default)]
pub(super) struct Moves {
    redirects: Vec<(Pattern, Template, StatusCode)>,
    rewrites: Vec<(Pattern, Template)>,
}

impl Moves {
    /// As the options ask, or what is wrong with them.
    pub(super) fn of(redirects: &[Redirect], rewrites: &[Rewrite]) -> Result<Self, String> {
        let redirects = redirects.iter().map(|redirect| {
            let Redirect { from, to, status } = redirect;
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Err(format!(
                    "{} does not lead from `{}` anywhere: write 301, 302, 303, 307 or 308",
                    status.as_u16(),
                    from.as_str()
                ));
            }
            let to = Template::parse(to, Kind::Reference, from.stars())?;
            Ok((from.clone(), to, *status))
        });
        let rewrites = rewrites.iter().map(|Rewrite { from, to }| {
            let to = Template::parse(to, Kind::Path, from.stars())?;
            Ok((from.clone(), to))
        });
        Ok(Self {
            redirects: redirects.collect::<Result<_, String>>()?,
            rewrites: rewrites.collect::<Result<_, String>>()?,
        })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.redirects.is_empty() && self.rewrites.is_empty()
    }

    /// The answer to a request at `address`, if it is one of those that are sent elsewhere.
    pub(super) fn redirect<B>(
        &self,
        request: &Request<B>,
        address: &Address<'_>,
        is_tls: bool,
    ) -> Option<Response<Bytes>> {
        let path = address.plain()?;
        self.redirects.iter().find_map(|(from, to, status)| {
            let to = to.fill(&from.captures(path)?, request.uri().query());
            if leads_to_itself(&to, request, is_tls) {
                return None;
            }
            redirect(*status, &to)
        })
    }

    /// What is looked for instead of `uri`, if anything is.
    pub(super) fn rewrite(&self, uri: &Uri, address: &Address<'_>) -> Option<Uri> {
        let path = address.plain()?;
        self.rewrites.iter().find_map(|(from, to)| {
            let to = to.fill(&from.captures(path)?, uri.query());
            Uri::try_from(to).ok()
        })
    }
}

/// Whether `to` is what was asked for: a client would be led there on and on. So `https://example.org/$1` for every path
/// leads all of a site's other names to this one.
fn leads_to_itself<B>(to: &str, request: &Request<B>, is_tls: bool) -> bool {
    let asked = request.uri().path_and_query().map_or("/", |t| t.as_str());
    if to.starts_with('/') {
        return to == asked;
    }
    let (scheme, ordinary) = if is_tls {
        ("https://", &b":443"[..])
    } else {
        ("http://", &b":80"[..])
    };
    let Some(to) = to.strip_prefix(scheme) else {
        return false;
    };
    let (authority, target) = to.split_at(to.find(['/', '?', '#']).unwrap_or(to.len()));
    let port = |port| Some(port).filter(|port: &&[u8]| *port != ordinary && port.len() > 1);
    let (its_host, its_port) = split_port(authority.as_bytes());
    let (host, hosts_port) = host_and_port(request);
    let is_path = target.starts_with('/');
    its_host.eq_ignore_ascii_case(host)
        && port(its_port) == port(hosts_port)
        && asked.strip_prefix('/') == Some(if is_path { &target[1..] } else { target })
}

/// An answer that leads to `location`; none if that cannot stand in a header line.
pub(super) fn redirect(status: StatusCode, location: &str) -> Option<Response<Bytes>> {
    let location = HeaderValue::try_from(location).ok()?;
    let mut answer = page(status, "What you asked for is at another address.");
    answer.headers_mut().insert(LOCATION, location);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(redirects: &[(&str, &str)], rewrites: &[(&str, &str)]) -> Moves {
        let pattern = |text| Pattern::parse(text).expect("it is a pattern");
        let redirects: Vec<_> = redirects
            .iter()
            .map(|(from, to)| Redirect {
                from: pattern(from),
                to: (*to).into(),
                status: StatusCode::FOUND,
            })
            .collect();
        let rewrites: Vec<_> = rewrites
            .iter()
            .map(|(from, to)| Rewrite {
                from: pattern(from),
                to: (*to).into(),
            })
            .collect();
        Moves::of(&redirects, &rewrites).expect("they lead somewhere")
    }

    fn location(moves: &Moves, target: &str) -> Option<String> {
        led(moves, "a.example", target, false)
    }

    fn led(moves: &Moves, host: &str, target: &str, is_tls: bool) -> Option<String> {
        let request = Request::builder().uri(target).header("host", host).body(());
        let request = request.expect("it is well formed");
        let address = Address::of(request.uri().path());
        let answer = moves.redirect(&request, &address, is_tls)?;
        assert_eq!(answer.status(), StatusCode::FOUND);
        let location = answer.headers()[LOCATION].to_str();
        Some(location.expect("it is ASCII").to_owned())
    }

    fn rewritten(moves: &Moves, target: &str) -> Option<String> {
        let uri: Uri = target.parse().expect("it is a target");
        let uri = moves.rewrite(&uri, &Address::of(uri.path()))?;
        Some(uri.to_string())
    }

    #[test]
    fn the_first_that_matches_leads() {
        let moves = moves(
            &[("/a/*", "/b/$1"), ("/a/**", "/c/$1"), ("*.php", "/")],
            &[("/d", "/e"), ("/d", "/f"), ("/g/**", "/h/$1")],
        );
        assert_eq!(location(&moves, "/a/x?q").as_deref(), Some("/b/x?q"));
        assert_eq!(location(&moves, "/a/x/y").as_deref(), Some("/c/x/y"));
        assert_eq!(location(&moves, "/x/y.php").as_deref(), Some("/"));
        assert_eq!(location(&moves, "/d"), None);
        assert_eq!(rewritten(&moves, "/d?q").as_deref(), Some("/e?q"));
        assert_eq!(rewritten(&moves, "/g/%20/x").as_deref(), Some("/h/%20/x"));
        assert_eq!(rewritten(&moves, "/a/x"), None);
    }

    #[test]
    fn what_leads_to_itself_is_passed_over() {
        let moves = moves(&[("/a*", "/a"), ("/**", "/b")], &[]);
        assert_eq!(location(&moves, "/ax").as_deref(), Some("/a"));
        assert_eq!(location(&moves, "/a").as_deref(), Some("/b"));
        assert_eq!(location(&moves, "/b"), None);
    }

    #[test]
    fn all_names_lead_to_one_and_that_to_no_other() {
        let moves = moves(&[("/**", "https://example.org/$1")], &[]);
        for (host, is_tls, is_led) in [
            ("www.example.org", true, true),
            ("example.org", false, true),
            ("example.org:8443", true, true),
            ("example.org", true, false),
            ("Example.org:443", true, false),
            ("example.org:", true, false),
        ] {
            for target in ["/", "/a/b?q=1"] {
                let expected = is_led.then(|| format!("https://example.org{target}"));
                assert_eq!(led(&moves, host, target, is_tls), expected, "{host}");
            }
        }
    }

    #[test]
    fn no_address_is_led_off_the_host_or_behind_a_rule() {
        let moves = moves(&[("/old**", "/$1")], &[("/shop/**", "/inner/$1")]);
        for target in [
            "/old//elsewhere.example",
            "/old/%2Felsewhere.example",
            "/old/%5Celsewhere.example",
            "/old/\\elsewhere.example",
            "/old/%0d%0aSet-Cookie:a",
            "/old/../x",
        ] {
            assert_eq!(location(&moves, target), None, "{target}");
        }
        assert_eq!(
            location(&moves, "/old/elsewhere.example").as_deref(),
            Some("/elsewhere.example")
        );
        assert_eq!(rewritten(&moves, "/shop/%2e%2e/secret"), None);
        assert_eq!(rewritten(&moves, "/shop/..%2fsecret"), None);
    }

    #[test]
    fn a_redirect_has_a_status_that_redirects() {
        let redirect = Redirect {
            from: Pattern::parse("/a").expect("it is a pattern"),
            to: "/b".into(),
            status: StatusCode::NOT_MODIFIED,
        };
        let error = Moves::of(&[redirect], &[]).expect_err("304 leads nowhere");
        assert!(error.starts_with("304 does not lead from `/a`"), "{error}");
    }
}
