//! What kind of file it is, by its name.

use http::HeaderValue;
use std::path::Path;

/// A Content-Type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaType {
    pub(super) value: HeaderValue,
    /// It is worth being compressed.
    pub(super) is_text: bool,
}

/// Texts that are not called so. What is compressed in itself is not among them.
const TEXTS: &[&str] = &[
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/rtf",
    "application/sql",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-httpd-php",
    "application/x-sh",
    "application/x-tex",
    "application/xml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/x-icon",
];

/// What the library calls otherwise than its registration does (RFC 9239, RFC 8216, RFC 3555).
const REGISTERED: &[(&str, &str)] = &[
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("mjs", "text/javascript"),
    ("ts", "video/mp2t"),
];

/// The Content-Type of the file at `path`. Text is UTF-8 (RFC 2046 section 4.1.2 would have it ASCII, and nobody does);
/// what is not known is bytes (RFC 9110 section 8.3).
pub(super) fn of(path: &Path) -> MediaType {
    let extension = path.extension().unwrap_or_default();
    let is_called = |(name, _): &&(&str, &'static str)| extension.eq_ignore_ascii_case(name);
    let registered = REGISTERED.iter().find(is_called).map(|(_, called)| *called);
    let guess = registered
        .or_else(|| mime_guess::from_path(path).first_raw())
        .unwrap_or("application/octet-stream");
    let is_text = guess.starts_with("text/")
        || guess.ends_with("+xml")
        || guess.ends_with("+json")
        || TEXTS.contains(&guess);
    let value = if guess.starts_with("text/") {
        let text = format!("{guess}; charset=utf-8");
        // The guess is a constant of visible letters.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("text/plain"))
    } else {
        HeaderValue::from_static(guess)
    };
    MediaType { value, is_text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_charset_and_the_rest_has_none() {
        for (name, expected, is_text) in [
            ("a.html", "text/html; charset=utf-8", true),
            ("a.css", "text/css; charset=utf-8", true),
            ("a.js", "text/javascript; charset=utf-8", true),
            ("a.mjs", "text/javascript; charset=utf-8", true),
            ("a.M3U8", "application/vnd.apple.mpegurl", false),
            ("a.ts", "video/mp2t", false),
            ("a.TXT", "text/plain; charset=utf-8", true),
            ("a.png", "image/png", false),
            ("a.svg", "image/svg+xml", true),
            ("a.json", "application/json", true),
            ("a.wasm", "application/wasm", true),
            ("a.zip", "application/zip", false),
            ("a.woff2", "font/woff2", false),
            ("a", "application/octet-stream", false),
            ("a.unheard-of", "application/octet-stream", false),
        ] {
            let found = of(Path::new(name));
            assert_eq!(found.value, expected, "{name}");
            assert_eq!(found.is_text, is_text, "{name}");
        }
    }
}
