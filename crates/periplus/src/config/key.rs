//! What the file may say: every section and every key, with what `config print` says of them.
//!
//! The parser knows no key but these, the template is printed from them, and the manual is held against them by a test: so
//! the three cannot come apart.

/// A section.
#[derive(Debug)]
pub(crate) struct Heading {
    /// Where it stands: `site.redirect` is inside of `site`.
    pub(crate) path: &'static str,
    /// There may be several, each written `[[so]]`.
    pub(crate) many: bool,
    /// What it is about.
    pub(crate) about: &'static str,
    /// What may stand in it, beside sections.
    pub(crate) keys: &'static [Key],
}

/// A key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it means, with its unit.
    pub(crate) meaning: &'static str,
    pub(crate) value: Value,
}

/// A value as it is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// What is so if nothing is said.
    Default(&'static str),
    /// What may be said; what is so if nothing is said has no words of its own, or is no one value.
    Example(&'static str),
}

impl Heading {
    /// As it is written in the file.
    pub(crate) fn title(&self) -> String {
        let Self { path, many, .. } = self;
        if *many {
            format!("[[{path}]]")
        } else {
            format!("[{path}]")
        }
    }

    /// What it is called inside of the section around it.
    pub(crate) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// The section around it; none at the top of the file.
    fn around(&self) -> Option<&'static str> {
        self.path.rsplit_once('.').map(|(around, _)| around)
    }

    /// Whether there can be but one of it in the file, so that a key of it has one value.
    pub(crate) fn is_single(&self) -> bool {
        !self.many && self.around().is_none()
    }
}

impl Value {
    /// As it is written.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Default(text) | Self::Example(text) => text,
        }
    }

    /// It is not a list.
    pub(crate) fn is_scalar(self) -> bool {
        !self.text().starts_with(['[', '{'])
    }
}

/// A key that is `value` if nothing is said.
pub(super) const fn key(name: &'static str, value: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        meaning,
        value: Value::Default(value),
    }
}

/// A key for which `value` may be said.
pub(super) const fn open(name: &'static str, value: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        meaning,
        value: Value::Example(value),
    }
}

/// Every section, in the order in which they are printed; what is inside of one comes after it.
pub(crate) const HEADINGS: &[Heading] = &[
    super::files::HEADING,
    super::memory::HEADING,
    super::limits::HEADING,
    super::timeouts::HEADING,
    super::log::HEADING,
    super::control::HEADING,
    super::tcp::HEADING,
    super::listener::HEADING,
    super::tls::HEADING,
    super::tls::CERTIFICATE,
    super::site::HEADING,
    super::rules::REDIRECT,
    super::rules::REWRITE,
    super::rules::ERROR_PAGE,
    super::rules::MAINTENANCE,
    super::rules::CACHE_CONTROL,
    super::rules::HEADER,
    super::rules::CORS,
    super::rules::HSTS,
];

/// The section at `path`.
pub(super) fn heading(path: &str) -> Option<&'static Heading> {
    HEADINGS.iter().find(|heading| heading.path == path)
}

/// What may stand in `heading`, or at the top of the file: its keys, and then the sections inside.
pub(super) fn known(heading: Option<&Heading>) -> impl Iterator<Item = &'static str> {
    let keys = heading.map_or(&[] as &[Key], |heading| heading.keys);
    let path = heading.map(|heading| heading.path);
    let inside = HEADINGS.iter().filter(move |other| other.around() == path);
    // A key may be a section as well: `tls = true`, or [listener.tls].
    let is_key = |name| keys.iter().any(|key| key.name == name);
    let inside = inside.map(Heading::name).filter(move |name| !is_key(*name));
    keys.iter().map(|key| key.name).chain(inside)
}
