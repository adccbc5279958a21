//! The host's kernel as an end, by ordinary sockets.

use crate::end::{Receiving, Sending, Sent, Side};
use crate::socket_statistics::SocketStatistics;
use periplus_journey::Instant;
use periplus_net::clock;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

pub(crate) fn send(sending: Sending<'_>) -> Sent {
    let mut stream = TcpStream::connect(sending.to).expect("the receiver listens");
    let begun = clock::now();
    stream
        .write_all(sending.content)
        .expect("the receiver takes what is sent");
    sending
        .taken
        .blocking_recv()
        .expect("the receiver takes all");
    let port = stream.local_addr().expect("it is bound").port();
    let retransmitted = SocketStatistics::of(port).retransmitted();
    stream
        .shutdown(Shutdown::Write)
        .expect("the connection is there");
    // until the receiver has closed as well
    let rest = stream.read(&mut [0]).expect("the receiver closes in order");
    assert_eq!(rest, 0, "a receiver says nothing");
    Sent {
        begun,
        retransmitted,
    }
}

/// When everything had been read.
pub(crate) fn receive(receiving: Receiving<'_>) -> Instant {
    let listener =
        TcpListener::bind((Side::B.kernel_address(), 0)).expect("the address is the kernel's");
    let local = listener.local_addr().expect("it is bound");
    receiving
        .listening
        .send(local)
        .expect("the transfer waits for the receiver");
    let (mut stream, _) = listener.accept().expect("the sender connects");
    let mut buffer = vec![0; crate::transfer::CHUNK];
    let mut rest = receiving.content;
    while !rest.is_empty() {
        let length = stream.read(&mut buffer).expect("the sender goes on");
        assert!(length > 0, "{} bytes are missing", rest.len());
        let (read, after) = rest.split_at(length);
        assert!(buffer[..length] == *read, "what is read is what was sent");
        rest = after;
    }
    let end = clock::now();
    SocketStatistics::of(local.port());
    receiving.taken.send(()).expect("the sender waits");
    let length = stream
        .read(&mut buffer)
        .expect("the sender closes in order");
    assert_eq!(length, 0, "no more is read than was sent");
    end
}
