//! What a listener's two queues held when a connection came to them.

/// A queue as a connection met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueMet {
    /// Connections in it, this one included once it had entered; one that was turned away is not.
    pub length: u32,
    /// How many it may hold.
    pub limit: u32,
}

/// A listener's two queues, each as a connection met it; one that it never came to is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueuesMet {
    /// The SYN queue, when the SYN came to it.
    pub syn_queue: Option<QueueMet>,
    /// The accept queue, when the ACK that completes the handshake came to it.
    pub accept_queue: Option<QueueMet>,
}
