//! Gathers what packages say of themselves into one [`Plan`], and analyses those that were not analysed before.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};

use rayon::prelude::*;

use super::analysis::{Analysis, Plan};
use super::library::Library;
use super::outline::Outline;
use super::stages::{Analyze, AnalyzeInput, Layouts, PackageOutput};
use super::universe::Universe;
use super::workspace::{Closures, Workspace};
use crate::base::{ContentId, par, wire};
use crate::engine::Engine;
use crate::modules::PackageId;
use crate::store::Store;

/// The packages of a build, checked and lowered; their plan is made when a link or a listing asks for it.
pub struct Lowered {
    pub workspace: Arc<Workspace>,
    pub outputs: Vec<Arc<PackageOutput>>,
    library: Library,
    plan: OnceLock<Result<Arc<Plan>, String>>,
}

impl Lowered {
    pub fn new(workspace: Arc<Workspace>, outputs: Vec<Arc<PackageOutput>>, library: Library) -> Lowered {
        Lowered { workspace, outputs, library, plan: OnceLock::new() }
    }

    /// How the runtime's structs are laid out, which code and natives of the target need to know.
    pub fn runtime_layouts(&self) -> Layouts {
        let runtime = self.workspace.find("runtime");
        runtime.map(|id| self.outputs[id.0].layouts.clone()).unwrap_or_default()
    }

    /// The plan; or what went wrong inside the compiler.
    pub fn plan(&self, engine: &Engine) -> Result<Arc<Plan>, String> {
        self.plan.get_or_init(|| make(self, engine).map(Arc::new)).clone()
    }
}

fn make(lowered: &Lowered, engine: &Engine) -> Result<Plan, String> {
    let workspace = &*lowered.workspace;
    let closures = Closures::new(&workspace.graph);
    let mut packages: Vec<(PackageId, ContentId)> = lowered
        .outputs
        .iter()
        .enumerate()
        .filter_map(|(i, output)| Some((PackageId(i), output.unit?)))
        .collect();
    // An order that does not depend on what else is built: the library first.
    let in_library: BTreeSet<PackageId> = lowered.library.packages.iter().copied().collect();
    packages.sort_by_key(|(id, _)| (!in_library.contains(id), &workspace.package(*id).import_path));
    let joined = lowered.library.joined(engine);
    let n_joined = if joined.is_some() { in_library.len() } else { 0 };
    packages.drain(..n_joined);
    let find = |path: &str| workspace.find(path).expect("the library's packages are those of the build");
    let mut universe = Universe::new(joined, &find);
    let first = universe.sources.len();
    let mut source_of = vec![None; lowered.outputs.len()];
    let outlines: Result<Vec<Outline>, String> =
        packages.par_iter().map(|(_, unit)| outline(engine.store(), *unit)).collect();
    for ((id, _), outline) in packages.iter().zip(outlines?) {
        source_of[id.0] = Some(universe.sources.len() - first);
        universe.add(outline, *id);
    }
    let needs: Vec<Vec<usize>> = packages
        .iter()
        .map(|(id, _)| closures.below(*id).filter_map(|id| source_of[id.0]).collect())
        .collect();
    let plan = Arc::new(Plan::new(universe, closures, engine.shared_store()));
    let faults = Mutex::new(Vec::new());
    par::in_order(&needs, &|i| {
        let (id, unit) = packages[i];
        let i = first + i;
        let source = &plan.universe.sources[i];
        let input = AnalyzeInput {
            import_path: workspace.package(id).import_path.clone(),
            unit,
            externals: plan.externals(i as u32),
            context: (plan.clone(), i as u32),
        };
        match engine.get::<Analyze>(&input) {
            Ok(done) => {
                let _ = source.analysis.set(done.value);
                true
            }
            Err(error) => {
                faults.lock().unwrap_or_else(|e| e.into_inner()).push(error.to_string());
                false
            }
        }
    });
    let mut faults = faults.into_inner().unwrap_or_else(|e| e.into_inner());
    faults.sort();
    if faults.is_empty() && n_joined == 0 {
        let parts: Vec<(Arc<PackageOutput>, Arc<Analysis>)> = lowered
            .library
            .packages
            .iter()
            .filter_map(|id| {
                let source = &plan.universe.sources[source_of[id.0]?];
                Some((lowered.outputs[id.0].clone(), source.analysis.get()?.clone()))
            })
            .collect();
        if parts.len() == lowered.library.packages.len() {
            lowered.library.keep(engine, &parts);
        }
    }
    match faults.is_empty() {
        true => Ok(Arc::into_inner(plan).expect("every analysis has let go of the plan")),
        false => Err(faults.join("\n")),
    }
}

fn outline(store: &Store, unit: ContentId) -> Result<Outline, String> {
    let bytes = store.read(unit).ok_or("the outline of a package vanished from the store")?;
    wire::decode(&bytes).map_err(|e| format!("the outline of a package: {e}"))
}
