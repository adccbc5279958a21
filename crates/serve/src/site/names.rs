//! Which site a name of a host is for.

use http::Request;
use http::header::HOST;
use std::collections::HashMap;

/// The longest name of a host, in bytes (RFC 1035 section 2.3.4, without the lengths of its labels).
const LONGEST: usize = 253;

/// The names that sites answer to, in lower case and without the dot that may end a name (RFC 1034 section 3.1).
#[derive(Debug, Default)]
pub(super) struct Names {
    whole: HashMap<Box<[u8]>, usize>,
    /// What follows the first label of those that may begin with any.
    after_a_label: HashMap<Box<[u8]>, usize>,
    /// Who answers to all other names.
    other: Option<usize>,
}

impl Names {
    /// The names of sites, in the order of the sites; or which site cannot have its names, and why.
    pub(super) fn of<'a>(
        sites: impl IntoIterator<Item = &'a [String]>,
    ) -> Result<Self, (usize, String)> {
        let mut names = Self::default();
        for (site, hosts) in sites.into_iter().enumerate() {
            if hosts.is_empty()
                && let Some(other) = names.other.replace(site)
            {
                let error = format!(
                    "it has no hosts, and neither has site {other}: only one can answer to every other name"
                );
                return Err((site, error));
            }
            for host in hosts {
                names.add(host, site).map_err(|error| (site, error))?;
            }
        }
        Ok(names)
    }

    fn add(&mut self, host: &str, site: usize) -> Result<(), String> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let (names, name) = match host.strip_prefix("*.") {
            Some(rest) => (&mut self.after_a_label, rest),
            None => (&mut self.whole, host),
        };
        if !is_host(name.as_bytes()) {
            return Err(format!(
                "`{host}` is no name of a host: write it without a port, as `example.org`, `*.example.org` or `[::1]` \
                 (what is not ASCII as `xn--…`)"
            ));
        }
        let name = name.to_ascii_lowercase().into_bytes().into_boxed_slice();
        match names.insert(name, site) {
            Some(other) if other != site => Err(format!(
                "site {other} answers to `{host}` already: only one can"
            )),
            _ => Ok(()),
        }
    }

    /// The site that answers to `host`: by its whole name, by what follows its first label, or because no other does.
    pub(super) fn find(&self, host: &[u8]) -> Option<usize> {
        if self.whole.is_empty() && self.after_a_label.is_empty() {
            return self.other;
        }
        self.find_named(host).or(self.other)
    }

    fn find_named(&self, host: &[u8]) -> Option<usize> {
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut letters = [0; LONGEST];
        let name = letters.get_mut(..host.len())?;
        name.copy_from_slice(host);
        name.make_ascii_lowercase();
        let name = &*name;
        self.whole.get(name).copied().or_else(|| {
            let (label, rest) = name.split_at(memchr::memchr(b'.', name)?);
            let site = self.after_a_label.get(&rest[1..])?;
            (!label.is_empty()).then_some(*site)
        })
    }
}

/// The host that a request is for, without its port; nothing where it names none. The authority of its target wins over
/// the Host line (RFC 9112 section 3.2.2).
pub(super) fn host<B>(request: &Request<B>) -> &[u8] {
    host_and_port(request).0
}

/// The host that a request is for, and what it says of the port: nothing, or a colon and perhaps a number.
pub(super) fn host_and_port<B>(request: &Request<B>) -> (&[u8], &[u8]) {
    if let Some(authority) = request.uri().authority() {
        let (_, authority) = authority
            .as_str()
            .rsplit_once('@')
            .unwrap_or(("", authority.as_str()));
        return split_port(authority.as_bytes());
    }
    let host = request.headers().get(HOST);
    split_port(host.map_or(b"", |host| host.as_bytes()))
}

pub(super) fn split_port(authority: &[u8]) -> (&[u8], &[u8]) {
    // The colons of an IPv6 address stand in brackets (RFC 3986 section 3.2.2).
    let end = if authority.starts_with(b"[") {
        memchr::memchr(b']', authority).map(|bracket| bracket + 1)
    } else {
        memchr::memchr(b':', authority)
    };
    authority.split_at(end.unwrap_or(authority.len()))
}

