//! The bench itself: every work, a few times, before the referee.

use crate::contestant::Who;
use crate::works::Name;
use clap::ValueEnum;

/// Frames in which one comes damaged: more than in a real run, because there are fewer.
const DAMAGED_IN: usize = 20;

#[test]
fn every_stack_does_every_work_right() {
    for &work in Name::value_variants() {
        for who in Who::ALL {
            let Some(mut contestant) = who.at(work) else {
                assert_eq!(work, Name::W3rChunk, "only reading in place is optional");
                continue;
            };
            contestant.work(50);
            let seen = contestant.replay(300, DAMAGED_IN);
            contestant.work(50);
            if who != Who::Script {
                assert!(
                    seen.frames > 0 && seen.damaged > 0 && seen.bytes > 0,
                    "{work:?}, {who:?}: {seen:?}"
                );
            }
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
