//! What a record says of a handshake that failed.

use rustls::{AlertDescription, Error, PeerIncompatible};

/// The reason in a word.
pub(super) fn of(error: &Error) -> &'static str {
    match error {
        Error::PeerIncompatible(incompatible) => match incompatible {
            PeerIncompatible::NoCipherSuitesInCommon => "tls_no_shared_cipher",
            PeerIncompatible::NoKxGroupsInCommon => "tls_no_shared_group",
            PeerIncompatible::NoSignatureSchemesInCommon => "tls_no_shared_signature",
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => "tls_no_shared_version",
            _ => "tls_incompatible",
        },
        Error::NoApplicationProtocol => "tls_no_shared_protocol",
        Error::AlertReceived(alert) => match alert {
            AlertDescription::UnknownCA => "tls_alert_unknown_ca",
            AlertDescription::BadCertificate => "tls_alert_bad_certificate",
            AlertDescription::CertificateUnknown => "tls_alert_certificate_unknown",
            AlertDescription::CertificateExpired => "tls_alert_certificate_expired",
            AlertDescription::DecryptError => "tls_alert_decrypt_error",
            AlertDescription::UserCanceled => "tls_alert_user_canceled",
            AlertDescription::HandshakeFailure => "tls_alert_handshake_failure",
            AlertDescription::ProtocolVersion => "tls_alert_protocol_version",
            _ => "tls_alert",
        },
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => "tls_protocol_error",
        _ => "tls_handshake_failed",
    }
}
