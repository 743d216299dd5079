//! The stage that looks for likely mistakes before a test runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::TestBuild;
use crate::base::{ContentId, Digest, Hasher};
use crate::build::driver::shown_place;
use crate::build::stages::{PackageOutput, short};
use crate::build::workspace::Workspace;
use crate::engine::{Env, Stage};
use crate::modules::{Package, PackageId};
use crate::vet;

/// Vets one package.
struct Vet;

struct VetInput {
    import_path: String,
    go_version: String,
    target: String,
    /// Names of checks.
    checks: Vec<String>,
    files: Vec<(String, ContentId)>,
    /// Of the imports and what they mention.
    interfaces: BTreeMap<String, ContentId>,
    /// The package's place in `workspace`.
    workspace: (Arc<Workspace>, PackageId),
}

impl Digest for VetInput {
    fn digest(&self, h: &mut Hasher) {
        let VetInput { import_path, go_version, target, checks, files, interfaces, workspace: _ } = self;
        h.field("import_path", import_path)
            .field("go_version", go_version)
            .field("target", target)
            .field("checks", checks)
            .field("files", files)
            .field("interfaces", interfaces);
    }
}

/// Places inside the package, and words.
#[derive(Serialize, Deserialize)]
struct Findings(Vec<(String, String)>);

impl Stage for Vet {
    const NAME: &'static str = "vet";
    const VERSION: u32 = 1;
    type Input = VetInput;
    type Output = Findings;

    fn subject(input: &VetInput) -> String {
        input.import_path.clone()
    }

    fn inputs(input: &VetInput) -> Vec<(String, String)> {
        let mut out = vec![("checks".to_owned(), input.checks.join(","))];
        out.extend(input.files.iter().map(|(name, id)| (name.clone(), short(id))));
        out.extend(input.interfaces.iter().map(|(path, id)| (format!("interface of {path}"), short(id))));
        out
    }

    fn run(input: &VetInput, _env: &Env<'_>) -> Findings {
        let (workspace, id) = &input.workspace;
        let checked = workspace.checked(*id);
        let wanted = |name: &str| input.checks.iter().any(|check| check == name);
        let found = vet::vet(checked, &wanted);
        Findings(found.into_iter().map(|f| (checked.sources.show(f.pos), f.text)).collect())
    }
}

impl TestBuild<'_> {
    /// What is to be said of the packages under test, as go prints it; empty: nothing.
    pub(super) fn vetted(&self, workspace: &Arc<Workspace>, outputs: &[Arc<PackageOutput>]) -> String {
        // With counters in them the sources are not what was written.
        if self.checks.vet.is_empty() || self.checks.cover.is_some() {
            return String::new();
        }
        // A test program's main package is in no directory.
        let root = workspace.package(workspace.graph.roots[0]);
        let tested = match root.dir.as_os_str().is_empty() {
            true => root.import_path.strip_suffix(".test").unwrap_or(&root.import_path),
            false => &root.import_path,
        };
        let external = format!("{tested}_test");
        let mut text = String::new();
        for (i, package) in workspace.graph.packages.iter().enumerate() {
            if package.import_path == tested || package.import_path == external {
                text += &self.findings(workspace, outputs, PackageId(i), package);
            }
        }
        text
    }

    fn findings(
        &self,
        workspace: &Arc<Workspace>,
        outputs: &[Arc<PackageOutput>],
        id: PackageId,
        package: &Package,
    ) -> String {
        let mut interfaces = BTreeMap::new();
        let mut next: Vec<PackageId> = package.imports.values().copied().collect();
        while let Some(id) = next.pop() {
            let output = &outputs[id.0];
            let path = workspace.package(id).import_path.clone();
            if interfaces.insert(path, output.interface).is_none() {
                next.extend(output.mentions.iter().filter_map(|path| workspace.find(path)));
            }
        }
        let input = VetInput {
            import_path: package.import_path.clone(),
            go_version: package.go_version.clone(),
            target: workspace.target.to_string(),
            checks: self.checks.vet.clone(),
            files: package.files.iter().map(|f| (f.name.clone(), f.text.content())).collect(),
            interfaces,
            workspace: (workspace.clone(), id),
        };
        let found = match self.engine.get::<Vet>(&input) {
            Ok(done) => done.value,
            Err(error) => return format!("{error}\n"),
        };
        if found.0.is_empty() {
            return String::new();
        }
        let path = &package.import_path;
        let lines = found.0.iter().map(|(place, words)| {
            format!("\n{}: {words}", shown_place(&package.dir, place, &self.req.config.cwd))
        });
        format!("# {path}\n# [{path}]{}\n", lines.collect::<String>())
    }
}
