//! packetdrill's interface, driven as packetdrill drives it.

use driver::{Driver, STACK};
use periplus_packetdrill::{CTcpInfo, getsockopt};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

mod driver;

const SECOND: Duration = Duration::from_secs(1);
/// A bound for what may take long on a busy machine and must never take for ever.
const PATIENCE: Duration = Duration::from_secs(60);
/// Each of a few timers in a row may be late by a tick of 66 microseconds, and every look at the clock takes one.
const TICK: Duration = Duration::from_micros(500);

fn thread_id() -> libc::pid_t {
    // SAFETY: no memory is involved.
    unsafe { libc::gettid() }
}

/// Waits until the thread that tells its id waits in one of our calls: no other wait of its has an end.
fn wait_until_waiting(thread: &AtomicI32) {
    while thread.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    let path = format!("/proc/self/task/{}/syscall", thread.load(Ordering::Relaxed));
    let waits = || {
        let call = std::fs::read_to_string(&path).unwrap();
        let words: Vec<_> = call.split(' ').collect();
        words[0] == libc::SYS_futex.to_string() && words[4] != "0x0"
    };
    while !waits() {
        thread::yield_now();
    }
}

#[track_caller]
fn assert_at(at: Duration, expected: Duration) {
    assert!(
        at >= expected && at < expected + TICK,
        "at {at:?} and not {expected:?}"
    );
}

#[test]
fn data_passes_both_ways_until_both_have_closed() {
    let (mut driver, listener, connection) = Driver::accepted();
    let calls = driver.calls();
    driver.inject("P. 1:11(10) ack 1");
    assert_eq!(calls.read(connection, 100).unwrap().len(), 10);
    driver.expect(". 1:1(0) ack 11");
    assert_eq!(calls.write(connection, b"answer"), Ok(6));
    driver.expect("P. 1:7(6) ack 11");
    driver.inject(". 11:11(0) ack 7");
    assert_eq!(calls.close(connection), Ok(0));
    driver.expect("F. 7:7(0) ack 11");
    driver.inject("F. 11:11(0) ack 8");
    driver.expect(". 8:8(0) ack 12");
    assert_eq!(calls.close(listener), Ok(0));
    driver.expect_silence();
}

#[test]
fn a_connect_that_does_not_wait_tells_how_it_ended() {
    let mut driver = Driver::new();
    let calls = driver.calls();
    let socket = calls.socket(libc::SOCK_STREAM | libc::SOCK_NONBLOCK);
    assert_eq!(calls.connect(socket), Err(libc::EINPROGRESS));
    assert_eq!(calls.connect(socket), Err(libc::EALREADY));
    assert_eq!(calls.poll(socket, libc::POLLOUT, 0), 0);
    driver.expect("S 0:0(0) win");
    driver.inject("S. 0:0(0) ack 1 win 65535 <mss 1000>");
    driver.expect(". 1:1(0) ack 1");
    assert_eq!(calls.poll(socket, libc::POLLOUT, 0), libc::POLLOUT);
    assert_eq!(
        calls.get_option(socket, libc::SOL_SOCKET, libc::SO_ERROR),
        Ok(0)
    );
    assert_eq!(calls.connect(socket), Ok(0));
    assert_eq!(calls.connect(socket), Err(libc::EISCONN));
    calls.close(socket).unwrap();
}

#[test]
fn a_refused_connect_is_told_once() {
    let mut driver = Driver::new();
    let calls = driver.calls();
    let socket = calls.socket(libc::SOCK_STREAM | libc::SOCK_NONBLOCK);
    assert_eq!(calls.connect(socket), Err(libc::EINPROGRESS));
    driver.expect("S 0:0(0) win");
    driver.inject("R. 0:0(0) ack 1");
    let events = libc::POLLERR | libc::POLLHUP | libc::POLLOUT;
    assert_eq!(calls.poll(socket, libc::POLLOUT, 0), events);
    let error = || calls.get_option(socket, libc::SOL_SOCKET, libc::SO_ERROR);
    assert_eq!(error(), Ok(libc::ECONNREFUSED));
    assert_eq!(error(), Ok(0));
    calls.close(socket).unwrap();
}

