//! What a request is called in its record: its request-line, made harmless and short.

/// The longest request-line that is kept, in bytes.
pub(super) const MAX_LABEL: usize = 256;

/// The request-line as it may be printed anywhere: what is not a printable ASCII character is a question mark, and a
/// line that went on ends in an ellipsis.
pub(crate) fn printable(line: &[u8]) -> Box<str> {
    let mut text: String = line
        .iter()
        .take(MAX_LABEL)
        .map(|&byte| {
            if matches!(byte, b' '..=b'~') {
                byte as char
            } else {
                '?'
            }
        })
        .collect();
    if line.len() > MAX_LABEL {
        text.push('…');
    }
    text.into_boxed_str()
}

/// A line that a codec made, as long as a label may be.
pub(crate) fn short(mut line: String) -> Box<str> {
    if line.len() > MAX_LABEL {
        let end = (0..=MAX_LABEL).rfind(|&end| line.is_char_boundary(end));
        line.truncate(end.unwrap_or(0));
        line.push('…');
    }
    line.into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_foreign_bytes_become_question_marks() {
        assert_eq!(
            &*printable(b"GET /\x1b[31m\xff HTTP/1.1"),
            "GET /?[31m? HTTP/1.1"
        );
    }

    #[test]
    fn a_long_line_is_cut_with_an_ellipsis() {
        let text = printable(&[b'a'; 300]);
        assert_eq!(text.chars().count(), MAX_LABEL + 1);
        assert!(text.ends_with('…'));
    }
}
