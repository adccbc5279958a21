//! `periplus.toml`: what is served where, for which flags are too short.
//!
//! ```toml
//! [files]
//! read = "blocking"      # on the shard's own thread, so that one can see it stand still; "async" if not given
//!
//! [memory]
//! tcp_mem = "64 MiB"     # what the queues of all connections may hold together
//!
//! [limits]
//! connections = 20000
//!
//! [timeouts]
//! idle = "60 s"
//!
//! [tcp]
//! tcp_syncookies = 1     # any knob of sysctl's that the stack has
//!
//! [[listener]]
//! protocol = "http"
//! interface = "tap0"     # only where the run has that interface
//! address = "10.77.0.2"  # the run's own if not given
//! port = 80
//! ```
//!
//! A key or a value that is not known is refused with its line and column, and what was probably meant.

mod limits;
mod memory;
mod place;
mod section;
mod tcp;
mod timeouts;

pub(crate) use limits::Limits;
pub(crate) use memory::Memory;
pub(crate) use place::Place;

use crate::failure::{Failure, Kind, reason};
use periplus_net::Sysctls;
use periplus_serve::{FilesOptions, ReadMode, ServeOptions};
use place::Source;
use section::Section;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;

/// The file that is read without being named, if it is there.
const USUAL: &str = "periplus.toml";

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// What it is called, if there is a file.
    pub(crate) name: Option<String>,
    /// `[files]`.
    pub(crate) files: FilesOptions,
    /// `[memory]`.
    pub(crate) memory: Memory,
    /// `[limits]`.
    pub(crate) limits: Limits,
    /// `[timeouts]`.
    pub(crate) serve: ServeOptions,
    /// `[tcp]`.
    pub(crate) tcp: Sysctls,
    /// One a `[[listener]]`, in the order of the file.
    pub(crate) listeners: Vec<ListenerSection>,
}

/// A `[[listener]]`.
#[derive(Debug)]
pub(crate) struct ListenerSection {
    pub(crate) place: Place,
    pub(crate) protocol: Protocol,
    pub(crate) interface: Option<(String, Place)>,
    pub(crate) address: Option<(Ipv4Addr, Place)>,
    pub(crate) port: u16,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1, with the files of the folder.
    Http,
    /// Lines that set and get keys.
    Kv,
}

impl Protocol {
    /// Its name in the file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Kv => "kv",
        }
    }
}

impl Config {
    /// Reads `path`, or the usual file if that is there.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let named = path.is_some();
        let path = path.unwrap_or(Path::new(USUAL));
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(error) if error.kind() == ErrorKind::NotFound && !named => Ok(Self::default()),
            Err(error) => {
                let what = format!("cannot read {name}: {}", reason(&error));
                let failure = Failure::new(Kind::Usage, what);
                Err(if named {
                    failure.fix("Name a file that can be read, or leave `--config` out.")
                } else {
                    failure.fix("It is read because it is called so; give it another name, or make it readable.")
                })
            }
        }
    }

    /// Reads `text`, the content of the file called `name`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let source = Source { name, text };
        let document = toml::de::DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            Failure::new(
                Kind::Usage,
                format!("{}: {}", source.place(span.start), error.message()),
            )
        })?;
        let root = Section::root(
            &source,
            document.get_ref(),
            &["files", "memory", "limits", "timeouts", "tcp", "listener"],
        )?;
        let mut files = FilesOptions::default();
        if let Some(section) = root.section("files", &["read"])? {
            let modes = [("async", ReadMode::Async), ("blocking", ReadMode::Blocking)];
            files.read = section.choice("read", &modes)?.unwrap_or_default();
        }
        let mut memory = Memory::of_the_host();
        if let Some(section) = root.section("memory", &Memory::KEYS)? {
            memory = memory.or(&section)?;
        }
        let limits = match root.section("limits", &Limits::KEYS)? {
            Some(section) => Limits::from_section(&section)?,
            None => Limits::default(),
        };
        let serve = match root.section("timeouts", &timeouts::KEYS)? {
            Some(section) => timeouts::options(&section)?,
            None => ServeOptions::default(),
        };
        let tcp = match root.section("tcp", &tcp::keys())? {
            Some(section) => tcp::sysctls(&section)?,
            None => Sysctls::default(),
        };
        let listeners = root.sections("listener", &ListenerSection::KEYS)?;
        let listeners = listeners.iter().map(ListenerSection::from_section);
        Ok(Self {
            name: Some(name.to_string()),
            files,
            memory,
            limits,
            serve,
            tcp,
            listeners: listeners.collect::<Result<_, _>>()?,
        })
    }
}

impl ListenerSection {
    const KEYS: [&str; 4] = ["protocol", "interface", "address", "port"];

    fn from_section(section: &Section<'_>) -> Result<Self, Failure> {
        let address = |text: &str| text.parse().ok();
        Ok(Self {
            place: section.place(),
            protocol: section.required(
                section.choice("protocol", &Protocol::NAMES)?,
                "protocol = \"http\"",
            )?,
            interface: section.string("interface")?,
            address: section.parsed("address", "an IPv4 address, as \"10.77.0.2\"", address)?,
            port: section.required(section.port("port")?, "port = 80")?,
        })
    }
}

impl Protocol {
    const NAMES: [(&str, Self); 2] = [(Self::Http.name(), Self::Http), (Self::Kv.name(), Self::Kv)];
}

#[cfg(test)]
mod tests;
