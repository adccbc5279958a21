//! Memory that C calls point to: the only place where it is read and written.

use crate::errno::Errno;
use libc::{c_int, c_void, iovec, sockaddr, sockaddr_in, socklen_t};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The most pieces that one call may name (Linux's `UIO_MAXIOV`).
const UIO_MAXIOV: usize = 1024;

/// Where a call's bytes are: pieces in order, any of which may be a null pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces(Vec<(*mut u8, usize)>);

impl Pieces {
    /// One piece.
    pub(crate) fn one(start: *const c_void, length: usize) -> Self {
        Self(vec![(start.cast_mut().cast(), length)])
    }

    /// The pieces of `count` `iovec`s at `start`.
    ///
    /// # Errors
    /// `EFAULT` for a null pointer; `too_many` for more than Linux takes.
    ///
    /// # Safety
    /// `start` is null, or points to `count` `iovec`s.
    pub(crate) unsafe fn vector(
        start: *const iovec,
        count: usize,
        too_many: c_int,
    ) -> Result<Self, Errno> {
        if count > UIO_MAXIOV {
            return Err(Errno(too_many));
        }
        if count == 0 {
            return Ok(Self::default());
        }
        if start.is_null() {
            return Err(Errno(libc::EFAULT));
        }
        // SAFETY: not null; the caller vouches for the rest.
        let vector = unsafe { std::slice::from_raw_parts(start, count) };
        let pieces = vector
            .iter()
            .map(|piece| (piece.iov_base.cast(), piece.iov_len));
        Ok(Self(pieces.collect()))
    }

    /// Bytes of all pieces.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|&(_, length)| length).sum()
    }

    /// Bytes before the first piece that is not there.
    pub(crate) fn usable(&self) -> usize {
        let there = |&&(start, length): &&(*mut u8, usize)| !start.is_null() || length == 0;
        self.0
            .iter()
            .take_while(there)
            .map(|&(_, length)| length)
            .sum()
    }

    /// The bytes before the first piece that is not there.
    ///
    /// # Safety
    /// Every piece that is not null can be read.
    pub(crate) unsafe fn read(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.usable());
        for &(start, length) in &self.0 {
            if length == 0 {
                continue;
            }
            if start.is_null() {
                break;
            }
            // SAFETY: not null; the caller vouches for `length` bytes.
            bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(start, length) });
        }
        bytes
    }

    /// Spreads `bytes` over the pieces.
    ///
    /// # Safety
    /// Every piece that is not null can be written.
    pub(crate) unsafe fn write(&self, mut bytes: &[u8]) {
        for &(start, length) in &self.0 {
            let count = length.min(bytes.len());
            if count == 0 || start.is_null() {
                continue;
            }
            // SAFETY: not null; the caller vouches for `length` bytes, which nothing here refers to.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start, count) };
            bytes = &bytes[count..];
        }
    }
}

/// The value at `place`.
///
/// # Errors
/// `EFAULT`, if it is null.
///
/// # Safety
/// `place` is null or points to a `T`, at whatever alignment.
pub(crate) unsafe fn get<T: Copy>(place: *const T) -> Result<T, Errno> {
    if place.is_null() {
        return Err(Errno(libc::EFAULT));
    }
    // SAFETY: not null; the caller vouches for the rest.
    Ok(unsafe { place.read_unaligned() })
}

/// Puts `value` at `place`.
///
/// # Errors
/// `EFAULT`, if it is null.
///
/// # Safety
/// `place` is null or room for a `T`, at whatever alignment.
pub(crate) unsafe fn put<T>(place: *mut T, value: T) -> Result<(), Errno> {
    if place.is_null() {
        return Err(Errno(libc::EFAULT));
    }
    // SAFETY: not null; the caller vouches for the rest.
    unsafe { place.write_unaligned(value) };
    Ok(())
}

/// What a `sockaddr` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// `AF_INET`.
    V4(SocketAddrV4),
    /// `AF_UNSPEC`.
    Unspecified,
    /// Any other family.
    Other,
}

/// The address at `place`.
///
/// # Errors
/// `EFAULT` for a null pointer, `EINVAL` for one that is too short.
///
/// # Safety
/// `place` is null or points to `length` bytes.
pub(crate) unsafe fn address(place: *const sockaddr, length: socklen_t) -> Result<Address, Errno> {
    if (length as usize) < size_of::<libc::sa_family_t>() {
        return Err(Errno(libc::EINVAL));
    }
    // SAFETY: the family is within `length`.
    let family = unsafe { get(place.cast::<libc::sa_family_t>()) }?;
    match c_int::from(family) {
        libc::AF_UNSPEC => Ok(Address::Unspecified),
        libc::AF_INET if (length as usize) < size_of::<sockaddr_in>() => Err(Errno(libc::EINVAL)),
        libc::AF_INET => {
            // SAFETY: all of the structure is within `length`.
            let address = unsafe { get(place.cast::<sockaddr_in>()) }?;
            let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
            Ok(Address::V4(SocketAddrV4::new(
                ip,
                u16::from_be(address.sin_port),
            )))
        }
        _ => Ok(Address::Other),
    }
}

/// Puts `address` at `place`, as much of it as the room that `length` names holds, and its whole length in there.
/// Nothing, if `place` is null.
///
/// # Errors
/// `EFAULT`, if `length` is null.
///
/// # Safety
/// `place` is null or room for `*length` bytes; `length` is null or points to it.
pub(crate) unsafe fn put_address(
    place: *mut sockaddr,
    length: *mut socklen_t,
    address: SocketAddrV4,
) -> Result<(), Errno> {
    if place.is_null() {
        return Ok(());
    }
    // SAFETY: the caller vouches for `length`.
    let room = unsafe { get(length) }? as usize;
    let address = sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from(*address.ip()).to_be(),
        },
        sin_zero: [0; 8],
    };
    let size = size_of::<sockaddr_in>();
    // SAFETY: the caller vouches for `room` bytes there; the structure has `size` and no padding.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (&raw const address).cast::<u8>(),
            place.cast(),
            room.min(size),
        );
    }
    // SAFETY: the caller vouches for `length`.
    unsafe { put(length, size as socklen_t) }
}
