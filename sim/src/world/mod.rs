//! Hosts on a network, with their users, on virtual time.

mod flow;
mod host;
mod listening;
mod path_mtu;
mod plan;
mod port;
mod switch;
mod talk;
mod turning;
mod user;
mod witness;

pub use flow::{Flow, Stage, address};
pub use host::{Host, secret_bytes};
pub use listening::Listening;
pub use path_mtu::{PathMtu, router_error};
pub use plan::{Answers, FlowPlan, GivesUp, HostPlan, ListenerPlan, UserPlan, When, WorldPlan};
pub use port::Port;
pub use switch::{Switch, ethernet_address};
pub use talk::{Talk, Talks};
pub use turning::World;
pub use user::{End, User};
pub use witness::{Passage, Way, Witness};
