//! The readers of headers and options: they never fail, agree with other readers, and read again what is written.

mod headers;
mod list;

/// Reads `bytes` as a list of TCP options, and as every header there is.
///
/// # Panics
/// If a property does not hold.
pub fn options(bytes: &[u8]) {
    list::check(bytes);
    headers::check(bytes);
}
