//! A section of the file, of which every key is known.

use super::place::{Place, Source};
use crate::failure::{Failure, Kind};
use std::ops::{Range, RangeBounds};
use toml::de::{DeTable, DeValue};

/// As alike as two names must be for one to have been meant by the other (Jaro and Winkler's measure, 0 to 1).
const ALIKE: f64 = 0.7;

/// A section, and where it stands.
pub(super) struct Section<'a> {
    source: &'a Source<'a>,
    /// As it is written in the file: `[[listener]]`. The file itself has none.
    title: Option<String>,
    span: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// The file as a whole, with its `known` sections.
    pub(super) fn root(
        source: &'a Source<'a>,
        table: &'a DeTable<'a>,
        known: &[&str],
    ) -> Result<Self, Failure> {
        let root = Self {
            source,
            title: None,
            span: 0..0,
            table,
        };
        root.check(known)?;
        Ok(root)
    }

    /// The section that is written `[key]`, with its `known` keys.
    pub(super) fn section(&self, key: &str, known: &[&str]) -> Result<Option<Self>, Failure> {
        let value = self.table.get(key);
        let section = value.map(|value| self.inner(key, value, format!("[{key}]"), known));
        section.transpose()
    }

    /// The sections that are written `[[key]]`, with their `known` keys.
    pub(super) fn sections(&self, key: &str, known: &[&str]) -> Result<Vec<Self>, Failure> {
        let Some(value) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let title = format!("[[{key}]]");
        let Some(array) = value.get_ref().as_array() else {
            let what = format!("there may be several of `{key}`, so each is written {title}");
            return Err(self.fault(value.span(), what));
        };
        let sections = array.iter();
        sections
            .map(|item| self.inner(key, item, title.clone(), known))
            .collect()
    }

    fn inner(
        &self,
        key: &str,
        value: &'a toml::Spanned<DeValue<'a>>,
        title: String,
        known: &[&str],
    ) -> Result<Self, Failure> {
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.mistyped(key, value, &format!("a section that begins with {title}")));
        };
        let section = Self {
            source: self.source,
            title: Some(title),
            span: value.span(),
            table,
        };
        section.check(known)?;
        Ok(section)
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Place {
        self.source.place(self.span.start)
    }

    /// The text at `key`.
    pub(super) fn string(&self, key: &str) -> Result<Option<(String, Place)>, Failure> {
        self.parsed(key, "a string", |text| Some(text.to_string()))
    }

    /// What `parse` makes of the text at `key`, which must be `expected`.
    pub(super) fn parsed<T>(
        &self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<(T, Place)>, Failure> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let text = value.get_ref().as_str();
        match text.and_then(parse) {
            Some(parsed) => Ok(Some((parsed, self.source.place(value.span().start)))),
            None => Err(self.mistyped(key, value, expected)),
        }
    }

    /// What the word at `key` stands for.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let words = choices.iter().map(|(word, _)| format!("\"{word}\""));
        let words = words.collect::<Vec<_>>().join(" or ");
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.mistyped(key, value, &words));
        };
        match choices.iter().find(|(word, _)| *word == text) {
            Some(&(_, choice)) => Ok(Some(choice)),
            None => {
                let fault = self.fault(value.span(), format!("`{key}` cannot be \"{text}\""));
                let known = choices.iter().map(|(word, _)| *word);
                Err(match nearest(text, known) {
                    Some(word) => {
                        fault.fix(format!("Did you mean \"{word}\"? It must be {words}."))
                    }
                    None => fault.fix(format!("It must be {words}.")),
                })
            }
        }
    }

    /// The port at `key`.
    pub(super) fn port(&self, key: &str) -> Result<Option<u16>, Failure> {
        let port = self.number(key, "a port, 0 to 65535", ..=u32::from(u16::MAX))?;
        Ok(port.map(|port| port as u16))
    }

    /// The number at `key`, which must be one of `range`: as `expected` says it.
    pub(super) fn number(
        &self,
        key: &str,
        expected: &str,
        range: impl RangeBounds<u32>,
    ) -> Result<Option<u32>, Failure> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let number = value.get_ref().as_integer();
        let number = number.and_then(|text| u32::from_str_radix(text.as_str(), text.radix()).ok());
        match number.filter(|number: &u32| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.mistyped(key, value, expected)),
        }
    }

    /// The number, the text, or for a switch the 1 or 0 that `sysctl` would be given, at `key`.
    pub(super) fn as_written(&self, key: &str) -> Option<String> {
        Some(match self.table.get(key)?.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_string(),
            DeValue::Boolean(on) => u8::from(*on).to_string(),
            _ => String::new(),
        })
    }

    /// Refuses the value at `key`, which must be `expected`.
    pub(super) fn mistyped_at(&self, key: &str, expected: &str) -> Failure {
        match self.table.get(key) {
            Some(value) => self.mistyped(key, value, expected),
            None => self.fault(self.span.clone(), format!("`{key}` must be {expected}")),
        }
    }

    /// `value`, or that it is missing: `example` is a line that would give it.
    pub(super) fn required<T>(&self, value: Option<T>, example: &str) -> Result<T, Failure> {
        value.ok_or_else(|| {
            let key = example.split(' ').next().unwrap_or(example);
            let title = self.title.as_deref().unwrap_or("the file");
            self.fault(self.span.clone(), format!("{title} has no `{key}`"))
                .fix(format!("Add a line such as `{example}`."))
        })
    }

    /// Refuses a key that is not `known`: the first of them.
    fn check(&self, known: &[&str]) -> Result<(), Failure> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !known.contains(&&**key.get_ref()));
        let Some(key) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let inside = match &self.title {
            Some(title) => format!(" in {title}"),
            None => String::new(),
        };
        let name = key.get_ref();
        let fault = self.fault(key.span(), format!("unknown key `{name}`{inside}"));
        let all = known.iter().map(|key| format!("`{key}`"));
        let all = all.collect::<Vec<_>>().join(", ");
        Err(match nearest(name, known.iter().copied()) {
            Some(near) => fault.fix(format!("Did you mean `{near}`? Known here: {all}.")),
            None => fault.fix(format!("Known here: {all}.")),
        })
    }

    fn mistyped(&self, key: &str, value: &toml::Spanned<DeValue<'_>>, expected: &str) -> Failure {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("\"{text}\""),
            DeValue::Integer(number) => number.as_str().to_string(),
            other => format!("of type {}", other.type_str()),
        };
        self.fault(
            value.span(),
            format!("`{key}` is {found}, and must be {expected}"),
        )
    }

    fn fault(&self, span: Range<usize>, what: String) -> Failure {
        let place = self.source.place(span.start);
        Failure::new(Kind::Usage, format!("{place}: {what}"))
    }
}

/// The one of the `known` names that was probably meant.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}