#[test]
fn timers_fire_at_their_own_moments_on_virtual_time() {
    let mut driver = Driver::new();
    let calls = driver.calls();
    let socket = calls.socket(libc::SOCK_STREAM | libc::SOCK_NONBLOCK);
    assert_eq!(calls.connect(socket), Err(libc::EINPROGRESS));
    // each second, and then twice as long each time: both while waiting for a packet and while asleep
    for seconds in [0, 1, 2, 3, 4, 5, 7] {
        let at = driver.expect("S 0:0(0) win");
        assert_at(at, seconds * SECOND);
    }
    driver.sleep(10 * SECOND);
    let at = driver.expect("S 0:0(0) win");
    assert_at(at, 11 * SECOND);
    assert_at(driver.elapsed(), 17 * SECOND);
    calls.close(socket).unwrap();
    driver.expect_silence();
}

#[test]
fn a_call_that_waits_returns_at_the_moment_of_its_packet() {
    let (mut driver, _, connection) = Driver::accepted();
    let reading = Arc::new(AtomicI32::new(0));
    let calls = driver.calls();
    let begun = driver.elapsed();
    let started = calls.clock();
    let its_thread = Arc::clone(&reading);
    let reader = thread::spawn(move || {
        its_thread.store(thread_id(), Ordering::Relaxed);
        let data = calls.read(connection, 100);
        (data.map(|data| data.len()), calls.clock())
    });
    wait_until_waiting(&reading);
    driver.sleep(SECOND);
    driver.inject("P. 1:11(10) ack 1");
    driver.sleep(SECOND); // the reader has read the clock before
    let (count, returned) = reader.join().unwrap();
    assert_eq!(count, Ok(10));
    assert_at(returned - started, SECOND);
    assert_at(driver.elapsed() - begun, 2 * SECOND);
}

#[test]
fn a_close_that_lingers_is_over_at_its_own_moment_however_late_its_thread_comes_back() {
    let (mut driver, _, connection) = Driver::accepted();
    let calls = driver.calls();
    calls.set_linger(connection, 1).unwrap();
    let closing = Arc::new(AtomicI32::new(0));
    let its_thread = Arc::clone(&closing);
    let begun = driver.elapsed();
    let started = calls.clock();
    let closer = thread::spawn(move || {
        its_thread.store(thread_id(), Ordering::Relaxed);
        calls.close(connection).unwrap();
        // as on a busy machine: time must not pass before the clock is read
        thread::sleep(Duration::from_millis(50));
        calls.clock()
    });
    wait_until_waiting(&closing);
    let mut last = Duration::ZERO;
    while last < begun + 2 * SECOND {
        last = driver.expect("F. 1:1(0) ack 1");
    }
    assert_at(closer.join().unwrap() - started, SECOND);
}

#[test]
fn a_call_that_waits_moves_time_on_where_nobody_else_does() {
    let (driver, _, connection) = Driver::accepted();
    let calls = driver.calls();
    let begun = calls.clock();
    let (told, is_told) = mpsc::channel();
    thread::spawn(move || {
        let ready = calls.poll(connection, libc::POLLIN, 1000);
        told.send((ready, calls.clock())).unwrap();
    });
    // packetdrill's wait has an end as well
    let (ready, returned) = is_told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(ready, 0);
    assert_at(returned - begun, SECOND);
}

#[test]
fn a_call_that_waits_where_time_is_made_moves_time_on() {
    let (mut driver, listener, connection) = Driver::accepted();
    let calls = driver.calls();
    let begun = driver.elapsed();
    assert_eq!(calls.poll(connection, libc::POLLIN, 250), 0);
    assert_at(driver.elapsed() - begun, Duration::from_millis(250));
    // nothing will ever happen: better an error than to wait for ever
    assert_eq!(calls.accept(listener), Err(libc::EDEADLK));
    calls.set_nonblocking(listener);
    assert_eq!(calls.accept(listener), Err(libc::EAGAIN));
    driver.inject("F. 1:1(0) ack 1");
    driver.expect(". 1:1(0) ack 2");
}

