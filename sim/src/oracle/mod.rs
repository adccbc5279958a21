//! A judge written apart from the stack: it reads every frame and every call of one host, and accepts whatever the RFCs permit.

mod watching;

pub use watching::{Call, Complaint, Connection, Oracle};
