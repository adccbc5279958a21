//! Connections to their end, frame by frame, with a line in memory for a stream.

mod answers;
mod client;
mod floods;
mod hostile;
mod limits;
mod readers;
mod requests;
mod violations;
