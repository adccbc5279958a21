//! The file as `config print` shows it: every key, what it means, and what is so if nothing is said.

use super::key::{HEADINGS, Heading, Key, Value};

const PREFACE: &str = "\
# periplus.toml: what is served where. `periplus serve --config FILE` reads it, and without the flag ./periplus.toml.
#
# A flag goes before a variable of the environment, that before this file, and this file before what is so if nothing is
# said. The variable of a key that has one value is PERIPLUS_, the section and the key: PERIPLUS_TIMEOUTS_IDLE.
#
# A line that begins with # and no space shows a key as it is if nothing is said, or (\"for example\") as it may be:
# take the # away and change it. `periplus config check` says what is wrong with a file.
";

/// How wide a comment may be.
const WIDTH: usize = 118;

/// The text of it.
pub(crate) fn template() -> String {
    let mut text = String::from(PREFACE);
    for heading in HEADINGS {
        section(&mut text, heading);
    }
    text
}

fn section(text: &mut String, heading: &Heading) {
    text.push('\n');
    comment(text, heading.about);
    // A section that is there asks for what must be given in it.
    let mark = if heading.is_single() { "" } else { "#" };
    text.push_str(&format!("{mark}{}\n", heading.title()));
    for key in heading.keys {
        let Key {
            name,
            meaning,
            value,
        } = key;
        match value {
            Value::Default(_) => comment(text, meaning),
            Value::Example(_) => comment(text, &format!("{meaning} For example:")),
        }
        text.push_str(&format!("#{name} = {}\n", value.text()));
    }
}

/// Adds it as lines that are not too long.
fn comment(text: &mut String, words: &str) {
    let mut width = 0;
    for word in words.split(' ') {
        let length = word.chars().count() + 1;
        if width == 0 || width + length > WIDTH {
            if width > 0 {
                text.push('\n');
            }
            text.push('#');
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    fn parse(text: &str) -> Config {
        let parsed = Config::parse("", text, &Environment::default());
        parsed.unwrap_or_else(|faults| panic!("{}", faults[0]))
    }

    /// The template with the keys said that `say` chooses.
    fn said(say: impl Fn(&Heading, &Key) -> bool) -> String {
        let mut text = template();
        for heading in HEADINGS {
            text = text.replace(
                &format!("\n#{}\n", heading.title()),
                &format!("\n{}\n", heading.title()),
            );
            let begin = text
                .find(&format!("\n{}\n", heading.title()))
                .expect("it is there");
            let end = text[begin + 1..]
                .find("\n\n")
                .map_or(text.len(), |end| begin + 1 + end);
            let mut section = text[begin..end].to_string();
            for key in heading.keys.iter().filter(|key| say(heading, key)) {
                let line = format!("\n#{} = ", key.name);
                assert!(section.contains(&line), "{}: {}", heading.path, key.name);
                section = section.replace(&line, &line.replace('#', ""));
            }
            text.replace_range(begin..end, &section);
        }
        text
    }

    #[test]
    fn what_is_printed_is_read_and_changes_nothing() {
        let printed = format!(
            "{:?}",
            Config {
                name: None,
                ..parse(&template())
            }
        );
        assert_eq!(printed, format!("{:?}", Config::default()));
    }

    #[test]
    fn every_default_that_is_printed_is_the_one_that_holds() {
        let text =
            said(|heading, key| heading.is_single() && matches!(key.value, Value::Default(_)));
        // Of what there may be several, there is none here.
        let text: String = text
            .split("\n# ")
            .take_while(|part| !part.contains("\n[[listener]]"))
            .collect::<Vec<_>>()
            .join("\n# ");
        assert!(text.contains("\nidle = \"60 s\"\n"), "{text}");
        let printed = format!(
            "{:?}",
            Config {
                name: None,
                ..parse(&text)
            }
        );
        assert_eq!(printed, format!("{:?}", Config::default()));
    }

    #[test]
    fn every_key_is_one_that_is_read() {
        // A listener speaks TLS, leads to one that does or is behind one, and its certificate is from a file or of its own making.
        let apart = ["tls", "redirect_to_https", "https_gateway", "self_signed"];
        let config = parse(&said(|_, key| !apart.contains(&key.name)));
        let [listener] = config.listeners.as_slice() else {
            panic!("{config:?}")
        };
        assert!(listener.tls.is_some());
        let [site] = config.sites.as_slice() else {
            panic!("{config:?}")
        };
        assert_eq!(site.options.redirects.len(), 1);
        assert!(site.options.hsts.is_some() && site.options.cors.is_some());
    }

    #[test]
    fn lines_are_not_too_long() {
        for line in template().lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}
