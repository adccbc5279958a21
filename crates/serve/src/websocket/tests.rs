//! Conversations on a line in memory, with a client that writes its frames by hand.

mod client;
mod exact;
mod framing;
mod handshakes;
mod hostile;
mod journeys;
mod lasting;
