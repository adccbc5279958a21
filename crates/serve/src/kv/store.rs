//! Where the entries are kept.

use super::codec::KvCodec;
use super::command::Command;
use crate::options::ServeOptions;
use crate::protocol::{Answer, Handler, Protocol};
use crate::server::Server;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// The most entries.
    pub entries: usize,
    /// The most bytes of keys and values together.
    pub bytes: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            entries: 65_536,
            bytes: 64 << 20,
        }
    }
}

/// Keys and their values, in memory. A clone of a store is the same store, on any thread.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Entries>>);

struct Entries {
    limits: StoreLimits,
    values: HashMap<Box<str>, Box<str>>,
    bytes: usize,
}

/// Why a value was not stored.
enum Full {
    Entries,
    Bytes,
}

impl Store {
    /// With nothing in it.
    pub fn new(limits: StoreLimits) -> Self {
        Self(Arc::new(Mutex::new(Entries {
            limits,
            values: HashMap::new(),
            bytes: 0,
        })))
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        self.lock().values.len()
    }

    /// How many bytes their keys and values have together.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Does what is asked.
    pub fn answer(&self, command: Command) -> Answer {
        match command {
            Command::Get { key } => match self.lock().values.get(&key) {
                Some(value) => Answer::new(["value ", value, "\n"].concat()),
                None => Answer::new("missing\n"),
            },
            Command::Set { key, value } => match self.lock().set(key, value) {
                Ok(()) => Answer::new("stored\n"),
                Err(full) => Answer::new(format!("error full: {full}\n")),
            },
            Command::Del { key } => match self.lock().delete(&key) {
                true => Answer::new("deleted\n"),
                false => Answer::new("missing\n"),
            },
            Command::Ping => Answer::new("pong\n"),
            Command::Quit => Answer::new("bye\n").and_close(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing below panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// If there is no room everything stays as it is, the key's old value too.
    fn set(&mut self, key: Box<str>, value: Box<str>) -> Result<(), Full> {
        let old = self.values.get(&key).map(|value| key.len() + value.len());
        let bytes = self.bytes - old.unwrap_or(0) + key.len() + value.len();
        if old.is_none() && self.values.len() >= self.limits.entries {
            return Err(Full::Entries);
        }
        if bytes > self.limits.bytes {
            return Err(Full::Bytes);
        }
        self.values.insert(key, value);
        self.bytes = bytes;
        Ok(())
    }

    fn delete(&mut self, key: &str) -> bool {
        let Some(value) = self.values.remove(key) else {
            return false;
        };
        self.bytes -= key.len() + value.len();
        true
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Full::Entries => "as many keys are kept as may be",
            Full::Bytes => "as many bytes are kept as may be",
        })
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.lock();
        f.debug_struct("Store")
            .field("entries", &entries.values.len())
            .field("bytes", &entries.bytes)
            .finish_non_exhaustive()
    }
}

impl Handler<Command> for Store {
    async fn handle(&self, command: Command) -> Answer {
        self.answer(command)
    }
}

/// A server of `store`. [`Server::run`] serves a listener with it.
pub fn server(store: Store, options: ServeOptions) -> Server<Protocol<KvCodec, Store>> {
    Server::of(KvCodec::default(), store, options)
}
