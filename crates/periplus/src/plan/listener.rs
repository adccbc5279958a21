//! A place to listen.

use super::{Interface, usage};
use crate::config::{Config, ListenerSection, Place, Protocol};
use crate::failure::{Failure, Kind};
use crate::options::ServeOptions;
use periplus_serve::site::Scheme;
use periplus_serve::tls::{CertificateFiles, Certificates, Tls, TlsOptions};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where a socket of this host listens unless it is told otherwise: where only its own programs reach it.
const USUAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A listener.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) protocol: Protocol,
    /// On a socket of this host, or on the stack's interface: there any address is the stack's own.
    pub(crate) address: SocketAddrV4,
    pub(crate) tls: Option<TlsOptions>,
    /// The port at which TLS is spoken, to which its requests are sent; 0 is that of the first listener that speaks it.
    pub(crate) redirect_to_https: Option<u16>,
    /// TLS ends at a gateway in front.
    pub(crate) https_gateway: bool,
    pub(crate) asked: Asked,
}

/// Who asked for a listener, and so what is to be changed where it cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `--listen` or `--port`, or nobody.
    Flag,
    /// `--redirect-http`.
    Redirect,
    /// A `[[listener]]`.
    File(Place),
}

/// The listeners of the file, or where it has none those of the flags.
pub(super) fn of(
    options: &ServeOptions,
    config: &Config,
    interface: Option<&Interface>,
) -> Result<Vec<Listener>, Failure> {
    apart(&config.listeners)?;
    let sections = config.listeners.iter();
    let listeners = sections.map(|section| Listener::of(section, interface));
    let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
    match listeners.first() {
        Some(first) => refuse_flag_beside_file(options, first)?,
        None => return of_flags(options, interface),
    }
    Ok(listeners)
}

/// That no two of them are in each other's way.
pub(super) fn apart(sections: &[ListenerSection]) -> Result<(), Failure> {
    for (index, section) in sections.iter().enumerate() {
        let before = sections[..index].iter();
        if let Some(other) = before.clone().find(|other| overlap(section, other)) {
            let (place, port, other) = (&section.place, section.port, &other.place);
            return Err(usage(
                format!("{place}: port {port} is taken by the listener of {other}"),
                "Give one of the two another port or another address.",
            ));
        }
    }
    Ok(())
}

/// What is wrong with the certificates of the listeners of a file.
pub(super) fn faults(sections: &[ListenerSection]) -> Vec<Failure> {
    sections.iter().flat_map(certificates).collect()
}

/// What is wrong with those of one: each is tried by itself, to be told where it is named.
fn certificates(section: &ListenerSection) -> Vec<Failure> {
    let Some(options) = &section.tls else {
        return Vec::new();
    };
    let check = |place: &Place, certificates: Certificates| {
        let options = TlsOptions {
            certificates,
            ..options.clone()
        };
        let error = Tls::new(&options).err()?;
        let what = format!("{place}: cannot speak TLS: {error}");
        Some(Failure::new(Kind::Usage, what))
    };
    match &options.certificates {
        Certificates::Files(files) if !files.is_empty() => {
            let each = section.certificates.iter().zip(files);
            each.filter_map(|(place, file)| check(place, Certificates::Files(vec![file.clone()])))
                .collect()
        }
        other => check(&section.place, other.clone()).into_iter().collect(),
    }
}

/// Whether the two would take the same connections. One without an address has the usual, which is the same for both.
fn overlap(one: &ListenerSection, other: &ListenerSection) -> bool {
    let address = |section: &ListenerSection| section.address.as_ref().map(|(address, _)| *address);
    let (first, second) = (address(one), address(other));
    let any = |address: Option<Ipv4Addr>| address.is_some_and(|address| address.is_unspecified());
    let same = first.unwrap_or(USUAL) == second.unwrap_or(USUAL);
    one.port == other.port && one.port != 0 && (same || any(first) || any(second))
}

/// The listener of the flags, and the one that leads to it.
fn of_flags(
    options: &ServeOptions,
    interface: Option<&Interface>,
) -> Result<Vec<Listener>, Failure> {
    let secure = options.tls_self_signed || options.tls_cert.is_some();
    let address = match interface {
        Some(_) => {
            let usual = if secure { 443 } else { 80 };
            SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, options.port.unwrap_or(usual))
        }
        None => {
            let usual = SocketAddrV4::new(USUAL, if secure { 8443 } else { 8080 });
            options.listen.unwrap_or(usual)
        }
    };
    let listener = Listener {
        protocol: Protocol::Http,
        address,
        tls: tls_of_flags(options, *address.ip(), interface),
        redirect_to_https: None,
        https_gateway: false,
        asked: Asked::Flag,
    };
    let Some(port) = options.redirect_http else {
        return Ok(vec![listener]);
    };
    if !secure {
        return Err(usage(
            "`--redirect-http` leads to TLS, and this run does not speak it",
            "Give a certificate with `--tls-cert` and `--tls-key`, or try `--tls-self-signed`.",
        ));
    }
    let redirect = Listener {
        address: SocketAddrV4::new(*address.ip(), port),
        tls: None,
        redirect_to_https: Some(address.port()),
        asked: Asked::Redirect,
        ..listener.clone()
    };
    if redirect.address == listener.address && port != 0 {
        return Err(usage(
            format!("`--redirect-http {port}` is the port that speaks TLS itself"),
            "Name another port, as 8080.",
        ));
    }
    Ok(vec![listener, redirect])
}

