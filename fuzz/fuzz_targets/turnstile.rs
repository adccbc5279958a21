#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| periplus_fuzz_harness::turnstile(data));
