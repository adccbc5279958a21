//! Text from strangers, made safe to show.

/// `text` on one line of at most `limit` characters. A request's line is whatever the client sent: control characters
/// (a terminal would obey them) and direction overrides (they reorder what is read) become U+FFFD, and what is cut off
/// leaves an ellipsis.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut out: String = text.chars().take(limit).map(harmless).collect();
    if text.chars().nth(limit).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

fn harmless(character: char) -> char {
    let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_lines = matches!(character, '\u{2028}' | '\u{2029}');
    let not_text = matches!(character, '\u{fffe}' | '\u{ffff}'); // XML 1.0 has no way to write these
    if character.is_control() || reorders || breaks_lines || not_text {
        '\u{fffd}'
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced() {
        assert_eq!(
            one_line("GET /\x1b[2J\r\n\u{202e}a", 80),
            "GET /\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}a"
        );
    }

    #[test]
    fn a_long_line_ends_in_an_ellipsis_and_a_fitting_one_does_not() {
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("abcd", 4), "abcd");
        assert_eq!(one_line("äöü", 2), "ä…");
    }
}
