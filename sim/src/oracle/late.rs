//! Segments that are kept, because they may turn out to have opened a connection.

use super::segment::Segment;

/// A segment with its text.
#[derive(Clone, Debug)]
pub(super) struct Late {
    pub(super) segment: Segment<'static>,
    text: Vec<u8>,
}

impl Late {
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self {
            segment: Segment {
                payload: &[],
                options: segment.options.clone(),
                ..*segment
            },
            text: segment.payload.to_vec(),
        }
    }

    /// The segment as it came.
    pub(super) fn segment(&self) -> Segment<'_> {
        Segment {
            payload: &self.text,
            ..self.segment.clone()
        }
    }
}
