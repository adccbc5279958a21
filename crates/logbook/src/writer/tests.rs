//! The thread, watched through what its keepers do.

use super::*;
use crate::logged::tests::{EPOCH, first_request, first_request_record};
use std::sync::Mutex;
use std::sync::mpsc::channel;

/// What was written, shared with the test.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A keeper that is led by the test, step by step.
struct Led {
    arrived: SyncSender<u64>,
    go_on: Receiver<io::Result<()>>,
}

impl Keeper for Led {
    fn name(&self) -> &str {
        "led"
    }

    fn keep(&mut self, logged: &Logged) -> io::Result<()> {
        self.arrived.send(logged.id).unwrap();
        self.go_on.recv().unwrap()
    }

    fn rest(&mut self) -> io::Result<Option<Duration>> {
        Ok(None)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn nobody_fails(name: &str, error: io::Error) {
    panic!("{name}: {error}");
}

#[test]
fn everything_given_is_on_disk_when_finish_returns() {
    let shared = Shared::default();
    let keeper = Box::new(JsonLines::new("a.jsonl", shared.clone()));
    let writer = Writer::spawn(EPOCH, 1000, vec![keeper], nobody_fails).unwrap();
    for _ in 0..1000 {
        writer.inlet().give(first_request_record());
    }
    assert_eq!(
        writer.finish(),
        Finished {
            kept: 1000,
            lost: 0,
            failed: 0
        }
    );
    let text = shared.0.lock().unwrap().clone();
    let back: Result<Vec<_>, _> = json::read("a.jsonl", text.as_slice()).collect();
    assert_eq!(back.unwrap(), vec![first_request(); 1000]);
}

#[test]
fn a_slow_keeper_loses_records_and_never_makes_the_giver_wait() {
    let (arrived_sender, arrived) = sync_channel(10);
    let (go_on, go_on_receiver) = channel();
    let keeper = Box::new(Led {
        arrived: arrived_sender,
        go_on: go_on_receiver,
    });
    let writer = Writer::spawn(EPOCH, 2, vec![keeper], nobody_fails).unwrap();
    let inlet = writer.inlet();
    inlet.give(first_request_record());
    arrived.recv().unwrap(); // it holds the first: now two fit, the others do not
    for _ in 0..5 {
        inlet.give(first_request_record());
    }
    for _ in 0..3 {
        go_on.send(Ok(())).unwrap();
    }
    assert_eq!(
        writer.finish(),
        Finished {
            kept: 3,
            lost: 3,
            failed: 0
        }
    );
}

#[test]
fn a_keeper_that_fails_is_told_of_once_and_the_others_go_on() {
    let (arrived_sender, _arrived) = sync_channel(10);
    let (go_on, go_on_receiver) = channel();
    let shared = Shared::default();
    let keepers: Vec<Box<dyn Keeper>> = vec![
        Box::new(Led {
            arrived: arrived_sender,
            go_on: go_on_receiver,
        }),
        Box::new(JsonLines::new("a.jsonl", shared.clone())),
    ];
    let (failure_sender, failures) = channel();
    let writer = Writer::spawn(EPOCH, 10, keepers, move |name, error| {
        failure_sender.send(format!("{name}: {error}")).unwrap();
    })
    .unwrap();
    go_on.send(Err(io::Error::other("no space left"))).unwrap();
    for _ in 0..2 {
        writer.inlet().give(first_request_record());
    }
    assert_eq!(
        writer.finish(),
        Finished {
            kept: 2,
            lost: 0,
            failed: 1
        }
    );
    assert_eq!(failures.iter().collect::<Vec<_>>(), ["led: no space left"]);
    assert_eq!(
        shared
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count(),
        2
    );
}