#[test]
fn poll_tells_what_can_be_done_as_long_as_it_can() {
    let (mut driver, listener, connection) = Driver::accepted();
    let calls = driver.calls();
    let all = libc::POLLIN | libc::POLLOUT | libc::POLLRDHUP;
    assert_eq!(calls.poll(listener, all, 0), 0);
    assert_eq!(calls.poll(connection, all, 0), libc::POLLOUT);
    driver.inject("P. 1:11(10) ack 1");
    for _ in 0..2 {
        assert_eq!(calls.poll(connection, all, 0), libc::POLLIN | libc::POLLOUT);
    }
    assert_eq!(calls.ioctl(connection, libc::FIONREAD as _), Ok(10));
    calls.read(connection, 10).unwrap();
    assert_eq!(calls.poll(connection, all, 0), libc::POLLOUT);
    driver.inject("F. 11:11(0) ack 1");
    assert_eq!(calls.poll(connection, all, 0), all);
    assert_eq!(calls.read(connection, 10), Ok(vec![]));
    calls.shutdown(connection, libc::SHUT_WR).unwrap();
    assert_eq!(calls.poll(connection, all, 0), all | libc::POLLHUP);
    assert_eq!(calls.poll(99, all, 0), libc::POLLNVAL);
}

#[test]
fn a_full_send_queue_is_writable_when_a_third_of_it_is_free() {
    let (mut driver, _, connection) = Driver::accepted();
    let calls = driver.calls();
    calls.set_nonblocking(connection);
    // as it is set, it does not grow
    calls
        .set_option(connection, libc::SOL_SOCKET, libc::SO_SNDBUF, 200_000)
        .unwrap();
    let data = vec![7; 1 << 20];
    while calls.write(connection, &data).is_ok() {}
    assert_eq!(calls.write(connection, &data), Err(libc::EAGAIN));
    assert_eq!(calls.poll(connection, libc::POLLOUT, 0), 0);
    let waiting = calls.ioctl(connection, libc::TIOCOUTQ as _).unwrap();
    let (mut acknowledged, mut writable_at) = (0, None);
    while writable_at.is_none() {
        acknowledged += 1000;
        driver.inject(&format!(". 1:1(0) ack {} win 65535", 1 + acknowledged));
        if calls.poll(connection, libc::POLLOUT, 0) == libc::POLLOUT {
            writable_at = Some(acknowledged);
        }
    }
    // by memory, and not by bytes: nearly a third
    let writable_at = writable_at.unwrap();
    assert!(
        (waiting / 4..waiting / 2).contains(&writable_at),
        "{writable_at} of {waiting}"
    );
}

#[test]
fn epoll_tells_an_edge_once_and_a_level_as_long_as_it_lasts() {
    let (mut driver, _, connection) = Driver::accepted();
    let calls = driver.calls();
    let (edge, level) = (calls.epoll_create(), calls.epoll_create());
    let events = libc::EPOLLIN | libc::EPOLLOUT;
    calls
        .epoll_add(edge, connection, events | libc::EPOLLET)
        .unwrap();
    calls.epoll_add(level, connection, libc::EPOLLIN).unwrap();
    assert_eq!(
        calls.epoll_add(level, connection, events),
        Err(libc::EEXIST)
    );
    assert_eq!(
        (calls.epoll_wait(edge), calls.epoll_wait(level)),
        (libc::EPOLLOUT, 0)
    );
    for text in ["P. 1:11(10) ack 1", "P. 11:21(10) ack 1"] {
        driver.inject(text);
        assert_eq!(calls.epoll_wait(edge), events);
        assert_eq!(calls.epoll_wait(edge), 0);
        assert_eq!(calls.epoll_wait(level), libc::EPOLLIN);
        assert_eq!(calls.epoll_wait(level), libc::EPOLLIN);
    }
    calls.read(connection, 20).unwrap();
    assert_eq!((calls.epoll_wait(edge), calls.epoll_wait(level)), (0, 0));
}

