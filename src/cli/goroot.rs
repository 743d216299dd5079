//! `goroot`: where the standard library is, fetching it, checking it.

use std::path::PathBuf;

use super::flags::Flags;
use super::{Call, Failure, print, progress::Bar, say};
use crate::base::ContentId;
use crate::build::goroot;
use crate::store::Store;

pub(super) fn goroot(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    match flags.args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["path"] => match goroot::find(&call.config, call.world) {
            Some(dir) => {
                print(&format!("{}\n", dir.display()));
                Ok(0)
            }
            None => Err(Failure::new(1, "no GOROOT found; 'thermos goroot install' fetches one")),
        },
        ["install"] => {
            let dir = install()?;
            print(&format!("{}\n", dir.display()));
            Ok(0)
        }
        ["verify"] => {
            let dir = goroot::find(&call.config, call.world)
                .ok_or_else(|| Failure::new(1, "no GOROOT found; 'thermos goroot install' fetches one"))?;
            let digest = goroot::tree_digest(&dir.join("src"))
                .map_err(|e| Failure::new(1, format!("{}: {e}", dir.display())))?;
            if digest != goroot::TREE_DIGEST {
                let want = goroot::TREE_DIGEST;
                return Err(Failure::new(
                    1,
                    format!("{}/src differs from the release: digest {digest}, want {want}", dir.display()),
                ));
            }
            print(&format!("{}: ok\n", dir.display()));
            Ok(0)
        }
        _ => Err(Failure::new(
            2,
            "usage: go goroot [install | verify | path]\nRun 'go help goroot' for details.",
        )),
    }
}

/// The tree a build uses: one that is there, else fetched now. Its digest is checked once, and the store remembers that.
pub(super) fn find_or_install(call: &Call<'_>, store: &Store) -> Result<PathBuf, Failure> {
    let dir = match goroot::find(&call.config, call.world) {
        Some(dir) => dir,
        None => {
            say("thermos: no standard library of Go 1.27.3 on this machine; fetching its source (once)");
            install()?
        }
    };
    let stamp = goroot::stamp(&dir, call.world);
    let name = format!("goroot {}", dir.display());
    if store.name(&name) == Some(ContentId::of(stamp.as_bytes())) {
        return Ok(dir);
    }
    let bar = Bar::new();
    bar.show("checking the standard library", 0, 0);
    let digest = goroot::tree_digest(&dir.join("src"))
        .map_err(|e| Failure::new(1, format!("go: {}: {e}", dir.display())))?;
    drop(bar);
    if digest != goroot::TREE_DIGEST {
        return Err(Failure::new(
            1,
            format!(
                "go: {}/src is not the source of Go 1.27.3 (digest {digest}); set GOROOT to another tree, or run 'thermos goroot install' and unset it",
                dir.display()
            ),
        ));
    }
    store.set_name(&name, store.put_object(stamp.into_bytes()));
    Ok(dir)
}

fn install() -> Result<PathBuf, Failure> {
    let bar = Bar::new();
    goroot::install(&|step, done, all| bar.show(step, done, all))
        .map_err(|e| Failure::new(1, format!("go: {e}")))
}
