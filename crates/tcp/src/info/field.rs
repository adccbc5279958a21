//! The fields one by one, for whoever shows all of them.

use super::{CaState, InfoOptions};
use crate::State;
use std::time::Duration;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfoValue {
    /// So many: segments, bytes, times.
    Count(u64),
    /// So long.
    Time(Duration),
    /// A name.
    Word(&'static str),
    /// What the SYNs agreed on.
    Options(InfoOptions),
}

/// A field's value, if it is known.
pub(super) trait Value {
    fn value(self) -> Option<InfoValue>;
}

macro_rules! counts {
    ($($type:ty),*) => {
        $(impl Value for $type {
            fn value(self) -> Option<InfoValue> {
                Some(InfoValue::Count(self.into()))
            }
        })*
    };
}

counts!(u8, u32, u64);

impl Value for Duration {
    fn value(self) -> Option<InfoValue> {
        Some(InfoValue::Time(self))
    }
}

impl Value for State {
    fn value(self) -> Option<InfoValue> {
        Some(InfoValue::Word(self.name()))
    }
}

impl Value for CaState {
    fn value(self) -> Option<InfoValue> {
        Some(InfoValue::Word(self.name()))
    }
}

impl Value for InfoOptions {
    fn value(self) -> Option<InfoValue> {
        Some(InfoValue::Options(self))
    }
}

impl<T: Value> Value for Option<T> {
    fn value(self) -> Option<InfoValue> {
        self.and_then(T::value)
    }
}

/// A struct whose fields can be gone through by name.
macro_rules! fields {
    ($(#[$meta:meta])* pub struct $info:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $info { $($(#[$doc])* pub $field: $type,)* }

        impl $info {
            /// Every field that is known, by its name, in the order of Linux's.
            pub fn fields(&self) -> impl Iterator<Item = (&'static str, InfoValue)> + use<> {
                [$((stringify!($field), self.$field.value()),)*]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
            }
        }
    };
}

pub(super) use fields;
