//! What a stranger slips into a connection.

mod forging;
mod plan;

pub use forging::forge;
pub use plan::{Attack, Forgery};
