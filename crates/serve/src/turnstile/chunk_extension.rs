//! Chunk extensions (RFC 9112 section 7.1.1): `*( BWS ";" BWS name [ BWS "=" BWS value ] )`. They mean nothing here, and are
//! read by their letter none the less: what one recipient takes for an extension and another for a chunk hides a request.

use super::line::is_tchar;

/// Where in an extension a walk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension {
    /// Behind the semicolon.
    BeforeName,
    Name,
    /// Behind white space after a name: an equals sign or a semicolon must follow.
    AfterName,
    /// Behind the equals sign.
    BeforeValue,
    Value,
    /// In a quoted value.
    Quoted,
    /// Behind a backslash in it.
    Escaped,
    /// Behind the quote that ends it.
    QuoteEnded,
    /// Behind white space after a value: a semicolon must follow.
    AfterValue,
}

impl Extension {
    /// Whether the line may end here.
    pub(super) fn may_end(self) -> bool {
        matches!(self, Self::Name | Self::Value | Self::QuoteEnded)
    }

    /// Where the walk is after `byte`, if that may stand here.
    pub(super) fn take(self, byte: u8) -> Option<Self> {
        let is_space = matches!(byte, b' ' | b'\t');
        Some(match (self, byte) {
            (Self::BeforeName, _) if is_space => Self::BeforeName,
            (Self::BeforeName | Self::Name, _) if is_tchar(byte) => Self::Name,
            (Self::Name | Self::AfterName, b'=') => Self::BeforeValue,
            (Self::Name | Self::AfterName, _) if is_space => Self::AfterName,
            (Self::BeforeValue, _) if is_space => Self::BeforeValue,
            (Self::BeforeValue, b'"') => Self::Quoted,
            (Self::BeforeValue | Self::Value, _) if is_tchar(byte) => Self::Value,
            (Self::Value | Self::QuoteEnded | Self::AfterValue, _) if is_space => Self::AfterValue,
            (Self::Quoted, b'"') => Self::QuoteEnded,
            (Self::Quoted, b'\\') => Self::Escaped,
            (Self::Quoted | Self::Escaped, b'\t' | b' '..=b'~' | 0x80..) => Self::Quoted,
            (
                Self::Name | Self::AfterName | Self::Value | Self::QuoteEnded | Self::AfterValue,
                b';',
            ) => Self::BeforeName,
            _ => return None,
        })
    }
}
