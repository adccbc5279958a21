//! Stations, kinds and outcomes travel by their names: one word, the same in every place.

use periplus_journey::{Handshake, Kind, Outcome, Station};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// A value of a closed set, each with its one name.
pub(crate) trait Named: Copy + 'static {
    /// What the set is of, for error messages.
    const WHAT: &'static str;
    /// The whole set.
    const ALL: &'static [Self];
    /// The value's name.
    fn word(self) -> &'static str;
}

macro_rules! named {
    ($type:ident, $what:literal, $all:expr) => {
        impl Named for $type {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &$all;
            fn word(self) -> &'static str {
                self.name()
            }
        }
    };
}

named!(Station, "station", Station::ALL);
named!(
    Kind,
    "kind",
    [Kind::Request, Kind::Connection, Kind::Arrival]
);
named!(
    Handshake,
    "handshake",
    [Handshake::Queue, Handshake::Cookie]
);
named!(
    Outcome,
    "outcome",
    [
        Outcome::Answered,
        Outcome::Delivered,
        Outcome::Rejected,
        Outcome::Refused,
        Outcome::Dropped,
        Outcome::Reset,
        Outcome::Timeout,
        Outcome::Shed,
        Outcome::Closed,
    ]
);

fn find<T: Named, E: Error>(word: &str) -> Result<T, E> {
    T::ALL
        .iter()
        .copied()
        .find(|value| value.word() == word)
        .ok_or_else(|| {
            let known: Vec<_> = T::ALL.iter().map(|value| value.word()).collect();
            E::custom(format_args!(
                "there is no {} called {word:?}; known are {}",
                T::WHAT,
                known.join(", ")
            ))
        })
}

pub(crate) fn serialize<T: Named, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.word())
}

pub(crate) fn deserialize<'de, T: Named, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    find(&String::deserialize(deserializer)?)
}

/// The same for a value that may be absent.
pub(crate) mod optional {
    use super::*;

    pub(crate) fn serialize<T: Named, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(value.word()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Named, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|word| find(&word))
            .transpose()
    }
}
