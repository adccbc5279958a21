//! Which certificate is shown to whom.

use super::certificate::Certificate;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::Arc;

/// The certificates of a server, by the name that the client asks for (SNI, RFC 6066 section 3): the one that says the name,
/// else one that stands for all names beside it, else the first.
#[derive(Debug)]
pub(super) struct ByName {
    first: Arc<CertifiedKey>,
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows `*.`.
    wildcard: HashMap<String, Arc<CertifiedKey>>,
}

impl ByName {
    /// Of one certificate or more; where two say the same name, the earlier one answers to it.
    pub(super) fn new(first: &Certificate, more: &[Certificate]) -> Self {
        let mut by_name = Self {
            first: first.key.clone(),
            exact: HashMap::new(),
            wildcard: HashMap::new(),
        };
        for certificate in std::iter::once(first).chain(more) {
            for name in &certificate.names {
                let (names, name) = match name.strip_prefix("*.") {
                    Some(rest) => (&mut by_name.wildcard, rest),
                    None => (&mut by_name.exact, &**name),
                };
                names
                    .entry(name.to_owned())
                    .or_insert_with(|| certificate.key.clone());
            }
        }
        by_name
    }

    fn of(&self, name: Option<&str>) -> &Arc<CertifiedKey> {
        let Some(name) = name else { return &self.first };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        // A wildcard stands for one label (RFC 9525 section 6.3).
        let beside = || {
            let (_, rest) = name.split_once('.')?;
            self.wildcard.get(rest)
        };
        self.exact.get(&name).or_else(beside).unwrap_or(&self.first)
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.of(hello.server_name()).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::self_signed::self_signed;

    #[test]
    fn the_name_decides_then_the_wildcard_then_the_first() {
        let certificate = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            self_signed(&names).expect("the names are names")
        };
        let first = certificate(&["first.example"]);
        let more = [
            certificate(&["*.example.org", "example.net"]),
            certificate(&["www.example.org", "first.example"]),
        ];
        let by_name = ByName::new(&first, &more);
        let shown = |name| {
            let shown = by_name.of(name);
            let all = [&first, &more[0], &more[1]];
            all.iter()
                .position(|certificate| Arc::ptr_eq(&certificate.key, shown))
        };
        assert_eq!(shown(Some("www.example.org")), Some(2));
        assert_eq!(shown(Some("WWW.example.ORG.")), Some(2));
        assert_eq!(shown(Some("api.example.org")), Some(1));
        assert_eq!(shown(Some("a.api.example.org")), Some(0));
        assert_eq!(shown(Some("example.net")), Some(1));
        assert_eq!(shown(Some("example.org")), Some(0));
        assert_eq!(shown(Some("first.example")), Some(0));
        assert_eq!(shown(None), Some(0));
    }
}
