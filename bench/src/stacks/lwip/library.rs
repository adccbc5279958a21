//! lwIP behind `glue.c`, made safe.
#![allow(unsafe_code)]

use super::super::Outgoing;
use crate::client::{CLIENT, PORT, SERVER, SERVER_ETHERNET};
use std::ffi::c_void;
use std::net::SocketAddrV4;
use std::ptr::{NonNull, null, null_mut};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// `struct stack` and `struct connection` of `glue.c`.
#[repr(C)]
struct Stack([u8; 0]);
#[repr(C)]
pub(crate) struct Opaque([u8; 0]);

type Transmit = extern "C" fn(*mut c_void, u16) -> *mut c_void;

unsafe extern "C" {
    fn bench_lwip_init();
    fn bench_lwip_new(
        slots: usize,
        ethernet: *const u8,
        address: u32,
        gateway: u32,
        port: u16,
        transmit: Transmit,
        context: *mut c_void,
    ) -> *mut Stack;
    fn bench_lwip_free(stack: *mut Stack);
    fn bench_lwip_input(stack: *mut Stack, slot: usize, frame: *mut u8, length: u16) -> i32;
    fn bench_lwip_tcp_timer();
    fn bench_lwip_arp_timer();
    fn bench_lwip_accept(stack: *mut Stack) -> *mut Opaque;
    fn bench_lwip_peer_address(connection: *const Opaque) -> u32;
    fn bench_lwip_peer_port(connection: *const Opaque) -> u16;
    fn bench_lwip_next_readable(stack: *mut Stack) -> *mut Opaque;
    fn bench_lwip_has_ended(connection: *const Opaque) -> i32;
    fn bench_lwip_read(connection: *mut Opaque, buffer: *mut u8, room: usize) -> usize;
    fn bench_lwip_piece(connection: *const Opaque, piece: *mut *const u8) -> usize;
    fn bench_lwip_consume(connection: *mut Opaque, length: usize);
    fn bench_lwip_room(connection: *const Opaque) -> usize;
    fn bench_lwip_write(connection: *mut Opaque, data: *const u8, length: usize) -> usize;
    fn bench_lwip_close(connection: *mut Opaque) -> i32;
}

/// There is one of it in a process: it keeps its state in global variables.
static TAKEN: AtomicBool = AtomicBool::new(false);
static INITIALISED: Once = Once::new();

/// A connection that was accepted and not closed. Whoever has one keeps it no longer than the library.
pub(super) type Connection = NonNull<Opaque>;

/// The library with an interface and a listener.
pub(super) struct Library {
    stack: *mut Stack,
    /// From `Box::into_raw`: C writes there as well, but only in calls of ours.
    sent: *mut Outgoing,
}

impl Library {
    /// # Panics
    /// If there is another.
    pub(super) fn new(slots: usize, sent: Outgoing) -> Self {
        assert!(!TAKEN.swap(true, Ordering::Acquire), "lwIP is there once");
        // SAFETY: nothing of the library was called before.
        INITIALISED.call_once(|| unsafe { bench_lwip_init() });
        let sent = Box::into_raw(Box::new(sent));
        // SAFETY: the link address has six bytes, and `sent` lives until the stack is freed.
        let stack = unsafe {
            bench_lwip_new(
                slots,
                SERVER_ETHERNET.as_ptr(),
                SERVER.to_bits(),
                CLIENT.to_bits(),
                PORT,
                transmit,
                sent.cast(),
            )
        };
        assert!(!stack.is_null(), "no memory");
        Self { stack, sent }
    }

    /// What has left.
    pub(super) fn sent(&mut self) -> &mut Outgoing {
        // SAFETY: it came from a box, and nobody else has a reference: C has one only during calls.
        unsafe { &mut *self.sent }
    }

