//! What kind of file it is, by its name.

use http::HeaderValue;
use std::path::Path;

/// The Content-Type of the file at `path`. Text is UTF-8 (RFC 2046 section 4.1.2 would have it ASCII, and nobody does);
/// what is not known is bytes (RFC 9110 section 8.3).
pub(super) fn of(path: &Path) -> HeaderValue {
    let guess = mime_guess::from_path(path)
        .first_raw()
        .unwrap_or("application/octet-stream");
    if guess.starts_with("text/") {
        let text = format!("{guess}; charset=utf-8");
        // The guess is a constant of visible letters.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("text/plain"))
    } else {
        HeaderValue::from_static(guess)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_charset_and_the_rest_has_none() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.TXT", "text/plain; charset=utf-8"),
            ("a.png", "image/png"),
            ("a.svg", "image/svg+xml"),
            ("a.json", "application/json"),
            ("a.wasm", "application/wasm"),
            ("a", "application/octet-stream"),
            ("a.unheard-of", "application/octet-stream"),
        ] {
            assert_eq!(of(Path::new(name)), expected, "{name}");
        }
    }
}
