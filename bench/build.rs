//! With the feature `lwip`: compiles what stands between Rust and lwIP, and links the library.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "lwip")]
    lwip();
}

#[cfg(feature = "lwip")]
fn lwip() {
    const GLUE: &str = "src/stacks/lwip/glue.c";
    println!("cargo::rerun-if-changed={GLUE}");
    let headers = ["/usr/include/lwip", "/usr/local/include/lwip"]
        .map(std::path::Path::new)
        .into_iter()
        .find(|headers| headers.join("lwip/init.h").exists());
    let Some(headers) = headers else {
        println!(
            "cargo::error=lwIP is not here: `apt-get install liblwip-dev`, or build without the feature `lwip`"
        );
        return;
    };
    cc::Build::new()
        .file(GLUE)
        .include(headers)
        .warnings(true)
        .compile("periplus_bench_lwip");
    println!("cargo::rustc-link-lib=lwip");
}