fn tls_of_flags(
    options: &ServeOptions,
    address: Ipv4Addr,
    interface: Option<&Interface>,
) -> Option<TlsOptions> {
    let certificates = match (&options.tls_cert, &options.tls_key) {
        (Some(chain), Some(key)) => Certificates::Files(vec![CertificateFiles {
            chain: chain.clone(),
            key: key.clone(),
        }]),
        _ if options.tls_self_signed => {
            let address = interface.map_or(address, |interface| interface.network.address);
            let address = (!address.is_unspecified()).then(|| address.to_string());
            Certificates::SelfSigned(["localhost".into()].into_iter().chain(address).collect())
        }
        _ => return None,
    };
    Some(TlsOptions {
        certificates,
        ..TlsOptions::default()
    })
}

/// The file's listeners are all there are, so no flag can add to them or change them.
fn refuse_flag_beside_file(options: &ServeOptions, first: &Listener) -> Result<(), Failure> {
    let flags = [
        ("--listen", options.listen.is_some()),
        ("--port", options.port.is_some()),
        ("--tls-self-signed", options.tls_self_signed),
        ("--tls-cert", options.tls_cert.is_some()),
        ("--redirect-http", options.redirect_http.is_some()),
    ];
    let Some((flag, _)) = flags.into_iter().find(|&(_, given)| given) else {
        return Ok(());
    };
    Err(usage(
        format!("`{flag}` says where to listen, and so does {}", first.asked),
        format!("Leave `{flag}` out, or take every [[listener]] out of the file."),
    ))
}

impl Listener {
    /// Of the file's section.
    pub(super) fn of(
        section: &ListenerSection,
        interface: Option<&Interface>,
    ) -> Result<Self, Failure> {
        check_interface(section, interface)?;
        let address = match (&section.address, interface) {
            (None, None) => USUAL,
            (None, Some(_)) => Ipv4Addr::UNSPECIFIED,
            (Some((address, place)), Some(interface))
                if !address.is_unspecified() && *address != interface.network.address =>
            {
                let network = interface.network;
                return Err(usage(
                    format!(
                        "{place}: the stack of this run is {}, not {address}",
                        network.address
                    ),
                    format!(
                        "Leave `address` out, or make it the stack's with `--address {address}/{}`.",
                        network.prefix
                    ),
                ));
            }
            (Some((address, _)), _) => *address,
        };
        Ok(Self {
            protocol: section.protocol,
            address: SocketAddrV4::new(address, section.port),
            tls: section.tls.clone(),
            redirect_to_https: section.redirect_to_https,
            https_gateway: section.https_gateway,
            asked: Asked::File(section.place.clone()),
        })
    }

    /// What HTTP is spoken over; `https` is the port for a redirect that names none.
    pub(crate) fn scheme(&self, https: u16) -> Scheme {
        match (&self.tls, self.redirect_to_https) {
            (Some(_), _) => Scheme::Https,
            (None, Some(0)) => Scheme::HttpToHttps(https),
            (None, Some(port)) => Scheme::HttpToHttps(port),
            (None, None) => Scheme::Http,
        }
    }

    /// How to ask for it at another port of a socket of this host.
    pub(crate) fn with_port(&self, port: u16) -> String {
        match &self.asked {
            Asked::Flag => format!("`--listen {}:{port}`", self.address.ip()),
            Asked::Redirect => format!("`--redirect-http {port}`"),
            Asked::File(place) => format!("`port = {port}` in the listener of {place}"),
        }
    }
}

/// A listener that names an interface is for that one alone.
fn check_interface(
    section: &ListenerSection,
    interface: Option<&Interface>,
) -> Result<(), Failure> {
    let Some((wanted, place)) = &section.interface else {
        return Ok(());
    };
    let what = format!("{place}: this run has no interface {wanted}");
    let Some(Interface { nic, .. }) = interface else {
        return Err(usage(
            what,
            format!("Leave `interface` out, or make it with `--nic tap:{wanted}`."),
        ));
    };
    match nic.name() {
        Some(name) if name == wanted => Ok(()),
        Some(name) => Err(usage(
            what,
            format!("Leave `interface` out, or name {name}, which `--nic {nic}` gives it."),
        )),
        None => Err(usage(
            format!("{what}: the kernel chooses the name of `--nic {nic}`"),
            format!("Choose it yourself with `--nic tap:{wanted}`."),
        )),
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("`--listen`"),
            Self::Redirect => f.write_str("`--redirect-http`"),
            Self::File(place) => place.fmt(f),
        }
    }
}
