//! A section of the file, of which every key is known.
//!
//! What is wrong is added to the file's faults, and then it is as if nothing had been said: so one reading finds all faults.

use super::faults::{Faults, fault};
use super::key::{self, Heading};
use super::place::{Place, Source};
use crate::failure::Failure;
use std::ops::{Range, RangeBounds};
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// As alike as two names must be for one to have been meant by the other (Jaro and Winkler's measure, 0 to 1).
const ALIKE: f64 = 0.7;

/// A section, and where it stands.
pub(super) struct Section<'a> {
    source: &'a Source<'a>,
    faults: &'a Faults,
    /// The file itself has none.
    heading: Option<&'static Heading>,
    span: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// The file as a whole.
    pub(super) fn root(source: &'a Source<'a>, faults: &'a Faults, table: &'a DeTable<'a>) -> Self {
        let root = Self {
            source,
            faults,
            heading: None,
            span: 0..0,
            table,
        };
        root.check();
        root
    }

    /// The section that is written `[name]`.
    pub(super) fn section(&self, name: &str) -> Option<Self> {
        self.inner(self.heading(name), self.table.get(name)?)
    }

    /// The sections that are written `[[name]]`.
    pub(super) fn sections(&self, name: &str) -> Vec<Self> {
        let Some(value) = self.table.get(name) else {
            return Vec::new();
        };
        let heading = self.heading(name);
        let Some(array) = value.get_ref().as_array() else {
            let title = heading.title();
            let what = format!("there may be several of `{name}`, so each is written {title}");
            self.add(value.span(), what, None);
            return Vec::new();
        };
        let sections = array.iter();
        sections
            .filter_map(|item| self.inner(heading, item))
            .collect()
    }

    /// Whether `name` is said, and not as a section.
    pub(super) fn is_plain(&self, name: &str) -> bool {
        let value = self.table.get(name);
        value.is_some_and(|value| value.get_ref().as_table().is_none())
    }

    /// Whether `key` is said, and not that it is off.
    pub(super) fn is_on(&self, key: &str) -> bool {
        let value = self.table.get(key);
        value.is_some_and(|value| value.get_ref().as_bool() != Some(false))
    }

    /// The section called `name` inside of this one. To ask for one that is in no table is a fault of ours.
    fn heading(&self, name: &str) -> &'static Heading {
        let path = match self.heading {
            Some(around) => format!("{}.{name}", around.path),
            None => name.to_string(),
        };
        key::heading(&path).unwrap_or_else(|| panic!("there is no heading {path}"))
    }

    fn inner(&self, heading: &'static Heading, value: &'a Spanned<DeValue<'a>>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            let expected = format!("a section that begins with {}", heading.title());
            self.mistyped(heading.name(), value, &expected);
            return None;
        };
        let section = Self {
            source: self.source,
            faults: self.faults,
            heading: Some(heading),
            span: value.span(),
            table,
        };
        section.check();
        Some(section)
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Place {
        self.source.place(self.span.start)
    }

    /// The text at `key`.
    pub(super) fn string(&self, key: &str) -> Option<(String, Place)> {
        self.parsed(key, "a string", |text| Some(text.to_string()))
    }

    /// The path at `key`, seen from where the file lies.
    pub(super) fn path(&self, key: &str) -> Option<(PathBuf, Place)> {
        let (text, place) = self.string(key)?;
        let offset = self.table.get(key)?.span().start;
        Some((self.source.path(&text, offset), place))
    }

    /// What `parse` makes of the text at `key`, which must be `expected`.
    pub(super) fn parsed<T>(
        &self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<(T, Place)> {
        let value = self.table.get(key)?;
        match value.get_ref().as_str().and_then(parse) {
            Some(parsed) => Some((parsed, self.source.place(value.span().start))),
            None => {
                self.mistyped(key, value, expected);
                None
            }
        }
    }

    /// The same, where `parse` says what is wrong in words of its own.
    pub(super) fn explained<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.table.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.mistyped(key, value, "a string");
            return None;
        };
        parse(text)
            .map_err(|why| self.refuse_text(key, text, &why))
            .ok()
    }

    /// Refuses the `text` that is said at `key`.
    pub(super) fn refuse_text(&self, key: &str, text: &str, why: &str) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        self.add(span, format!("`{key}` cannot be \"{text}\": {why}"), None);
    }

    /// What `parse` makes of each text in the list at `key`.
    pub(super) fn list<T>(
        &self,
        key: &str,
        mut parse: impl FnMut(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.table.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.mistyped(key, value, "a list of strings, as [\"a\", \"b\"]");
            return None;
        };
        let mut list = Vec::new();
        for item in array.iter() {
            let parsed = match item.get_ref().as_str() {
                Some(text) => {
                    parse(text).map_err(|why| format!("`{key}` cannot hold \"{text}\": {why}"))
                }
                None => Err(format!("`{key}` holds strings, as [\"a\", \"b\"]")),
            };
            match parsed {
                Ok(parsed) => list.push(parsed),
                Err(what) => self.add(item.span(), what, None),
            }
        }
        Some(list)
    }

    /// What the word at `key` stands for.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.table.get(key)?;
        let words = choices.iter().map(|(word, _)| format!("\"{word}\""));
        let words = words.collect::<Vec<_>>().join(" or ");
        let Some(text) = value.get_ref().as_str() else {
            self.mistyped(key, value, &words);
            return None;
        };
        if let Some(&(_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(choice);
        }
        let known = choices.iter().map(|(word, _)| *word);
        let fix = match nearest(text, known, ALIKE) {
            Some(word) => format!("Did you mean \"{word}\"? It must be {words}."),
            None => format!("It must be {words}."),
        };
        self.add(
            value.span(),
            format!("`{key}` cannot be \"{text}\""),
            Some(fix),
        );
        None
    }

    /// Whether `key` is true.
    pub(super) fn switch(&self, key: &str) -> Option<bool> {
        let value = self.table.get(key)?;
        let on = value.get_ref().as_bool();
        if on.is_none() {
            self.mistyped(key, value, "true or false");
        }
        on
    }

    /// The port at `key`.
    pub(super) fn port(&self, key: &str) -> Option<u16> {
        let port = self.number(key, "a port, 0 to 65535", ..=u32::from(u16::MAX))?;
        Some(port as u16)
    }

    /// The number at `key`, which must be one of `range`: as `expected` says it.
    pub(super) fn number(
        &self,
        key: &str,
        expected: &str,
        range: impl RangeBounds<u32>,
    ) -> Option<u32> {
        let value = self.table.get(key)?;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|text| u32::from_str_radix(text.as_str(), text.radix()).ok());
        let number = number.filter(|number: &u32| range.contains(number));
        if number.is_none() {
            self.mistyped(key, value, expected);
        }
        number
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
    pub(super) fn refuse(&self, key: &str, expected: &str) {
        match self.table.get(key) {
            Some(value) => self.mistyped(key, value, expected),
            None => self.add(
                self.span.clone(),
                format!("`{key}` must be {expected}"),
                None,
            ),
        }
    }

    /// Refuses what is said at `key`, or the section if it is not said.
    pub(super) fn refuse_because(
        &self,
        key: &str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        self.add(span, what.into(), Some(fix.into()));
    }

    /// `value`, or that it is missing: `example` is a line that would give it.
    pub(super) fn required<T>(&self, value: Option<T>, example: &str) -> Option<T> {
        let key = example.split(' ').next().unwrap_or(example);
        // What is there and wrong was told of already.
        if value.is_none() && !self.table.contains_key(key) {
            let title = self
                .heading
                .map_or_else(|| "the file".into(), Heading::title);
            let fix = format!("Add a line such as `{example}`.");
            self.add(
                self.span.clone(),
                format!("{title} has no `{key}`"),
                Some(fix),
            );
        }
        value
    }

    /// Refuses every key that is not known.
    fn check(&self) {
        let known: Vec<_> = key::known(self.heading).collect();
        for name in self.table.keys() {
            let (span, name) = (name.span(), name.get_ref());
            if known.contains(&&**name) {
                continue;
            }
            let inside = match self.heading {
                Some(heading) => format!(" in {}", heading.title()),
                None => String::new(),
            };
            let all = known.iter().map(|key| format!("`{key}`"));
            let all = all.collect::<Vec<_>>().join(", ");
            let fix = match nearest(name, known.iter().copied(), ALIKE) {
                Some(near) => format!("Did you mean `{near}`? Known here: {all}."),
                None => format!("Known here: {all}."),
            };
            self.add(span, format!("unknown key `{name}`{inside}"), Some(fix));
        }
    }

    fn mistyped(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("\"{text}\""),
            DeValue::Integer(number) => number.as_str().to_string(),
            other => format!("of type {}", other.type_str()),
        };
        let what = format!("`{key}` is {found}, and must be {expected}");
        self.add(value.span(), what, None);
    }

    fn add(&self, span: Range<usize>, what: String, fix: Option<String>) {
        let place = self.source.place(span.start);
        let fault: Failure = fault(format!("{place}: {what}"));
        let fault = match fix {
            Some(fix) => fault.fix(fix),
            None => fault,
        };
        self.faults.add(span.start, fault);
    }
}

/// The one of the `known` names that was probably meant: the most alike, if it is as much so as `least`.
pub(super) fn nearest<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    least: f64,
) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(alike, _)| *alike >= least)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}
