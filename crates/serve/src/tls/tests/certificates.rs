//! Certificates and keys as they should be, and as they should not.

use super::peer::Identity;
use crate::tls::{CertificateFiles, Certificates, Tls, TlsOptions};
use std::path::Path;

fn wrong(files: Vec<CertificateFiles>) -> String {
    let options = TlsOptions {
        certificates: Certificates::Files(files),
        ..TlsOptions::default()
    };
    Tls::new(&options)
        .expect_err("something is wrong")
        .to_string()
}

/// The error of a server that is asked for this chain and this key, which names `file`.
fn error(chain: &Path, key: &Path, file: &Path) -> String {
    let files = CertificateFiles {
        chain: chain.to_owned(),
        key: key.to_owned(),
    };
    let error = wrong(vec![files]);
    let rest = error.strip_prefix(&format!("{}: ", file.display()));
    rest.unwrap_or_else(|| panic!("another file: {error}"))
        .to_owned()
}

#[test]
fn an_error_names_the_file_what_is_wrong_and_the_fix() {
    let (one, other) = (Identity::of(&["a.example"]), Identity::of(&["b.example"]));
    let (chain, key) = (&one.files.chain, &one.files.key);
    assert!(error(key, key, key).starts_with("there is no certificate in it; name the chain"));
    assert!(error(chain, chain, chain).starts_with("there is no private key in it; name the key"));
    let foreign = error(chain, &other.files.key, &other.files.key);
    assert!(
        foreign.starts_with("the key does not belong to the first certificate of"),
        "{foreign}"
    );
    assert!(
        foreign.contains("; name the two that were issued together"),
        "{foreign}"
    );
    let missing = one.folder.path().join("missing");
    assert!(error(&missing, key, &missing).starts_with("it cannot be read: "));
    let file = one.folder.path().join("file");
    let pkcs8 =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let pkcs1 = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for encrypted in [pkcs8, pkcs1] {
        std::fs::write(&file, encrypted).expect("it can be written");
        let error = error(chain, &file, &file);
        assert!(error.starts_with("the key is encrypted"), "{error}");
        assert!(error.contains("openssl pkey"), "{error}");
    }
    let cut = std::fs::read_to_string(chain).expect("it is text");
    std::fs::write(&file, &cut[..cut.len() / 2]).expect("it can be written");
    assert!(error(&file, key, &file).starts_with("it is not PEM: "));
    assert!(wrong(Vec::new()).starts_with("no certificate is named; "));
}

/// What is said of a certificate that is good from one of these years to the other.
fn warning(from: i32, to: i32) -> String {
    let identity = Identity::with(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
    });
    let [warning] = &identity.tls().warnings()[..] else {
        panic!("there is one warning");
    };
    assert!(warning.contains("chain.pem"), "{warning}");
    warning.clone()
}

#[test]
fn a_certificate_that_is_not_good_now_is_shown_with_a_warning() {
    let expired = warning(2020, 2021);
    assert!(expired.contains("expired on Fri, 01 Jan 2021"), "{expired}");
    // From 2050 on times are written in another form (RFC 5280 section 4.1.2.5).
    for year in [2049, 2050] {
        let early = warning(year, 2060);
        let from = format!("01 Jan {year} 00:00:00 GMT only");
        assert!(early.contains(&from), "{early}");
    }
    let never = warning(2060, 2020);
    assert!(never.contains("ends before it begins"), "{never}");
    assert!(Identity::of(&["localhost"]).tls().warnings().is_empty());
}

#[test]
fn one_of_its_own_making_is_for_the_names_and_addresses_that_were_asked_for() {
    let options = |names: &[&str]| TlsOptions {
        certificates: Certificates::SelfSigned(names.iter().map(|&name| name.into()).collect()),
        ..TlsOptions::default()
    };
    let tls = Tls::new(&options(&["localhost", "127.0.0.1", "::1"])).expect("these are names");
    assert!(tls.warnings().is_empty());
    let error = Tls::new(&options(&["nö"])).expect_err("this is no name");
    assert!(error.to_string().contains("nö"), "{error}");
}