    /// A frame has come into a slot. lwIP swaps the bytes of its header where they lie.
    ///
    /// # Safety
    /// `frame` stays where it is, and nothing else looks at it, until the connection whose segment it is has been read or the
    /// library is dropped.
    pub(super) unsafe fn input(&mut self, slot: usize, frame: &mut [u8]) {
        let length = u16::try_from(frame.len()).expect("a frame of Ethernet");
        // SAFETY: by the caller's promise.
        let input = unsafe { bench_lwip_input(self.stack, slot, frame.as_mut_ptr(), length) };
        assert_eq!(input, 1, "slot {slot} is still needed");
    }

    /// What is due every 250 ms.
    pub(super) fn tcp_timer(&mut self) {
        // SAFETY: the library is initialised.
        unsafe { bench_lwip_tcp_timer() }
    }

    /// What is due every second.
    pub(super) fn arp_timer(&mut self) {
        // SAFETY: the library is initialised.
        unsafe { bench_lwip_arp_timer() }
    }

    pub(super) fn accept(&mut self) -> Option<Connection> {
        // SAFETY: the stack is there until this is dropped.
        NonNull::new(unsafe { bench_lwip_accept(self.stack) })
    }

    pub(super) fn peer(&self, connection: Connection) -> SocketAddrV4 {
        let connection = connection.as_ptr();
        // SAFETY: it was accepted and not closed, as below.
        let (address, port) = unsafe {
            let address = bench_lwip_peer_address(connection);
            (address, bench_lwip_peer_port(connection))
        };
        SocketAddrV4::new(address.into(), port)
    }

    pub(super) fn next_readable(&mut self) -> Option<Connection> {
        // SAFETY: the stack is there until this is dropped.
        NonNull::new(unsafe { bench_lwip_next_readable(self.stack) })
    }

    pub(super) fn has_ended(&self, connection: Connection) -> bool {
        // SAFETY: it was accepted and not closed.
        unsafe { bench_lwip_has_ended(connection.as_ptr()) != 0 }
    }

    pub(super) fn read(&mut self, connection: Connection, buffer: &mut [u8]) -> usize {
        // SAFETY: it was accepted and not closed, and the buffer is as long as is said.
        unsafe { bench_lwip_read(connection.as_ptr(), buffer.as_mut_ptr(), buffer.len()) }
    }

    /// Shows the next piece of what was received and takes it; returns how long it was.
    pub(super) fn read_piece(&mut self, connection: Connection, show: impl FnOnce(&[u8])) -> usize {
        let mut piece = null();
        // SAFETY: it was accepted and not closed; the piece is there until it is consumed, in a slot that stays.
        unsafe {
            let length = bench_lwip_piece(connection.as_ptr(), &mut piece);
            if length > 0 {
                show(std::slice::from_raw_parts(piece, length));
                bench_lwip_consume(connection.as_ptr(), length);
            }
            length
        }
    }

    pub(super) fn has_room(&self, connection: Connection) -> bool {
        // SAFETY: it was accepted and not closed.
        unsafe { bench_lwip_room(connection.as_ptr()) > 0 }
    }

    pub(super) fn write(&mut self, connection: Connection, data: &[u8]) -> usize {
        // SAFETY: it was accepted and not closed, and the data is as long as is said.
        unsafe { bench_lwip_write(connection.as_ptr(), data.as_ptr(), data.len()) }
    }

    pub(super) fn close(&mut self, connection: Connection) {
        // SAFETY: it was accepted and not closed, and is not used any more.
        let closed = unsafe { bench_lwip_close(connection.as_ptr()) };
        assert_eq!(closed, 1, "no memory to close");
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: both are from `new`, and nobody has them after this. What the stack sends while it goes still finds its place.
        unsafe {
            bench_lwip_free(self.stack);
            drop(Box::from_raw(self.sent));
        }
        TAKEN.store(false, Ordering::Release);
    }
}

/// The place of a frame that leaves.
extern "C" fn transmit(context: *mut c_void, length: u16) -> *mut c_void {
    // SAFETY: it is the `sent` of a library, to which nobody has a reference while C is called.
    let sent = unsafe { &mut *context.cast::<Outgoing>() };
    let Some(slot) = sent.reserve(length.into()) else {
        return null_mut();
    };
    let place = slot.as_mut_ptr();
    sent.commit(length.into());
    place.cast()
}
