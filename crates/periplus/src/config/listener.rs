//! `[[listener]]`: a place to listen.

use super::key::{Heading, key, open};
use super::place::Place;
use super::section::Section;
use super::tls;
use periplus_serve::tls::TlsOptions;
use std::net::Ipv4Addr;

pub(super) const HEADING: Heading = Heading {
    path: "listener",
    many: true,
    about: "A place to listen. Without any, there is the one of the flags: http on 127.0.0.1:8080.",
    keys: &[
        open(
            "protocol",
            "\"http\"",
            "\"http\": the sites. \"kv\": keys and values. It must be given.",
        ),
        open(
            "port",
            "8080",
            "0 to 65535; 0 has a free one chosen. It must be given.",
        ),
        open(
            "address",
            "\"127.0.0.1\"",
            "An address of this host, or with `--nic` the stack's; \"0.0.0.0\" is any. If not given, 127.0.0.1, or the stack's.",
        ),
        open(
            "interface",
            "\"tap0\"",
            "The run is refused where its interface is another, or none.",
        ),
        key(
            "tls",
            "false",
            "Speak TLS: true with a certificate of its own making for localhost, or a section [listener.tls].",
        ),
        open(
            "redirect_to_https",
            "8443",
            "Answer every request by a redirect to https at this port of the same host.",
        ),
        key(
            "https_gateway",
            "false",
            "TLS ends at a gateway in front: what is asked for as https is served, and not answered by 421.",
        ),
    ],
};

/// A `[[listener]]`.
#[derive(Debug)]
pub(crate) struct ListenerSection {
    pub(crate) place: Place,
    pub(crate) protocol: Protocol,
    pub(crate) interface: Option<(String, Place)>,
    pub(crate) address: Option<(Ipv4Addr, Place)>,
    pub(crate) port: u16,
    pub(crate) tls: Option<TlsOptions>,
    /// Where its certificates are named, in their order.
    pub(crate) certificates: Vec<Place>,
    /// The port to which its requests are sent.
    pub(crate) redirect_to_https: Option<u16>,
    /// TLS ends at a gateway in front.
    pub(crate) https_gateway: bool,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP, with the files of the sites.
    Http,
    /// Lines that set and get keys.
    Kv,
}

impl Protocol {
    const NAMES: [(&str, Self); 2] = [(Self::Http.name(), Self::Http), (Self::Kv.name(), Self::Kv)];

    /// Its name in the file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Kv => "kv",
        }
    }
}

impl ListenerSection {
    /// One a section.
    pub(super) fn from_sections(sections: &[Section<'_>]) -> Vec<Self> {
        let is_tls_spoken = sections.iter().any(|section| section.is_on("tls"));
        let listeners = sections.iter().filter_map(|section| {
            let listener = Self::from_section(section)?;
            if listener.redirect_to_https == Some(0) && !is_tls_spoken {
                section.refuse_because(
                    "redirect_to_https",
                    "no listener speaks TLS, so there is no port to lead to",
                    "Name the port at which another server speaks it, as 443, or give a [[listener]] with `tls`.",
                );
            }
            Some(listener)
        });
        listeners.collect()
    }

    fn from_section(section: &Section<'_>) -> Option<Self> {
        let address = |text: &str| text.parse().ok();
        let protocol = section.required(
            section.choice("protocol", &Protocol::NAMES),
            "protocol = \"http\"",
        );
        let port = section.required(section.port("port"), "port = 80");
        let (tls, certificates) = tls::of_listener(section).unzip();
        let listener = Self {
            place: section.place(),
            interface: section.string("interface"),
            address: section.parsed("address", "an IPv4 address, as \"10.77.0.2\"", address),
            tls,
            certificates: certificates.unwrap_or_default(),
            redirect_to_https: section.port("redirect_to_https"),
            https_gateway: section.switch("https_gateway").unwrap_or(false),
            protocol: protocol?,
            port: port?,
        };
        listener.check(section);
        Some(listener)
    }

    /// Refuses what does not go together.
    fn check(&self, section: &Section<'_>) {
        if self.protocol == Protocol::Kv {
            for (key, is_given) in [
                ("tls", self.tls.is_some()),
                ("redirect_to_https", self.redirect_to_https.is_some()),
                ("https_gateway", self.https_gateway),
            ] {
                if is_given {
                    let what = format!(
                        "`{key}` is for a listener that speaks http, and this one speaks kv"
                    );
                    section.refuse_because(key, format!("{}: {what}", self.place), "Leave it out.");
                }
            }
        }
        if self.tls.is_some() && self.redirect_to_https.is_some() {
            section.refuse_because(
                "redirect_to_https",
                "this listener speaks https already, so there is nothing to redirect",
                "Give `redirect_to_https` to a listener without `tls`.",
            );
        }
        if self.https_gateway && (self.tls.is_some() || self.redirect_to_https.is_some()) {
            section.refuse_because(
                "https_gateway",
                "this listener speaks https, or leads to one that does, so no gateway does it for it",
                "Give `https_gateway` to a listener without `tls` and `redirect_to_https`.",
            );
        }
    }
}
