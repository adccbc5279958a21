//! The kernel's listener and ours, given the same: clients behind one wire each, the kernel's listener in a neighbouring namespace and
//! ours on an interface in another. What both count, how long their queues are and what becomes of their clients has to be equal.
//!
//! The kernel's timers wait for nobody, so that a machine with more work than it does cannot tell. What ours does is therefore also
//! played in memory, where time waits, and held to what the manual says of both.

mod client;
mod neighbour;
mod report;
mod script;
mod server;
mod two_hundred;
mod wire;

use neighbour::Neighbour;
use periplus_nic::netlink::Netlink;
use periplus_nic::{PacketDevice, PacketOptions};
use periplus_ring::memory::MemoryDevice;
use periplus_stack::ShardOptions;
use periplus_tcp::Sysctls;
use periplus_tests::{Host, in_namespace};
use periplus_wire::ethernet::EthernetAddress;
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use script::{Script, Seen, Step, World, play, play_alone};
use server::{Kernel, Periplus};
use std::time::Duration;
use wire::{LISTENER, Wire};

/// How often a script is played on a machine that is too busy for it.
const ATTEMPTS: usize = 4;

/// By how much the steps of a script may be late, all together, and what was seen still counts. The kernel's timers do not wait for
/// a machine that stands still: the shortest of them, a retransmission's, runs out after 200 ms.
const LATE: Duration = Duration::from_millis(150);

/// The knobs of both listeners.
#[derive(Clone, Copy)]
struct Knobs {
    syncookies: u8,
    abort_on_overflow: bool,
}

fn kernel(backlog: usize, knobs: Knobs) -> World<Kernel, PacketDevice> {
    let there = Neighbour::new();
    there.lay_wire("tokernel", "kernel");
    there.give_address("kernel", LISTENER);
    there.set("tcp_max_syn_backlog", "4096");
    there.set("tcp_syncookies", &knobs.syncookies.to_string());
    let abort = u8::from(knobs.abort_on_overflow).to_string();
    there.set("tcp_abort_on_overflow", &abort);
    let theirs = there.enter(|| Netlink::open().unwrap().link("kernel").unwrap().ethernet);
    let wire = Wire::open("tokernel", theirs);
    World::new(wire, Kernel::listen(there, backlog))
}

fn ours(
    there: &Neighbour,
    backlog: usize,
    knobs: Knobs,
) -> World<Periplus<PacketDevice>, PacketDevice> {
    there.lay_wire("toours", "ours");
    let device = there.enter(|| PacketDevice::open(&PacketOptions::new("ours")).unwrap());
    let ethernet = device.ethernet();
    let host = Host::new(options(ethernet, knobs), 7, device);
    let wire = Wire::open("toours", ethernet);
    World::new(wire, Periplus::listen(host, backlog))
}

fn ours_in_memory(backlog: usize, knobs: Knobs) -> World<Periplus<MemoryDevice>, MemoryDevice> {
    let ethernet = EthernetAddress([2, 0, 0, 0, 0, 2]);
    let (wire, device) = Wire::in_memory(ethernet);
    let host = Host::new(options(ethernet, knobs), 7, device);
    World::new(wire, Periplus::listen_on_virtual_time(host, backlog))
}

fn options(ethernet: EthernetAddress, knobs: Knobs) -> ShardOptions {
    ShardOptions {
        ethernet,
        address: LISTENER,
        tcp: Sysctls {
            tcp_syncookies: knobs.syncookies,
            tcp_abort_on_overflow: knobs.abort_on_overflow,
            ..Sysctls::default()
        },
        ..ShardOptions::default()
    }
}

/// Plays a script to both. `judge` has to find nothing wrong with the two.
///
/// What is right is right on any machine. What is wrong counts if the steps came in time.
fn compare(
    script: &Script,
    backlog: usize,
    knobs: Knobs,
    judge: impl Fn(&mut Seen, &mut Seen) -> Result<(), String>,
) {
    stay_on_one_processor();
    for attempt in 1..=ATTEMPTS {
        let there = Neighbour::new();
        let kernel = kernel(backlog, knobs);
        let ours = ours(&there, backlog, knobs);
        let why = match play(script, kernel, ours) {
            None => "a timer ran out before what should come before it".to_owned(),
            Some(mut played) => match judge(&mut played.first, &mut played.second) {
                Ok(()) => return,
                Err(difference) if played.late <= LATE => panic!("{difference}"),
                Err(_) => format!("the steps were {:?} late", played.late),
            },
        };
        eprintln!("attempt {attempt}: this machine is too busy, {why}");
    }
    eprintln!("what the kernel does was not seen: this machine was too busy {ATTEMPTS} times");
}

/// Frames that one processor has sent do not overtake each other.
fn stay_on_one_processor() {
    let mut this = CpuSet::new();
    this.set(sched_getcpu());
    sched_setaffinity(None, &this).unwrap();
}

/// Twelve SYNs at a backlog of 8, and nobody answers the SYN/ACKs; one client repeats its SYN.
fn nobody_answers() -> Script {
    let mut script = Script::default();
    let admitted = 0..9;
    script.at(10, (0..12).map(Step::Syn));
    script.at(700, [Step::Look]);
    script.at(
        700,
        admitted.clone().map(|client| Step::NoMoreThan(client, 1)),
    );
    script.at(1_150, admitted.clone().map(|client| Step::Await(client, 2)));
    // The second time is too soon after the answer to the first.
    script.at(1_500, [Step::SynAgain(0)]);
    script.at(
        1_600,
        [Step::SynAgain(0), Step::NoMoreThan(0, 3), Step::Look],
    );
    script.at(3_400, admitted.clone().map(|client| Step::Await(client, 3)));
    script.at(3_900, [Step::Await(0, 4), Step::Look]);
    script.at(
        6_000,
        admitted.clone().map(|client| Step::NoMoreThan(client, 4)),
    );
    script.at(8_500, [Step::Await(0, 5), Step::Look]);
    script
}

