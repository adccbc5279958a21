//! The descriptor behind a TAP (Linux, Documentation/networking/tuntap.rst).

use crate::virtio_header::VirtioHeader;
use crate::{OpenError, OpenErrorKind, grant};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::ioctl::{IntegerSetter, Opcode, Setter, Updater, ioctl, opcode};
use std::ffi::{c_int, c_short, c_uint};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::Duration;

const DEVICE: &str = "/dev/net/tun";

const SET_INTERFACE: Opcode = opcode::write::<c_int>(b'T', 202);
const SET_OFFLOAD: Opcode = opcode::write::<c_uint>(b'T', 208);
const SET_HEADER_LENGTH: Opcode = opcode::write::<c_int>(b'T', 216);

/// `IFF_TAP | IFF_NO_PI | IFF_VNET_HDR`: Ethernet frames, each after a virtio header and nothing else.
const FLAGS: c_short = 0x0002 | 0x1000 | 0x4000;
/// `TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN`: what the host may leave for us to do. Not datagrams (`USO4`, `USO6`):
/// the stack takes each as it is on the wire.
const OFFLOADS: usize = 0x01 | 0x02 | 0x04 | 0x08;

/// The device of a process that has just ended may still be there, for as long as its descriptors are being closed.
const BUSY_RETRY: Duration = Duration::from_millis(10);
const BUSY_RETRIES: usize = 200;

/// Bytes of an interface's name, the zero at its end included.
const NAME_LENGTH: usize = 16;

/// `struct ifreq`, as long as it is where pointers have 64 bits.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; NAME_LENGTH],
    flags: c_short,
    rest: [u8; 22],
}

/// Opens a TAP, and gives its name.
pub(super) fn open_tap(name: Option<&str>) -> Result<(OwnedFd, String), OpenError> {
    let name = name.unwrap_or("periplus%d");
    if name.is_empty() || name.len() >= NAME_LENGTH || name.contains(['/', ':', '\0', ' ']) {
        let what = format!("cannot open TAP {name:?}: that is no name of an interface");
        return Err(OpenError::new(OpenErrorKind::Other, what)
            .fix("A name has up to 15 bytes, and no space, colon or slash."));
    }
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let tun = open(DEVICE, flags, Mode::empty()).map_err(refused_device)?;
    let name = attach(&tun, name).map_err(|error| refused_interface(name, error))?;
    set_up_header(&tun).map_err(|error| {
        OpenError::refused(format!("switch on the offloads of TAP {name}"), &error)
    })?;
    Ok((tun, name))
}

/// Makes the interface, or takes one that is there and free.
fn attach(tun: &OwnedFd, name: &str) -> io::Result<String> {
    let mut retries = 0..BUSY_RETRIES;
    loop {
        let mut request = InterfaceRequest {
            name: [0; NAME_LENGTH],
            flags: FLAGS,
            rest: [0; 22],
        };
        request.name[..name.len()].copy_from_slice(name.as_bytes());
        // SAFETY: TUNSETIFF reads and writes one `struct ifreq`, of which this has the layout and at least the length.
        let result = unsafe { ioctl(tun.as_fd(), Updater::<SET_INTERFACE, _>::new(&mut request)) };
        match result {
            Ok(()) => {
                let end = request.name.iter().position(|byte| *byte == 0);
                let name = &request.name[..end.unwrap_or(NAME_LENGTH)];
                return Ok(String::from_utf8_lossy(name).into_owned());
            }
            Err(Errno::BUSY) if retries.next().is_some() => thread::sleep(BUSY_RETRY),
            Err(error) => return Err(error.into()),
        }
    }
}

fn set_up_header(tun: &OwnedFd) -> io::Result<()> {
    let length = VirtioHeader::LENGTH as c_int;
    // SAFETY: TUNSETVNETHDRSZ reads one int.
    unsafe { ioctl(tun.as_fd(), Setter::<SET_HEADER_LENGTH, c_int>::new(length)) }?;
    // SAFETY: TUNSETOFFLOAD takes its flags as a number.
    unsafe {
        ioctl(
            tun.as_fd(),
            IntegerSetter::<SET_OFFLOAD>::new_usize(OFFLOADS),
        )
    }?;
    Ok(())
}

fn refused_device(error: Errno) -> OpenError {
    let refused = OpenError::refused(format!("open {DEVICE}"), &error.into());
    match refused.kind() {
        OpenErrorKind::NotPermitted => refused.fix(format!(
            "Run as root, or let everybody open it, as it is usual: sudo chmod 666 {DEVICE}. \
             Making an interface needs CAP_NET_ADMIN as well."
        )),
        _ => refused.fix(format!(
            "Load the kernel's module (sudo modprobe tun); in a container, pass the device on (--device {DEVICE})."
        )),
    }
}

fn refused_interface(name: &str, error: io::Error) -> OpenError {
    // a pattern is no name yet
    let what = match name.contains('%') {
        true => "make a TAP".to_owned(),
        false => format!("open TAP {name}"),
    };
    let refused = OpenError::refused(what, &error);
    match refused.kind() {
        OpenErrorKind::NotPermitted => refused.fix(grant::advice(&grant::TAP)),
        OpenErrorKind::Busy => refused.fix("Another process holds it. Choose another name."),
        _ if Errno::from_io_error(&error) == Some(Errno::INVAL) => {
            refused.fix("An interface of that name is there, and is no TAP. Choose another name.")
        }
        _ => refused,
    }
}
