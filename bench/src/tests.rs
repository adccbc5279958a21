//! The bench itself: every work, a few times, before the referee.

use crate::contestant::Who;
use crate::referee::Disturbances;
use crate::stacks::Periplus;
use crate::works::{Name, Unit};
use crate::{through_tokio, weight};
use clap::ValueEnum;

/// More than in a real run, because there are fewer frames.
const DISTURBANCES: Disturbances = Disturbances {
    damaged_in: 20,
    late_in: 30,
};

#[test]
fn every_stack_does_every_work_right() {
    let works = Name::value_variants()
        .iter()
        .filter(|work| !work.is_large() && work.unit() != Unit::Bytes && **work != Name::W5Lookup);
    for &work in works {
        for who in Who::ALL {
            let Some(mut contestant) = who.at(work) else {
                continue;
            };
            contestant.plan(50);
            contestant.work(50);
            let seen = contestant.replay(300, DISTURBANCES);
            contestant.plan(50);
            contestant.work(50);
            if who == Who::Script || !who.is_in_memory() {
                continue;
            }
            let refuses = work == Name::W4 && who == Who::Smoltcp;
            let moved = seen.bytes > 0 || refuses;
            // Of so many connections each may still wait with its ACK.
            let many = matches!(work, Name::W5Of1k | Name::W6Burst);
            let answered = seen.frames > 0 || many;
            assert!(
                answered && seen.damaged > 0 && moved,
                "{work:?}, {who:?}: {seen:?}"
            );
            // Where the server sends something, some of it is acknowledged late.
            let answers = matches!(work, Name::W1 | Name::W2 | Name::W3s | Name::W3gs);
            assert!(
                seen.late > 0 || !answers,
                "{work:?}, {who:?}: no ACK was late"
            );
        }
    }
}

#[test]
fn every_name_is_the_one_that_the_command_line_takes() {
    for work in Name::value_variants() {
        assert_eq!(Name::from_str(work.as_str(), false).as_ref(), Ok(work));
    }
    for who in Who::ALL {
        assert_eq!(Who::from_str(who.name(), false), Ok(who));
    }
}

#[test]
fn nothing_is_kept_of_a_flood_and_something_of_a_connection() {
    assert_eq!(weight::kept::<Periplus>(false, 20_000), 0.0);
    let bare = weight::idle_of::<Periplus>(false, 2000);
    let in_tokio = through_tokio::idle_of(false, 2000);
    assert!(
        0.0 < bare && bare < in_tokio,
        "{bare} bytes, and {in_tokio} as a TcpStream"
    );
}
