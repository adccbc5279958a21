//! SEGMENT ARRIVES: RFC 9293, section 3.10.7, a file a step, in its order.
//!
//! | step of 3.10.7.4 | file |
//! |---|---|
//! | the order itself | `steps` |
//! | a segment that needs none of it | `predicted` |
//! | first, check the sequence number | `sequence_number` |
//! | second, check RST; third, security (not used any more) | `reset_bit` |
//! | fourth, check SYN | `syn_bit` |
//! | fifth, check ACK | `acknowledgment` |
//! | sixth, URG: not offered, as RFC 6093 recommends | |
//! | seventh, process the text | `text` |
//! | eighth, check FIN | `fin_bit` |
//! | SYN-SENT has an order of its own, 3.10.7.3 | `syn_sent` |
//! | SYN-RECEIVED after a passive open, a record | `syn_received` |
//! | TIME-WAIT, a record | [`TimeWait`](crate::TimeWait) |

mod acknowledgment;
mod fin_bit;
mod predicted;
mod reset_bit;
mod sequence_number;
mod steps;
mod syn_bit;
mod syn_received;
mod syn_sent;
mod text;
