//! In which order a folder is listed.

use super::Entry;
use std::cmp::Ordering;

/// By what, and from which end. Folders come first in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) by: By,
    pub(super) descending: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    #[default]
    Name,
    Size,
    Time,
}

impl Order {
    /// The order that a query asks for. What it asks for besides is somebody else's.
    pub(super) fn of(query: &str) -> Self {
        let mut order = Self::default();
        for parameter in query.split('&') {
            match parameter {
                "sort=name" => order.by = By::Name,
                "sort=size" => order.by = By::Size,
                "sort=time" => order.by = By::Time,
                "order=asc" => order.descending = false,
                "order=desc" => order.descending = true,
                _ => {}
            }
        }
        order
    }

    /// The query that asks for it.
    pub(super) fn query(self) -> String {
        let by = match self.by {
            By::Name => "name",
            By::Size => "size",
            By::Time => "time",
        };
        let order = if self.descending { "desc" } else { "asc" };
        format!("?sort={by}&order={order}")
    }

    /// Sorts entries so. What is equal by size or time is sorted by name.
    pub(super) fn sort(self, entries: &mut [Entry]) {
        // As people look names up, capital letters among the small ones; the bytes settle what that leaves equal.
        entries.sort_by_cached_key(|entry| {
            let name = String::from_utf8_lossy(&entry.name).to_lowercase();
            (name, entry.name.clone())
        });
        if self.by == By::Name && self.descending {
            entries.reverse();
        }
        // From here on what is equal stays as it is.
        entries.sort_by(|a, b| {
            let by_key = match self.by {
                By::Name => Ordering::Equal,
                By::Size if a.is_folder => Ordering::Equal,
                By::Size => a.length.cmp(&b.length),
                By::Time => a.modified.cmp(&b.modified),
            };
            let by_key = if self.descending {
                by_key.reverse()
            } else {
                by_key
            };
            b.is_folder.cmp(&a.is_folder).then(by_key)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::UtcDateTime;

    fn sorted(query: &str) -> String {
        let entry = |(name, is_folder, length, modified): (&str, bool, u64, i64)| Entry {
            name: name.into(),
            is_folder,
            length,
            modified: UtcDateTime::from_unix_timestamp(modified).ok(),
        };
        let mut entries = [
            ("b", false, 10, 30),
            ("C", false, 5, 10),
            ("a", false, 10, 20),
            ("Z", true, 4096, 5),
            ("y", true, 1, 50),
        ]
        .map(entry);
        Order::of(query).sort(&mut entries);
        entries.iter().map(Entry::shown).collect()
    }

    #[test]
    fn folders_come_first_and_then_what_the_query_asks_for() {
        for (query, expected) in [
            ("", "yZabC"),
            ("sort=name", "yZabC"),
            ("sort=name&order=desc", "ZyCba"),
            ("sort=size", "yZCab"),
            ("order=desc&sort=size", "yZabC"),
            ("sort=time", "ZyCab"),
            ("x=1&sort=time&order=desc", "yZbaC"),
            ("sort=colour&order=up", "yZabC"),
        ] {
            assert_eq!(sorted(query), expected, "{query}");
        }
    }

    #[test]
    fn a_query_is_read_as_it_is_written() {
        for by in [By::Name, By::Size, By::Time] {
            for descending in [false, true] {
                let order = Order { by, descending };
                assert_eq!(Order::of(&order.query()[1..]), order);
            }
        }
    }
}
