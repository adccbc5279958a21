//! Variables that were probably meant for us, and that nobody reads.

use super::{HEADINGS, PREFIX, variable};
use crate::config::section::nearest;
use crate::control;
use crate::options::ServeOptions;
use clap::{Arg, Args, Command};

/// As alike as two names must be (Jaro and Winkler's measure, 0 to 1): more than two keys of a file, where nothing else
/// can be meant. Of these Kubernetes has its own, and so have those who start a server.
const ALIKE: f64 = 0.9;

/// What to say of those among `names` that are nearly one that is read. Nothing is refused for them: they may be another's.
pub(crate) fn misspelt(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = known();
    let ours = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name));
    let told = ours.filter_map(|name| {
        // What all begin with makes none more alike.
        let rest = known.iter().map(|known| &known[PREFIX.len()..]);
        let meant = nearest(&name[PREFIX.len()..], rest, ALIKE)?;
        Some(format!(
            "periplus: {name} is set, and nothing reads it. Did you mean {PREFIX}{meant}?"
        ))
    });
    told.collect()
}

/// Every variable that is read: those of keys, of flags, and of the folder where servers are found.
fn known() -> Vec<String> {
    let single = HEADINGS.iter().filter(|heading| heading.is_single());
    let keys = single.flat_map(|heading| {
        let scalars = heading.keys.iter().filter(|key| key.value.is_scalar());
        scalars.map(move |key| variable(heading, key))
    });
    let flags = ServeOptions::augment_args(Command::new("serve"));
    let flags = flags.get_arguments().filter_map(Arg::get_env);
    let flags = flags.map(|name| name.to_string_lossy().into_owned());
    keys.chain(flags)
        .chain([control::VARIABLE.to_owned()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> Vec<String> {
        misspelt([name.to_owned()].into_iter())
    }

    #[test]
    fn a_variable_that_nearly_is_one_is_told_with_the_one_that_is() {
        for (name, meant) in [
            ("PERIPLUS_TIMEOUT_IDLE", "PERIPLUS_TIMEOUTS_IDLE"),
            ("PERIPLUS_LIMITS_CONNECTION", "PERIPLUS_LIMITS_CONNECTIONS"),
            ("PERIPLUS_LISTENS", "PERIPLUS_LISTEN"),
            ("PERIPLUS_RUNTIME_DIRECTORY", "PERIPLUS_RUNTIME_DIR"),
        ] {
            let told = told(name);
            assert_eq!(told.len(), 1, "{name}");
            assert!(told[0].contains(&format!("{name} is set")), "{told:?}");
            assert!(told[0].ends_with(&format!(" {meant}?")), "{told:?}");
        }
    }

    #[test]
    fn what_is_read_and_what_is_anothers_is_not_told() {
        for name in [
            "PERIPLUS_TIMEOUTS_IDLE",
            "PERIPLUS_TLS_CERT",
            "PERIPLUS_RUNTIME_DIR",
            "PERIPLUS_SERVICE_HOST",
            "PERIPLUS_PORT_80_TCP_ADDR",
            "PERIPLUS_REQUIRE_INTERFACES",
            "PERIPLUS_NEW_SNAPSHOTS",
            "PERIPLUS_SYSCTLS",
            "OTHER_TIMEOUT_IDLE",
        ] {
            assert_eq!(told(name), Vec::<String>::new(), "{name}");
        }
    }
}