/// What differs between the two.
fn is_equal(kernel: &Seen, ours: &Seen) -> Result<(), String> {
    let table = report::table(kernel, ours);
    println!("{table}");
    for (number, (theirs, ours)) in kernel.clients.iter().zip(&ours.clients).enumerate() {
        hold(ours == theirs, || {
            format!("client {number}: {ours:?}, and {theirs:?} at the kernel's\n{table}")
        })?;
    }
    hold(ours.backend == kernel.backend, || {
        format!(
            "{:?}, and {:?} behind the kernel's\n{table}",
            ours.backend, kernel.backend
        )
    })?;
    hold(report::rows(ours) == report::rows(kernel), || table.clone())?;
    hold(ours.looks == kernel.looks, || table.clone())
}

fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Whether the test goes on: in a namespace of its own, with a kernel whose SYN queue lets in one more than the backlog, as ours
/// does. Before 6.14 it did not, and the two differ by that.
fn beside_the_kernel(test: &str) -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    let version: (u32, u32) = (next().unwrap_or(0), next().unwrap_or(0));
    if version < (6, 14) {
        eprintln!("{test}: not run, Linux {} has another rule", release.trim());
        return false;
    }
    in_namespace(test)
}

/// Every setting of the two knobs, in the order of the manual's columns.
const SETTINGS: [(u8, bool); 4] = [(0, false), (0, true), (1, false), (1, true)];

/// Both see the same of [`two_hundred`], and it is what the manual says.
fn two_hundred_handshakes(syncookies: u8, abort_on_overflow: bool) {
    let knobs = Knobs {
        syncookies,
        abort_on_overflow,
    };
    let is_this = |setting: &(u8, bool)| *setting == (syncookies, abort_on_overflow);
    let setting = SETTINGS.iter().position(is_this).unwrap();
    compare(&two_hundred::script(), 8, knobs, |kernel, ours| {
        is_equal(kernel, ours)?;
        let measured = report::rows(kernel).into_iter().zip(report::rows(ours));
        let measured: Vec<_> = measured
            .map(|((what, theirs), (_, ours))| (what, theirs, ours))
            .collect();
        let said = report::of_the_manual(setting);
        hold(measured == said, || {
            format!("manual/listener.md says {said:#?}, and measured was {measured:#?}")
        })
    });
}

/// On any machine.
#[test]
fn two_hundred_handshakes_are_what_the_manual_says() {
    for (setting, (syncookies, abort_on_overflow)) in SETTINGS.into_iter().enumerate() {
        let knobs = Knobs {
            syncookies,
            abort_on_overflow,
        };
        let seen = play_alone(&two_hundred::script(), ours_in_memory(8, knobs));
        let rows = report::rows(&seen).into_iter();
        let measured: Vec<_> = rows
            .map(|(what, ours)| (what, ours.clone(), ours))
            .collect();
        assert_eq!(
            report::of_the_manual(setting),
            measured,
            "tcp_syncookies {syncookies}, tcp_abort_on_overflow {abort_on_overflow}"
        );
        // The script overflows both queues.
        assert!(seen.counters["TcpExtListenOverflows"] > 50);
        if syncookies == 0 {
            assert!(seen.counters["TcpExtTCPReqQFullDrop"] > 10);
        } else {
            assert!(seen.counters["TcpExtTCPReqQFullDoCookies"] > 10);
            assert!(seen.counters["TcpExtSyncookiesRecv"] > 10);
        }
    }
}

#[test]
fn two_hundred_handshakes_without_cookies() {
    if beside_the_kernel("interface_listener::two_hundred_handshakes_without_cookies") {
        two_hundred_handshakes(0, false);
    }
}

#[test]
fn two_hundred_handshakes_with_cookies() {
    if beside_the_kernel("interface_listener::two_hundred_handshakes_with_cookies") {
        two_hundred_handshakes(1, false);
    }
}

#[test]
fn two_hundred_handshakes_with_resets_on_overflow() {
    if beside_the_kernel("interface_listener::two_hundred_handshakes_with_resets_on_overflow") {
        two_hundred_handshakes(0, true);
    }
}

#[test]
fn two_hundred_handshakes_with_cookies_and_resets_on_overflow() {
    let test = "interface_listener::two_hundred_handshakes_with_cookies_and_resets_on_overflow";
    if beside_the_kernel(test) {
        two_hundred_handshakes(1, true);
    }
}

#[test]
fn syn_acks_that_nobody_answers() {
    if !beside_the_kernel("interface_listener::syn_acks_that_nobody_answers") {
        return;
    }
    let knobs = Knobs {
        syncookies: 0,
        abort_on_overflow: false,
    };
    compare(&nobody_answers(), 8, knobs, |kernel, ours| {
        // Timers that are due at the same time run in any order, so that it is chance which of the old clients are given up.
        for seen in [&mut *kernel, &mut *ours] {
            seen.clients[1..].sort_by_key(|client| client.syn_acks);
        }
        is_equal(kernel, ours)
    });
}
