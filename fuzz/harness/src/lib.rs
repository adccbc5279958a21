//! What is asserted of the stack and the backend, whatever bytes they meet.
//!
//! Each function takes any bytes as a script of what happens, plays it on virtual time, and panics where a property does
//! not hold. The same functions are the targets of cargo-fuzz ([`fuzz/README.md`](../../README.md)) and, over the kept corpus, tests of the
//! test command.
//!
//! | function | the script | what must hold |
//! |---|---|---|
//! | [`frames`] | frames and times, for a live shard | see below |
//! | [`calls`] | segments, calls and times, for a live shard | likewise, and every byte is the byte that was sent |
//! | [`options`] | a header | reading never fails, agrees with another reader, and what is written is read again |
//! | [`turnstile`] | a stream of HTTP/1.1, and cuts | the cuts change nothing; hyper never disagrees |
//!
//! Of a live shard it must hold at every moment that each frame has one fate, that no queue is beyond its bound, and that
//! every frame that leaves is well-formed in the eyes of another parser, and that nobody waits who need not; and at the end, when the backend lets go of
//! everything and nobody answers any more, that a bounded number of time-outs later nothing is left: no connection, no
//! timer, no memory claimed, no buffer missing in the pool, and in every record a spine that adds up.

mod backend;
mod bounds;
mod calls;
mod content;
mod ending;
mod flow;
mod frames;
mod input;
mod knobs;
mod options;
mod packet;
mod peer;
mod play;
mod records;
mod scene;
mod segment;
mod stage;
mod turnstile;
mod waits;
mod well_formed;
mod wire;

pub use calls::calls;
pub use frames::frames;
pub use options::options;
pub use turnstile::turnstile;
