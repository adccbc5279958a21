//! Why a device could not be opened.

use rustix::io::Errno;
use std::error::Error;
use std::fmt;
use std::io;

/// What kind of hindrance it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// The host does not allow it to this user.
    NotPermitted,
    /// There is no such device or interface, or the kernel has no such kind.
    NoDevice,
    /// There is no such user, or none to whom root could be given up.
    NoUser,
    /// Somebody else holds it.
    Busy,
    /// The host already uses these addresses.
    AddressInUse,
    /// Anything else.
    Other,
}

impl OpenErrorKind {
    /// The kind that an error of the kernel belongs to.
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NotPermitted,
            io::ErrorKind::NotFound => Self::NoDevice,
            io::ErrorKind::ResourceBusy => Self::Busy,
            io::ErrorKind::AddrInUse | io::ErrorKind::AlreadyExists => Self::AddressInUse,
            _ => match Errno::from_io_error(error) {
                Some(Errno::NODEV | Errno::NXIO) => Self::NoDevice,
                _ => Self::Other,
            },
        }
    }
}

/// Why a device could not be opened: what failed and why, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    kind: OpenErrorKind,
    what: String,
    fix: Option<String>,
}

impl OpenError {
    /// `what` names what failed and why: `cannot open /dev/net/tun: permission denied`.
    pub fn new(kind: OpenErrorKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            fix: None,
        }
    }

    /// The kernel refused `what`, a verb and its object: `open /dev/net/tun`.
    pub fn refused(what: impl fmt::Display, error: &io::Error) -> Self {
        let text = error.to_string();
        let reason = text.split(" (os error").next().unwrap_or(&text);
        Self::new(
            OpenErrorKind::of(error),
            format!("cannot {what}: {}", uncapitalised(reason)),
        )
    }

    /// What to do about it, as a sentence.
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }

    /// What kind of hindrance it was.
    pub fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// What failed, and why.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it, if anything is known to help.
    pub fn advice(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.fix {
            Some(fix) => write!(f, ". {fix}"),
            None => Ok(()),
        }
    }
}

impl Error for OpenError {}

/// The kernel's reasons begin with a capital; ours stand within a sentence.
fn uncapitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_failed_why_and_what_helps() {
        let error = OpenError::refused("open /dev/net/tun", &io::Error::from_raw_os_error(13));
        let error = error.fix("Run as root.");
        assert_eq!(error.kind(), OpenErrorKind::NotPermitted);
        assert_eq!(
            error.to_string(),
            "cannot open /dev/net/tun: permission denied. Run as root."
        );
    }

    #[test]
    fn the_kernels_errors_have_their_kinds() {
        let kind = |errno| OpenErrorKind::of(&io::Error::from_raw_os_error(errno));
        let (eperm, enoent, ebusy, enodev, eexist, einval) = (1, 2, 16, 19, 17, 22);
        assert_eq!(kind(eperm), OpenErrorKind::NotPermitted);
        assert_eq!(kind(enoent), OpenErrorKind::NoDevice);
        assert_eq!(kind(enodev), OpenErrorKind::NoDevice);
        assert_eq!(kind(ebusy), OpenErrorKind::Busy);
        assert_eq!(kind(eexist), OpenErrorKind::AddressInUse);
        assert_eq!(kind(einval), OpenErrorKind::Other);
    }
}
