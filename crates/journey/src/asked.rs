//! What a request says of itself that its own record does not need.

/// What an access log shows of a request beyond its first line. It is noted only where such a log is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The request's target, longer than [the request in one line](crate::Label::Request) has it.
    pub target: Box<str>,
    /// The host that was asked for.
    pub host: Option<Box<str>>,
    /// `Referer`.
    pub referer: Option<Box<str>>,
    /// `User-Agent`.
    pub user_agent: Option<Box<str>>,
}