/// Whether this may stand in an address of ours: a name of letters that names of hosts are made of, or an address of IPv6
/// in brackets. RFC 3986 would have more, and what it would have besides is in no name that anybody has.
pub(super) fn is_host(host: &[u8]) -> bool {
    if let Some(address) = host.strip_prefix(b"[") {
        let address = address.strip_suffix(b"]");
        return address
            .and_then(|address| std::str::from_utf8(address).ok())
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    }
    let host = host.strip_suffix(b".").unwrap_or(host);
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &[u8]| !label.is_empty() && label.iter().all(is_letter);
    host.len() <= LONGEST && host.split(|&byte| byte == b'.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sites: &[&[&str]]) -> Result<Names, (usize, String)> {
        let owned = |hosts: &&[&str]| hosts.iter().map(|&host| host.into()).collect();
        let sites: Vec<Vec<String>> = sites.iter().map(owned).collect();
        Names::of(sites.iter().map(Vec::as_slice))
    }

    #[test]
    fn a_name_is_a_sites_in_any_case_and_with_a_dot() {
        let names = names(&[
            &["example.org", "WWW.example.org."],
            &["*.example.org"],
            &[],
        ])
        .expect("each name is one site's");
        for (host, site) in [
            ("example.org", 0),
            ("EXAMPLE.org.", 0),
            ("www.example.org", 0),
            ("a.example.org", 1),
            ("A.Example.ORG.", 1),
            // One label longer, no more.
            ("b.a.example.org", 2),
            (".example.org", 2),
            ("example.com", 2),
            ("", 2),
            (".", 2),
            ("..", 2),
        ] {
            assert_eq!(names.find(host.as_bytes()), Some(site), "{host}");
        }
        assert_eq!(names.find(&[b'a'; 10_000]), Some(2));
    }

    #[test]
    fn without_a_site_for_the_others_they_have_none() {
        let names = names(&[&["a"], &["[::1]", "127.0.0.1"]]).expect("each name is one site's");
        assert_eq!(names.find(b"b"), None);
        assert_eq!(names.find(b""), None);
        assert_eq!(names.find(b"[::1]"), Some(1));
        assert_eq!(names.find(b"127.0.0.1"), Some(1));
    }

    #[test]
    fn a_name_is_one_sites() {
        for (sites, site, word) in [
            (&[&["a"][..], &["A."]][..], 1, "site 0 answers to `A`"),
            (&[&["*.a"], &["b"], &["*.A"]], 2, "site 0"),
            (&[&[], &["a"], &[]], 2, "neither has site 0"),
            (&[&["a:80"]], 0, "without a port"),
            (&[&["a b"]], 0, "no name"),
            (&[&["*"]], 0, "no name"),
            (&[&["a.*.b"]], 0, "no name"),
            (&[&[""]], 0, "no name"),
            (&[&["bücher.example"]], 0, "xn--"),
        ] {
            let (found, error) = names(sites).expect_err("it cannot be");
            assert_eq!(found, site, "{error}");
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn the_targets_authority_wins_and_the_port_is_nobodys() {
        for (target, line, expected) in [
            ("/", "a", "a"),
            ("/", "a:80", "a"),
            ("/", "[::1]:80", "[::1]"),
            ("/", "[::1]", "[::1]"),
            ("/", "", ""),
            ("http://b/", "a", "b"),
            ("http://b:8080/", "a", "b"),
            ("http://user@b/", "a", "b"),
            ("http://[::2]:1/", "a", "[::2]"),
        ] {
            let request = Request::builder().uri(target).header(HOST, line).body(());
            let request = request.expect("it is well formed");
            let found = host(&request);
            assert_eq!(found, expected.as_bytes(), "{target} {line}");
        }
    }

    #[test]
    fn a_host_is_made_of_the_letters_of_hosts() {
        for host in ["a", "a-b.c_d.example.", "127.0.0.1", "[::1]"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "", ".", "a..b", "a/b", "a\\b", "a@b", "a b", "a%41", "[::1", "[x]", "a\r\n", "ä",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