#[test]
fn bytes_are_spliced_through_a_pipe() {
    let (mut driver, _, connection) = Driver::accepted();
    let calls = driver.calls();
    let [reader, writer] = calls.pipe();
    driver.inject("P. 1:11(10) ack 1");
    assert_eq!(calls.splice(connection, writer, 100), Ok(10));
    driver.expect(". 1:1(0) ack 11");
    assert_eq!(calls.splice(reader, connection, 100), Ok(10));
    driver.expect("P. 1:11(10) ack 11");
    assert_eq!(calls.splice(connection, connection, 100), Err(libc::EINVAL));
}

#[test]
fn getsockopt_past_the_interface_gives_tcp_info() {
    let (driver, _, connection) = Driver::accepted();
    let mut info = CTcpInfo::default();
    let mut length = size_of::<CTcpInfo>() as libc::socklen_t;
    let place = (&raw mut info).cast();
    // SAFETY: there is room for the structure.
    let result = unsafe {
        getsockopt(
            connection,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            place,
            &raw mut length,
        )
    };
    assert_eq!((result, length as usize), (0, size_of::<CTcpInfo>()));
    assert_eq!((info.state, info.snd_mss, info.snd_cwnd), (1, 1000, 10));
    assert_eq!(info.snd_ssthresh, 0x7fff_ffff);
    let calls = driver.calls();
    assert_eq!(
        calls.get_option(connection, libc::IPPROTO_TCP, libc::TCP_MAXSEG),
        Ok(1000)
    );
    // what is not the adapter's goes to the C library
    // SAFETY: as before.
    let result =
        unsafe { getsockopt(0, libc::IPPROTO_TCP, libc::TCP_INFO, place, &raw mut length) };
    assert_eq!(result, -1);
}

#[test]
fn errors_are_those_of_linux() {
    let (mut driver, listener, connection) = Driver::accepted();
    let calls = driver.calls();
    driver.inject("P. 1:11(10) ack 1");
    assert_eq!(calls.read_nowhere(connection), Err(libc::EFAULT));
    assert_eq!(calls.write_nowhere(connection), Err(libc::EFAULT));
    assert_eq!(calls.read(connection, 10).map(|data| data.len()), Ok(10));
    let new = calls.socket(libc::SOCK_STREAM);
    assert_eq!(calls.read(new, 10), Err(libc::ENOTCONN));
    assert_eq!(calls.write(new, b"x"), Err(libc::EPIPE));
    assert_eq!(calls.shutdown(new, libc::SHUT_WR), Err(libc::ENOTCONN));
    calls.bind(new).unwrap();
    assert_eq!(calls.bind(new), Err(libc::EINVAL));
    assert_eq!(
        calls.listen(new),
        Err(libc::EADDRINUSE),
        "{STACK} has a listener"
    );
    assert_eq!(calls.read(listener, 10), Err(libc::ENOTCONN));
    assert_eq!(calls.accept(connection), Err(libc::EINVAL));
    assert_eq!(calls.shutdown(connection, 3), Err(libc::EINVAL));
    assert_eq!(
        calls.set_option(connection, libc::IPPROTO_TCP, 99, 1),
        Err(libc::ENOPROTOOPT)
    );
    // a reset is told once; then there is nothing to read, and nobody to write to
    driver.inject("R. 11:11(0) ack 1");
    assert_eq!(calls.read(connection, 10), Err(libc::ECONNRESET));
    assert_eq!(calls.read(connection, 10), Ok(vec![]));
    assert_eq!(calls.write(connection, b"x"), Err(libc::EPIPE));
}
