//! Which paths a rule is for.

/// A pattern for decoded paths: `?` is a character and `*` any number of them but for `/`; `**` is any number of characters.
/// One without a slash is for the last segment alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
}

impl Pattern {
    /// The pattern that `text` says.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".into());
        }
        Ok(Self { text: text.into() })
    }

    /// The text it was made of.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
