//! The build script: a digest of everything the compiler is made of, for use in every key.
//!
//! It stands here and not at the top level because it is one half of [`base::digest`]: it sets the
//! variable that `COMPILER_ID` is read from. It covers all files below `src/` (names and contents)
//! and the lock file, so two builds of Thermos with any difference between them share no results.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's directory"));
    let mut files = Vec::new();
    list(&root.join("src"), &mut files)?;
    files.push(root.join("Cargo.lock"));
    files.sort();

    let mut hasher = blake3::Hasher::new();
    for file in &files {
        let name = file.strip_prefix(&root).expect("only files below the root are listed");
        let text = fs::read(file)?;
        for part in [name.to_string_lossy().replace('\\', "/").as_bytes(), &text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    // A debug build and a release build run the same algorithms; still, an overflow check that
    // fires is a difference, so the profile counts.
    hasher.update(env::var("PROFILE").unwrap_or_default().as_bytes());
    println!("cargo:rustc-env=THERMOS_COMPILER_ID={}", hasher.finalize().to_hex());
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.lock");
    Ok(())
}

fn list(dir: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, out)?;
        } else {
            out.push(path);
        }
    }
    Ok(())
}
