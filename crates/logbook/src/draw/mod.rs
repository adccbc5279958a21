//! One journey as a picture, a self-contained SVG. What they are drawn with is there for the manual's other pictures, too:
//! [`begin`], [`Sheet`], [`arrow`].
//!
//! | file | what it knows |
//! |---|---|
//! | [`picture`] | which pictures there are |
//! | `swim_lanes` | a lane a station over a time axis |
//! | `journey_map` | the way through the stations, there and back |
//! | `syn_queue` | a SYN put into the SYN queue |
//! | `accept_queue` | a connection moved to the accept queue |
//! | `sequence` | what client and stack said to each other, line by line |
//! | `panel` | one time axis with its lanes |
//! | `glyphs` | a queue with its places, arrows |
//! | `document` | what every picture begins with: title, style, heading |
//! | `scale` | nanoseconds to the sheet's units, and where the ticks are |
//! | `sheet` | elements of SVG, and how text is escaped |
//! | `style` | colours, light and dark |

mod accept_queue;
mod document;
mod glyphs;
mod journey_map;
mod panel;
pub mod picture;
mod scale;
mod sequence;
mod sheet;
mod style;
mod swim_lanes;
mod syn_queue;
#[cfg(test)]
mod testing;

pub use document::{WIDTH, begin};
pub use glyphs::arrow;
pub use picture::{NothingToDraw, Picture, svg};
pub use sheet::{Sheet, length};
