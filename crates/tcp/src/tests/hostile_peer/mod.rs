//! A sender before a peer and a network that do what they like, by chance from a seed, until both come to their senses: nothing that
//! a peer says may unsettle the books, and all that was written arrives as it was written.

mod chance;
mod peer;
mod play;
mod ring;
mod running;
mod saying;

use play::Play;

/// Of what is written, the byte at a stream offset.
fn byte(offset: u64) -> u8 {
    (offset * 31 + (offset >> 8)) as u8
}

/// More of them by hand: `SEEDS=100000 FROM=1 cargo test --release -p periplus-tcp whatever_a_peer_says`.
#[test]
fn whatever_a_peer_says_the_books_are_in_order_and_all_arrives_at_last() {
    let number = |name: &str, usual| {
        std::env::var(name).map_or(usual, |value| value.parse::<u64>().expect("a number"))
    };
    let (from, seeds) = (number("FROM", 1), number("SEEDS", 300));
    for seed in from..from + seeds {
        let played = std::panic::catch_unwind(|| Play::new(seed).run());
        if let Err(panic) = played {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
