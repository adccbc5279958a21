//! Elements of SVG, and how text is escaped.

use std::fmt::{Display, Write};

/// An SVG document as it grows. Text and attributes are escaped here and nowhere else.
#[derive(Debug, Default)]
pub struct Sheet {
    out: String,
    open: Vec<&'static str>,
}

impl Sheet {
    /// Opens an element; [`Sheet::close`] ends it.
    pub fn open(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the element opened last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            let _ = writeln!(self.out, "</{name}>");
        }
    }

    /// An element without content.
    pub fn empty(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element that holds text.
    pub fn text(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)], text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        escape(&mut self.out, text);
        let _ = writeln!(self.out, "</{name}>");
    }

    /// Words at a place: `anchor` (`start`, `middle` or `end`) is the part of them that stands there.
    pub fn words(&mut self, (x, y): (f64, f64), anchor: &str, class: &str, words: &str) {
        let (x, y) = (length(x), length(y));
        let place: [(&str, &dyn Display); 4] = [
            ("class", &class),
            ("x", &x),
            ("y", &y),
            ("text-anchor", &anchor),
        ];
        self.text("text", &place, words);
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(length);
        let ends: [(&str, &dyn Display); 5] = [
            ("class", &class),
            ("x1", &x1),
            ("y1", &y1),
            ("x2", &x2),
            ("y2", &y2),
        ];
        self.empty("line", &ends);
    }

    /// A bar with corners a little rounded.
    pub fn bar(&mut self, class: &str, (x, y): (f64, f64), width: f64, height: f64) {
        let [x, y, width, height] = [x, y, width, height].map(length);
        let shape: [(&str, &dyn Display); 6] = [
            ("class", &class),
            ("x", &x),
            ("y", &y),
            ("width", &width),
            ("height", &height),
            ("rx", &1.5),
        ];
        self.empty("rect", &shape);
    }

    /// More rules of style, where a picture needs classes of its own: CSS, which is not escaped.
    pub fn style(&mut self, rules: &'static str) {
        self.open("style", &[]);
        self.raw(rules);
        self.close();
    }

    /// Text of our own that must not be escaped: the style sheet.
    pub(super) fn raw(&mut self, text: &'static str) {
        self.out.push_str(text);
    }

    /// The document.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &dyn Display)]) {
        self.indent();
        let _ = write!(self.out, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.out, " {key}=\"");
            escape(&mut self.out, &value.to_string());
            self.out.push('"');
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
}

/// A length with one decimal, and none where it would be 0.
pub fn length(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(Into::into).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped_and_elements_closed() {
        let mut sheet = Sheet::default();
        sheet.open("g", &[("id", &"a\"b")]);
        sheet.text("text", &[("x", &length(1.04))], "<script>&");
        sheet.empty("rect", &[("width", &length(2.25))]);
        let expected = "<g id=\"a&quot;b\">\n  <text x=\"1\">&lt;script&gt;&amp;</text>\n  <rect width=\"2.2\"/>\n</g>\n";
        assert_eq!(sheet.finish(), expected);
    }
}
