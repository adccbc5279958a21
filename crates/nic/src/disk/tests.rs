//! Reads of real files and pipes. Where the host has no io_uring there is nothing to test but that it says so.

use super::*;
use rustix::pipe::pipe;
use std::fs::File;
use std::io::Write;
use std::time::Duration;
use tokio::time::timeout;

/// A bound for what must never take for ever.
const LONG: Duration = Duration::from_secs(60);

fn disk(reads: u32) -> Option<Disk> {
    match Disk::open(reads) {
        Ok(disk) => Some(disk),
        Err(error) => {
            eprintln!("no io_uring here: {error}");
            None
        }
    }
}

/// A file without a name.
fn file(content: &[u8]) -> Arc<OwnedFd> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::memfd_create("file", flags).expect("memory"));
    file.write_all(content).expect("there is room");
    Arc::new(file.into())
}

async fn read_all(reading: Option<Reading>) -> io::Result<Vec<u8>> {
    timeout(LONG, reading.expect("there is a place"))
        .await
        .expect("it is read")
}

#[tokio::test]
async fn what_is_read_is_what_is_there() {
    let Some(disk) = disk(8) else { return };
    let content: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let file = file(&content);
    for (offset, length) in [
        (0, 300_000),
        (1, 5),
        (299_999, 1),
        (100, 1_000_000),
        (400_000, 1),
    ] {
        let read = read_all(disk.read(file.clone(), offset, length)).await;
        let end = content.len().min(offset as usize + length);
        let expected = content.get(offset as usize..end).unwrap_or_default();
        assert!(
            read.expect("it can be read") == expected,
            "{length} at {offset}"
        );
    }
    assert_eq!(disk.under_way(), 0);
}

#[tokio::test]
async fn many_at_a_time_each_get_their_own() {
    let Some(disk) = disk(8) else { return };
    let content: Vec<u8> = (0..8u8).flat_map(|n| [n; 4096]).collect();
    let file = file(&content);
    let readings: Vec<_> = (0..8)
        .map(|n| disk.read(file.clone(), n * 4096, 4096))
        .collect();
    assert!(disk.read(file, 0, 1).is_none(), "a ninth");
    for (n, reading) in readings.into_iter().enumerate().rev() {
        let read = read_all(reading).await.expect("it can be read");
        assert!(read == [n as u8; 4096]);
    }
}

#[tokio::test]
async fn who_waits_is_woken_when_there_is_something() {
    let Some(disk) = disk(2) else { return };
    let (from, to) = pipe().expect("a pipe");
    let reading = disk.read(Arc::new(from), 0, 4);
    let waiting = tokio::spawn(read_all(reading));
    tokio::task::yield_now().await;
    rustix::io::write(&to, b"here").expect("there is room");
    let read = waiting.await.expect("no panic").expect("it can be read");
    assert_eq!(read, b"here");
}

#[tokio::test]
async fn what_nobody_waits_for_keeps_its_place_until_the_kernel_is_done() {
    let Some(disk) = disk(1) else { return };
    let (from, to) = pipe().expect("a pipe");
    let from = Arc::new(from);
    drop(disk.read(from.clone(), 0, 4).expect("there is a place"));
    assert_eq!(disk.under_way(), 1);
    assert!(disk.read(from.clone(), 0, 4).is_none());
    rustix::io::write(&to, b"lost").expect("there is room");
    timeout(LONG, async {
        while disk.under_way() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the kernel is done");
    rustix::io::write(&to, b"kept").expect("there is room");
    let read = read_all(disk.read(from, 0, 4)).await;
    assert_eq!(read.expect("it can be read"), b"kept");
}

#[tokio::test]
async fn a_ring_may_go_while_the_kernel_reads() {
    let Some(disk) = disk(1) else { return };
    let (from, to) = pipe().expect("a pipe");
    drop(disk.read(Arc::new(from), 0, 4));
    drop(disk);
    // Nobody reads, or the kernel does, into what is left to it.
    let _ = rustix::io::write(&to, b"late");
}

#[test]
fn a_runtime_may_end_while_another_waits() {
    let Some(disk) = disk(2) else { return };
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (from, to) = pipe().expect("a pipe");
    let from = Arc::new(from);
    let first = runtime();
    let mut reading = disk.read(from, 0, 4).expect("there is a place");
    first.block_on(async {
        let polled = std::future::poll_fn(|context| {
            Poll::Ready(Pin::new(&mut reading).poll(context).is_pending())
        });
        assert!(polled.await);
    });
    drop(first);
    rustix::io::write(&to, b"here").expect("there is room");
    let read = runtime().block_on(read_all(Some(reading)));
    assert_eq!(read.expect("it can be read"), b"here");
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error() {
    let Some(disk) = disk(1) else { return };
    let folder: OwnedFd = File::open("/").expect("there is one").into();
    let read = read_all(disk.read(Arc::new(folder), 0, 4)).await;
    assert!(read.is_err());
}
