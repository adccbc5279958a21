//! Whole stacks over a bad network, on virtual time and from one seed, under the eyes of an oracle.
//!
//! A [`WorldPlan`](world::WorldPlan) says what hosts there are, what joins them and what their users do; a
//! [`World`](world::World) made of it turns until nothing is left to happen. A [`Scenario`](scenario::Scenario) is such a plan drawn
//! from a seed, with all that can go wrong; [`run`](run::run) plays it and says which [invariant](invariants::Invariant) was broken, if
//! one was.

pub mod arguments;
pub mod attack;
pub mod broken;
pub mod campaign;
pub mod command;
pub mod content;
pub mod invariants;
pub mod oracle;
pub mod packet;
pub mod panics;
pub mod peer;
pub mod random;
pub mod run;
pub mod scenario;
pub mod trace;
pub mod world;
