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
//! What is wrong is refused with its line and column, and what was probably meant: all of it at once.

mod control;
mod environment;
mod faults;
mod files;
mod key;
mod limits;
mod listener;
mod log;
mod memory;
mod place;
mod rules;
mod section;
mod site;
mod tcp;
mod template;
mod timeouts;
mod tls;
mod units;

pub(crate) use environment::{Environment, misspelt};
pub(crate) use limits::Limits;
pub(crate) use listener::{ListenerSection, Protocol};
pub(crate) use log::Log;
pub(crate) use memory::Memory;
pub(crate) use place::Place;
pub(crate) use rules::page;
pub(crate) use site::SiteSection;
pub(crate) use template::template;

use crate::failure::{Failure, Kind, reason};
use faults::{Faults, fault};
use periplus_net::Sysctls;
use periplus_serve::{FilesOptions, ServeOptions};
use place::Source;
use section::Section;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use toml::de::DeTable;

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
    /// `[limits]`, those of the stack.
    pub(crate) limits: Limits,
    /// `[timeouts]`, and the server's part of `[limits]` and `[memory]`.
    pub(crate) serve: ServeOptions,
    /// `[tcp]`.
    pub(crate) tcp: Sysctls,
    /// `[log]`.
    pub(crate) log: Log,
    /// `[control]`.
    pub(crate) control: Option<SocketAddr>,
    /// One a `[[listener]]`, in the order of the file.
    pub(crate) listeners: Vec<ListenerSection>,
    /// One a `[[site]]`, in the order of the file.
    pub(crate) sites: Vec<SiteSection>,
}

impl Config {
    /// Reads `path`, or the usual file if that is there, and hears what the environment says.
    pub(crate) fn read(
        path: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, Vec<Failure>> {
        let named = path.is_some();
        let path = path.unwrap_or(Path::new(USUAL));
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text, environment),
            Err(error) if error.kind() == ErrorKind::NotFound && !named => {
                let config = Self::parse("", "", environment)?;
                Ok(Self {
                    name: None,
                    ..config
                })
            }
            Err(error) => {
                let what = format!("cannot read {name}: {}", reason(&error));
                let failure = Failure::new(Kind::Usage, what);
                Err(vec![if named {
                    failure.fix("Name a file that can be read, or leave `--config` out.")
                } else {
                    failure.fix("It is read because it is called so; give it another name, or make it readable.")
                }])
            }
        }
    }

    /// Reads `text`, the content of the file called `name`. What the environment says goes before that.
    pub(crate) fn parse(
        name: &str,
        text: &str,
        environment: &Environment,
    ) -> Result<Self, Vec<Failure>> {
        let mut source = Source {
            name,
            text,
            variables: Vec::new(),
        };
        let (mut table, errors) = DeTable::parse_recoverable(text);
        let faults = Faults::default();
        for error in errors {
            let offset = error.span().unwrap_or_default().start;
            let what = format!("{}: {}", source.place(offset), error.message());
            faults.add(offset, fault(what));
        }
        // What follows a broken line would be told of for nothing.
        faults.end()?;
        environment.speak(&mut source, table.get_mut());
        let faults = Faults::default();
        let root = Section::root(&source, &faults, table.get_ref());
        let config = Self {
            name: Some(name.to_string()),
            ..Self::of(&root)
        };
        faults.end()?;
        Ok(config)
    }

    fn of(root: &Section<'_>) -> Self {
        let mut config = Self::default();
        if let Some(section) = root.section("files") {
            config.files = files::options(&section);
        }
        if let Some(section) = root.section("memory") {
            config.memory = config.memory.or(&section);
        }
        if let Some(section) = root.section("limits") {
            config.limits = Limits::from_section(&section);
            limits::of_the_server(&section, &mut config.serve);
        }
        if let Some(section) = root.section("timeouts") {
            timeouts::of_the_server(&section, &mut config.serve);
        }
        if let Some(section) = root.section("tcp") {
            config.tcp = tcp::sysctls(&section);
        }
        if let Some(section) = root.section("log") {
            config.log = Log::from_section(&section);
        }
        if let Some(section) = root.section("control") {
            config.control = control::address(&section);
        }
        config.serve.message_memory = config.memory.messages;
        config.listeners = ListenerSection::from_sections(&root.sections("listener"));
        let sites = root.sections("site");
        config.sites = sites.iter().filter_map(SiteSection::from_section).collect();
        config
    }
}

#[cfg(test)]
mod tests;
