//! How fast it is over paths that lose and delay, on virtual time: pinned, so that a change for the worse shows.

#[path = "goodput/bottleneck.rs"]
mod bottleneck;
#[path = "goodput/grid.rs"]
mod grid;
#[path = "goodput/plot.rs"]
mod plot;
#[path = "goodput/sharing.rs"]
mod sharing;
