//! Why a frame was thrown away.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a frame was thrown away, named as Linux's `SKB_DROP_REASON_*` without the prefix, so that what is known
        /// of those can be looked up; the few that Linux has no word for are named in the same style.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum DropReason { $($(#[$doc])* $variant,)* }

        impl DropReason {
            /// Every reason.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$variant,)*];

            /// The reason's name.
            pub const fn name(self) -> &'static str {
                match self { $(DropReason::$variant => $name,)* }
            }
        }
    };
}

reasons! {
    /// The ring or its pool of frame buffers was full: the device threw the frame away.
    RxRingFull = "RX_RING_FULL",
    /// Too short for its own headers, or lengths that contradict each other.
    PktTooSmall = "PKT_TOO_SMALL",
    /// Addressed to another station on the link.
    OtherHost = "OTHERHOST",
    /// An EtherType or IP protocol nobody here speaks.
    UnhandledProto = "UNHANDLED_PROTO",
    /// Malformed ARP, or ARP that concerns others.
    ArpNotForUs = "ARP_NOT_FOR_US",
    /// An IPv4 header that breaks RFC 791.
    IpInHdr = "IP_INHDR",
    /// The IPv4 header's checksum is wrong.
    IpCsum = "IP_CSUM",
    /// For one host by its address, for every station on the link by its frame (RFC 1122 3.3.6).
    UnicastInL2Multicast = "UNICAST_IN_L2_MULTICAST",
    /// A source address that cannot be one (RFC 1122 3.2.1.3).
    IpInvalidSource = "IP_INVALID_SOURCE",
    /// A destination address that is not ours.
    IpInAddrErrors = "IP_INADDRERRORS",
    /// A fragment: reassembly is not offered.
    IpFragment = "IP_FRAGMENT",
    /// ICMP's checksum is wrong.
    IcmpCsum = "ICMP_CSUM",
    /// An ICMP message nothing here acts on.
    IcmpUnhandled = "ICMP_UNHANDLED",
    /// UDP's checksum is wrong.
    UdpCsum = "UDP_CSUM",
    /// The UDP socket's receive queue is full.
    SocketRcvbuff = "SOCKET_RCVBUFF",
    /// TCP's checksum is wrong.
    TcpCsum = "TCP_CSUM",
    /// No socket, and policy or a limit said not to answer.
    NoSocket = "NO_SOCKET",
    /// Flags that no state accepts.
    TcpFlags = "TCP_FLAGS",
    /// Nothing of the segment lies in the window (RFC 9293 3.10.7.4, first).
    TcpInvalidSequence = "TCP_INVALID_SEQUENCE",
    /// Everything in the segment was received before.
    TcpOldSequence = "TCP_OLD_SEQUENCE",
    /// It acknowledges what was never sent, or what is too old (RFC 5961 5).
    TcpInvalidAckSequence = "TCP_INVALID_ACK_SEQUENCE",
    /// Its timestamp is older than one already seen (RFC 7323 5, PAWS).
    TcpRfc7323Paws = "TCP_RFC7323_PAWS",
    /// A RST that does not match exactly (RFC 5961 3).
    TcpInvalidReset = "TCP_INVALID_RESET",
    /// A SYN on a connection (RFC 5961 4).
    TcpInvalidSyn = "TCP_INVALID_SYN",
    /// Data for a connection the backend has already closed.
    TcpClose = "TCP_CLOSE",
    /// Beyond the receive window: no room was offered.
    TcpZeroWindow = "TCP_ZEROWINDOW",
    /// Out of order, and the reassembly queue is at its limit of ranges or bytes.
    TcpOfoQueuePrune = "TCP_OFO_QUEUE_PRUNE",
    /// The SYN queue is full.
    TcpReqQFullDrop = "TCP_REQ_QUEUE_FULL",
    /// The accept queue is full.
    TcpListenOverflow = "TCP_LISTEN_OVERFLOW",
    /// The network it comes from has as many connections as one may.
    SourceLimit = "SOURCE_LIMIT",
    /// The memory of all connections together is used up.
    ProtoMem = "PROTO_MEM",
    /// The shard has as many connections as it may.
    SocketLimit = "SOCKET_LIMIT",
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
