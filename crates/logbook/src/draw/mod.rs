//! One journey as a picture: swim-lanes, a lane a station, as a self-contained SVG.
//!
//! | file | what it knows |
//! |---|---|
//! | [`picture`] | the sheet: title, sums, legend, panels, remarks |
//! | `panel` | one time axis with its lanes |
//! | `scale` | nanoseconds to the sheet's units, and where the ticks are |
//! | `sheet` | elements of SVG, and how text is escaped |
//! | `style` | colours, light and dark |

mod panel;
pub mod picture;
mod scale;
mod sheet;
mod style;

pub use picture::{NothingToDraw, svg};
