//! What can be asked.

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The value of a key.
    Get {
        /// The key.
        key: Box<str>,
    },
    /// A value for a key, which may have had one.
    Set {
        /// The key.
        key: Box<str>,
        /// Its value.
        value: Box<str>,
    },
    /// A key and its value may be forgotten.
    Del {
        /// The key.
        key: Box<str>,
    },
    /// Nothing.
    Ping,
    /// The connection may be closed.
    Quit,
}

impl Command {
    /// The request in a line, without the value: what is kept for others is not for the record.
    pub fn line(&self) -> String {
        match self {
            Command::Get { key } => format!("get {key}"),
            Command::Set { key, .. } => format!("set {key}"),
            Command::Del { key } => format!("del {key}"),
            Command::Ping => "ping".into(),
            Command::Quit => "quit".into(),
        }
    }
}
