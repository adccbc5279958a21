//! The simulation of a stack with a fault.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds the copy at `workspace` below `target`, and says where the command is. It is not built for release: what the stack itself
/// asserts may notice as well, and most faults show within a few seeds.
pub(super) fn build(workspace: &Path, target: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "periplus-sim"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(workspace)
        // what this very build was told of is not for that one
        .env_remove("CARGO_TARGET_DIR")
        .env("RUSTFLAGS", "--cap-lints allow")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("it cannot be built:\n{said}"));
    }
    Ok(target.join("debug/periplus-sim"))
}
