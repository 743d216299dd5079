//! The standard library of a program as one record: what its packages were lowered to, joined and analysed together.
//!
//! A build whose library packages have the same sources finds the record under one key, and asks no stage about any of
//! them. The record follows from what the key names; where there is none the stages are asked one by one, and the record
//! is made of their outputs.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::outline::{self, Outline};
use super::stages::PackageOutput;
use super::workspace::{Workspace, symbol_path};
use crate::base::digest::COMPILER_ID;
use crate::base::{ContentId, Hasher, Key, World, wire};
use crate::engine::Engine;
use crate::modules::PackageId;

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Record {
    /// In the order of import paths.
    outputs: Vec<PackageOutput>,
    outline: ContentId,
    datas: ContentId,
    analysis: ContentId,
}

/// The library's packages of one build.
#[derive(Default)]
pub struct Library {
    /// In the order of import paths.
    pub packages: Vec<PackageId>,
    key: Option<Key>,
    record: Option<Record>,
    joined: Mutex<Option<(Outline, Arc<Analysis>)>>,
}

impl Library {
    /// Looks the library of these packages up.
    pub fn find(workspace: &Workspace, world: &dyn World, engine: &Engine) -> Library {
        let all = workspace.graph.packages.iter().enumerate();
        // A command's symbols have no path of their own.
        let mut packages: Vec<PackageId> = all
            .filter(|(_, p)| p.standard && p.import_path != "unsafe" && p.name != "main")
            .map(|(i, _)| PackageId(i))
            .collect();
        packages.sort_by_key(|id| &workspace.package(*id).import_path);
        let key = key(workspace, world, &packages);
        let record = key.and_then(|key| engine.recall::<Record>(key)).filter(|record| {
            let objects = record.outputs.iter().flat_map(PackageOutput::objects);
            record.outputs.len() == packages.len()
                && objects
                    .chain([record.outline, record.datas, record.analysis])
                    .all(|id| engine.store().contains(id))
        });
        Library { packages, key, record, joined: Mutex::default() }
    }

    /// The outputs of its packages, if they are known.
    pub fn outputs(&mut self) -> Option<Vec<PackageOutput>> {
        Some(std::mem::take(&mut self.record.as_mut()?.outputs))
    }

    /// Reads what [`Library::joined`] will be asked for: it takes a while, and can be done beside other work.
    pub fn prefetch(&self, engine: &Engine) {
        let read = || {
            let record = self.record.as_ref()?;
            let (outline, analysis) = rayon::join(
                || wire::decode(&engine.store().read(record.outline)?).ok(),
                || wire::decode(&engine.store().read(record.analysis)?).ok(),
            );
            Some((outline?, Arc::new(analysis?)))
        };
        let lock = || self.joined.lock().unwrap_or_else(|e| e.into_inner());
        let there = lock().is_some();
        // Not under the lock: a thread that waits for another may take up other work.
        if !there && let Some(joined) = read() {
            *lock() = Some(joined);
        }
    }

    /// The joined outline and its analysis, if they are known; to be asked for once.
    pub fn joined(&self, engine: &Engine) -> Option<(Outline, Arc<Analysis>)> {
        self.prefetch(engine);
        self.joined.lock().unwrap_or_else(|e| e.into_inner()).take()
    }

    /// Makes the record of packages that were asked for one by one; `parts` are in the order of [`Library::packages`].
    pub fn keep(&self, engine: &Engine, parts: &[(Arc<PackageOutput>, Arc<Analysis>)]) -> Option<()> {
        let key = self.key.filter(|_| self.record.is_none() && !parts.is_empty())?;
        let store = engine.store();
        let mut outlines: Vec<Outline> = Vec::with_capacity(parts.len());
        let mut datas = Vec::with_capacity(parts.len());
        for (output, _) in parts {
            let outline: Outline = wire::decode(&store.read(output.unit?)?).ok()?;
            datas.push(store.read(outline.data_archive)?);
            outlines.push(outline);
        }
        let (joined, archive) = outline::join(
            &outlines.iter().collect::<Vec<_>>(),
            &datas.iter().map(|d| &**d).collect::<Vec<_>>(),
        );
        let analysis = Analysis::join(parts.iter().map(|(_, analysis)| &**analysis));
        let record = Record {
            outputs: parts.iter().map(|(output, _)| (**output).clone()).collect(),
            // Mostly names: a quarter of the size, and it is read beside other work.
            outline: store.put_object(wire::encode(&joined)),
            datas: store.put_plain(archive),
            analysis: store.put_plain(wire::encode(&analysis)),
        };
        engine.remember(key, "library", &record);
        Some(())
    }
}

/// Everything the packages' outputs and analyses follow from; none if there is no such package, or a file is gone.
fn key(workspace: &Workspace, world: &dyn World, packages: &[PackageId]) -> Option<Key> {
    if packages.is_empty() {
        return None;
    }
    let mut h = Hasher::new("thermos library");
    h.field("compiler", COMPILER_ID).field("target", &workspace.target.to_string());
    h.number(packages.len() as u64);
    for &id in packages {
        let package = workspace.package(id);
        h.field("import_path", &package.import_path).field("symbol_path", symbol_path(package));
        h.field("go_version", &package.go_version);
        let files: Vec<(String, ContentId)> =
            package.files.iter().map(|file| (file.name.clone(), file.text.content())).collect();
        h.field("files", &files);
        let embeds: Option<Vec<(String, ContentId)>> = package
            .embeds
            .files()
            .into_iter()
            .map(|name| Some((name.to_owned(), ContentId::of(&world.read(&package.dir.join(name)).ok()?))))
            .collect();
        h.field("embeds", &embeds?).field("embed_patterns", &package.embeds.patterns);
        let imports: Vec<(String, String)> = package
            .imports
            .iter()
            .map(|(path, id)| (path.clone(), workspace.package(*id).import_path.clone()))
            .collect();
        h.field("imports", &imports);
    }
    Some(Key(h.finish()))
}
