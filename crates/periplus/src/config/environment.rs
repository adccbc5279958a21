//! The environment: `PERIPLUS_TIMEOUTS_IDLE=30\ s` is what `idle` in `[timeouts]` says, whatever the file says of it.
//!
//! Each key that has one value has such a variable, by one rule: the section and the key in capitals, with an underscore
//! between. Lists, listeners and sites are for a file.

mod misspelt;

pub(crate) use misspelt::misspelt;

use super::key::{HEADINGS, Heading, Key};
use super::place::Source;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What every name begins with.
pub(crate) const PREFIX: &str = "PERIPLUS_";

/// The variables that can say a key, and what they are set to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(Vec<(&'static Heading, &'static Key, String)>);

impl Environment {
    /// Of this process.
    pub(crate) fn of_the_process() -> Self {
        Self::of(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// Of what `value` says of a name.
    pub(crate) fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        let single = HEADINGS.iter().filter(|heading| heading.is_single());
        let keys = single.flat_map(|heading| heading.keys.iter().map(move |key| (heading, key)));
        let scalars = keys.filter(|(_, key)| key.value.is_scalar());
        let set = scalars.filter_map(|(heading, key)| {
            // An empty variable is as one that is not there: some programs cannot take one away.
            let value = value(&variable(heading, key)).filter(|value| !value.is_empty())?;
            Some((heading, key, value))
        });
        Self(set.collect())
    }

    /// Has `table` say what the variables say.
    pub(super) fn speak<'a>(&'a self, source: &mut Source<'_>, table: &mut DeTable<'a>) {
        for (heading, key, text) in &self.0 {
            source.variables.push(variable(heading, key));
            let offset = source.text.len() + source.variables.len();
            let span = offset..offset;
            let section = table
                .entry(Spanned::new(span.clone(), Cow::Borrowed(heading.path)))
                .or_insert_with(|| Spanned::new(span.clone(), DeValue::Table(DeTable::new())));
            // What stands there instead of a section is refused where it stands.
            if let DeValue::Table(section) = section.get_mut() {
                let name = Spanned::new(span.clone(), Cow::Borrowed(key.name));
                // A key keeps the place at which it was said first.
                section.remove(key.name);
                section.insert(name, Spanned::new(span, value(key, text)));
            }
        }
    }
}

/// The variable that says `key`.
pub(crate) fn variable(heading: &Heading, key: &Key) -> String {
    let section = heading.path.replace('.', "_");
    format!("{PREFIX}{section}_{}", key.name).to_uppercase()
}

/// What the text is in the file: a string needs no quotes here.
fn value<'a>(key: &Key, text: &'a str) -> DeValue<'a> {
    let parsed = (!key.value.text().starts_with('"')).then(|| DeValue::parse(text));
    match parsed {
        Some(Ok(value)) => value.into_inner(),
        _ => DeValue::String(Cow::Borrowed(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::time::Duration;

    fn with(file: &str, variables: &'static [(&str, &str)]) -> Result<Config, String> {
        let value = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.to_string())
        };
        Config::parse("a.toml", file, &Environment::of(value))
            .map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn a_variable_says_what_a_key_says_and_goes_before_the_file() {
        let variables = &[
            ("PERIPLUS_TIMEOUTS_IDLE", "7 s"),
            ("PERIPLUS_LIMITS_CONNECTIONS", "12"),
            ("PERIPLUS_TCP_TCP_SYNCOOKIES", "2"),
            ("PERIPLUS_FILES_READ", ""),
        ];
        let config = with("[timeouts]\nidle = \"5 s\"\nheader = \"6 s\"\n", variables).unwrap();
        assert_eq!(config.serve.idle_timeout, Duration::from_secs(7));
        assert_eq!(config.serve.header_timeout, Duration::from_secs(6));
        assert_eq!(config.limits.connections, 12);
        assert_eq!(config.tcp.tcp_syncookies, 2);
    }

    #[test]
    fn a_variable_that_is_wrong_is_named() {
        let refused = with("", &[("PERIPLUS_LIMITS_CONNECTIONS", "many")]).unwrap_err();
        assert_eq!(
            refused,
            "periplus: PERIPLUS_LIMITS_CONNECTIONS: `connections` is \"many\", and must be a number, 1 to 4294967295"
        );
    }

    #[test]
    fn a_path_of_the_environment_is_seen_from_here_and_one_of_the_file_from_there() {
        let access = |variable: Option<&str>| {
            let value = |name: &str| {
                let variable = variable.filter(|_| name == "PERIPLUS_LOG_ACCESS");
                variable.map(str::to_string)
            };
            let file = "[log]\naccess = \"a.jsonl\"\n";
            let config = Config::parse("/etc/periplus/a.toml", file, &Environment::of(value));
            config.unwrap().log.access.unwrap()
        };
        assert_eq!(access(None).to_str(), Some("/etc/periplus/a.jsonl"));
        assert_eq!(access(Some("b.jsonl")).to_str(), Some("b.jsonl"));
    }
}
