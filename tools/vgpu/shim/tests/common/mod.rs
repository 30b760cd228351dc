//! What tests of the library share.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The library, which tests have to build for themselves: nothing else in them links it.
pub(crate) fn library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let program = std::env::current_exe().unwrap();
        let folder = program.ancestors().nth(2).unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--profile", "test", "--package", env!("CARGO_PKG_NAME")])
            .arg("--target-dir")
            .arg(folder.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success());
        folder.join("libsparkle_vgpu.so")
    };
    BUILT.get_or_init(build).clone()
}
