//! What a client may not do on a WebSocket, and what it is told.

/// Why a client's bytes are taken no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// RFC 6455 section 5.2: RSV1 to RSV3 belong to extensions, and none was agreed on.
    ReservedBits,
    /// Section 5.2: 3 to 7 and 11 to 15 have no meaning.
    ReservedOpcode,
    /// Section 5.1: a client masks.
    Unmasked,
    /// Section 5.1: a server does not.
    Masked,
    /// Section 5.5.
    ControlFragmented,
    /// Section 5.5: at most 125 bytes.
    ControlTooLong,
    /// Section 5.2: the fewest bytes that can hold the length.
    LengthNotMinimal,
    /// Section 5.2: the most significant bit of 64 is 0.
    LengthTooLarge,
    /// Section 5.4: there is no message to continue.
    NothingToContinue,
    /// Section 5.4: fragments of two messages may not be interleaved.
    MessageInterrupted,
    /// Section 10.4: a limit of ours.
    MessageTooLong,
    /// All messages together hold as much as they may.
    MemoryShort,
    /// Section 8.1.
    NotUtf8,
    /// Section 5.5.1.
    CloseMalformed,
    /// The rest of a message did not come.
    MessageOverdue,
}

impl Violation {
    /// The status code of the Close frame that answers it (RFC 6455 section 7.4.1).
    pub(super) fn code(self) -> u16 {
        match self {
            Violation::NotUtf8 => 1007,
            Violation::MessageOverdue => 1008,
            Violation::MessageTooLong => 1009,
            // Try again later, as IANA registered it.
            Violation::MemoryShort => 1013,
            _ => 1002,
        }
    }

    /// Its name in a journey.
    pub(super) fn name(self) -> &'static str {
        match self {
            Violation::ReservedBits => "reserved_bits",
            Violation::ReservedOpcode => "reserved_opcode",
            Violation::Unmasked => "unmasked",
            Violation::Masked => "masked",
            Violation::ControlFragmented => "control_fragmented",
            Violation::ControlTooLong => "control_too_long",
            Violation::LengthNotMinimal => "length_not_minimal",
            Violation::LengthTooLarge => "length_too_large",
            Violation::NothingToContinue => "nothing_to_continue",
            Violation::MessageInterrupted => "message_interrupted",
            Violation::MessageTooLong => "too_large in message",
            Violation::MemoryShort => "memory_short",
            Violation::NotUtf8 => "not_utf8",
            Violation::CloseMalformed => "close_malformed",
            Violation::MessageOverdue => "timeout in message",
        }
    }

    /// The reason in that frame.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Violation::ReservedBits => "a reserved bit is set",
            Violation::ReservedOpcode => "a reserved opcode",
            Violation::Unmasked => "a frame from a client is masked",
            Violation::Masked => "a frame from a server is not masked",
            Violation::ControlFragmented => "a control frame is not fragmented",
            Violation::ControlTooLong => "a control frame has at most 125 bytes",
            Violation::LengthNotMinimal => "a length takes the fewest bytes that hold it",
            Violation::LengthTooLarge => "a length has at most 63 bits",
            Violation::NothingToContinue => "there is no message to continue",
            Violation::MessageInterrupted => "a message ends before the next begins",
            Violation::MessageTooLong => "the message is longer than this server reads",
            Violation::MemoryShort => "too many long messages are here; it may work in a moment",
            Violation::NotUtf8 => "text is UTF-8",
            Violation::CloseMalformed => "a Close frame has a code, or nothing",
            Violation::MessageOverdue => "the message did not arrive in time",
        }
    }
}
