//! The kept corpus, and every input that once failed, are played again.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What may be kept of all targets together.
const MOST_FILES: usize = 150;
const MOST_BYTES: u64 = 300 << 10;

/// The files of one target in `corpus` or `regressions`.
fn files(kind: &str, target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = folder.join(kind).join(target);
    let Ok(entries) = fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    files
}

fn replay(target: &str, harness: fn(&[u8])) {
    let kept = files("corpus", target);
    assert!(!kept.is_empty(), "nothing is kept of {target}");
    let mut failed = Vec::new();
    for file in kept.into_iter().chain(files("regressions", target)) {
        let script = fs::read(&file).expect("a readable file");
        if catch_unwind(AssertUnwindSafe(|| harness(&script))).is_err() {
            failed.push(file);
        }
    }
    assert!(failed.is_empty(), "{target} fails with {failed:#?}");
}

#[test]
fn frames_kept_and_once_failed_pass() {
    replay("frames", periplus_fuzz_harness::frames);
}

#[test]
fn calls_kept_and_once_failed_pass() {
    replay("calls", periplus_fuzz_harness::calls);
}

#[test]
fn options_kept_and_once_failed_pass() {
    replay("options", periplus_fuzz_harness::options);
}

#[test]
fn streams_kept_and_once_failed_pass() {
    replay("turnstile", periplus_fuzz_harness::turnstile);
}

#[test]
fn the_corpus_stays_small() {
    let targets = ["frames", "calls", "options", "turnstile"];
    let files: Vec<_> = targets
        .iter()
        .flat_map(|target| files("corpus", target))
        .collect();
    let bytes = files.iter().map(|file| {
        let metadata = fs::metadata(file);
        metadata.expect("a file that is there").len()
    });
    let bytes: u64 = bytes.sum();
    assert!(
        files.len() <= MOST_FILES && bytes <= MOST_BYTES,
        "{} files of {bytes} bytes: minimise them, as fuzz/README.md says",
        files.len()
    );
}
