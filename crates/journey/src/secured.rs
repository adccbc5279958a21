//! What is known of a connection's TLS.

/// What an access log shows of the TLS that a request came by. It is noted only where such a log is kept, once a connection,
/// and its requests share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// The version, as `1.3`.
    pub version: &'static str,
    /// The name by which the client asked for the server (SNI, RFC 6066 section 3), where it did.
    pub server_name: Option<Box<str>>,
}
