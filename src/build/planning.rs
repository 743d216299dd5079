//! Gathers what packages say of themselves into one [`Plan`], and analyses those that were not analysed before.

use std::sync::{Arc, Mutex, OnceLock};

use super::analysis::Plan;
use super::outline::Outline;
use super::stages::{Analyze, AnalyzeInput, PackageOutput};
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
    plan: OnceLock<Result<Arc<Plan>, String>>,
}

impl Lowered {
    pub fn new(workspace: Arc<Workspace>, outputs: Vec<Arc<PackageOutput>>) -> Lowered {
        Lowered { workspace, outputs, plan: OnceLock::new() }
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
    // An order that does not depend on what else is built.
    packages.sort_by_key(|(id, _)| &workspace.package(*id).import_path);
    let mut universe = Universe::new(None, &|_| PackageId(0));
    let mut source_of = vec![None; lowered.outputs.len()];
    for (id, unit) in &packages {
        source_of[id.0] = Some(universe.sources.len());
        universe.add(outline(engine.store(), *unit)?, *id);
    }
    let sources = universe.sources.len();
    let needs: Vec<Vec<usize>> = (0..sources)
        .map(|i| closures.below(packages[i].0).filter_map(|id| source_of[id.0]).collect())
        .collect();
    let plan = Arc::new(Plan::new(universe, closures, engine.shared_store()));
    let faults = Mutex::new(Vec::new());
    par::in_order(&needs, &|i| {
        let source = &plan.universe.sources[i];
        if source.analysis.get().is_some() {
            return true;
        }
        let (id, unit) = packages[i];
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
    match faults.is_empty() {
        true => Ok(Arc::into_inner(plan).expect("every analysis has let go of the plan")),
        false => Err(faults.join("\n")),
    }
}

fn outline(store: &Store, unit: ContentId) -> Result<Outline, String> {
    let bytes = store.read(unit).ok_or("the outline of a package vanished from the store")?;
    wire::decode(&bytes).map_err(|e| format!("the outline of a package: {e}"))
}
