//! Every stage: a verb, the inputs that make its key, the output that is kept.
//!
//! | stage | unit | output |
//! |---|---|---|
//! | `scan` | file | what it says about itself |
//! | `package` | package | messages; ids of its interface and of its lowered unit |
//! | `analyze` | package | facts and work of each function |
//! | `codegen` | function | machine code |
//! | `link` (`link_stage.rs`) | program | id of the executable |
//!
//! # What holds
//! - A field that is not hashed is called `workspace` or `context` and only leads to content that the
//!   hashed fields name.
//!
//! # To add a stage
//! Implement [`Stage`] here, give its inputs a line in `cache-format.md`, and a test that flips each.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::analysis::{Analysis, Externals, Plan};
use super::outline;
use super::universe::FuncRef;
use super::workspace::{self, Workspace};
use crate::base::{ContentId, Digest, Hasher, digest, wire};
use crate::codegen::{self, Backend, Effort, RuntimeLayout, Scratch};
use crate::engine::{Env, Stage};
use crate::modules::PackageId;
use crate::syntax::{FileFacts, ast};
use crate::target::abi::g_field;
use crate::types::export;
use crate::{check, ir, lower, object, scan, types};

/// The first digits of an id, for people.
pub fn short(id: &impl std::fmt::Display) -> String {
    let mut text = id.to_string();
    text.truncate(12);
    text
}

/// What one file says about itself.
pub struct ScanFile;

pub struct ScanInput {
    pub name: String,
    pub content: ContentId,
    /// The bytes that `content` names.
    pub context: Arc<[u8]>,
}

impl Digest for ScanInput {
    fn digest(&self, h: &mut Hasher) {
        let ScanInput { name: _, content, context: _ } = self;
        h.field("content", content);
    }
}

impl Stage for ScanFile {
    const NAME: &'static str = "scan";
    const VERSION: u32 = 1;
    type Input = ScanInput;
    type Output = FileFacts;

    fn subject(input: &ScanInput) -> String {
        input.name.clone()
    }

    fn inputs(input: &ScanInput) -> Vec<(String, String)> {
        vec![("content".to_owned(), short(&input.content))]
    }

    fn run(input: &ScanInput, _env: &Env<'_>) -> FileFacts {
        scan::scan(&input.context)
    }
}

/// Checks and lowers one package.
pub struct CheckAndLower;

pub struct PackageInput {
    pub import_path: String,
    /// What its symbols begin with.
    pub symbol_path: String,
    pub go_version: String,
    pub target: String,
    /// Name and content, in the order of names.
    pub files: Vec<(String, ContentId)>,
    /// Files of `//go:embed`, with content.
    pub embeds: Vec<(String, ContentId)>,
    /// Patterns of `//go:embed` and what they name.
    pub embed_patterns: Vec<(String, Vec<String>)>,
    /// Import paths as written, with the package meant and the id of its interface and of those that it mentions.
    pub imports: Vec<(String, (String, ContentId))>,
    /// The package's place in `workspace`.
    pub workspace: (Arc<Workspace>, PackageId),
}

impl Digest for PackageInput {
    fn digest(&self, h: &mut Hasher) {
        let PackageInput {
            import_path,
            symbol_path,
            go_version,
            target,
            files,
            embeds,
            embed_patterns,
            imports,
            workspace: _,
        } = self;
        h.field("import_path", import_path)
            .field("symbol_path", symbol_path)
            .field("go_version", go_version)
            .field("target", target)
            .field("files", files)
            .field("embeds", embeds)
            .field("embed_patterns", embed_patterns)
            .field("imports", imports);
    }
}

/// A package, checked and lowered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PackageOutput {
    /// In the order gc prints them; file names are those inside the package.
    pub messages: Vec<Message>,
    /// What dependants see: with the interfaces it mentions, equal ids mean that nothing they can observe has changed.
    pub interface: ContentId,
    /// Packages that the interface mentions.
    pub mentions: Vec<String>,
    /// All that bodies of generic functions lowered elsewhere can see of this package; none if it declares none.
    pub generic: Option<ContentId>,
    /// Packages whose generic functions were lowered here.
    pub instantiated: Vec<String>,
    /// The encoded outline of what it was lowered to; `None` when there are errors.
    pub unit: Option<ContentId>,
    /// What the outline refers to: the archives of bodies and of data.
    pub archives: Vec<ContentId>,
    /// Of package runtime: the structs whose layout code generation and linking need.
    pub layouts: BTreeMap<String, Vec<(String, u64)>>,
}

impl PackageOutput {
    /// Everything it refers to.
    pub fn objects(&self) -> impl Iterator<Item = ContentId> {
        self.unit.into_iter().chain([self.interface]).chain(self.archives.iter().copied())
    }
}

/// Before the path of a package in the name of what lowering found to depend on.
pub const GENERIC: &str = "generic functions of ";

/// One line for the user, and the lines that belong to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// `file.go:3:8`
    pub place: String,
    pub text: String,
    /// Shown below, after a tab.
    pub related: Vec<(String, String)>,
    pub is_error: bool,
}

/// Structs of package runtime whose offsets are asked for by name.
const LAYOUTS: &[&str] = &["g", "gobuf", "m", "p", "stack", "wbBuf", "moduledata"];

impl Stage for CheckAndLower {
    const NAME: &'static str = "package";
    const VERSION: u32 = 2;
    type Input = PackageInput;
    type Output = PackageOutput;

    fn subject(input: &PackageInput) -> String {
        input.import_path.clone()
    }

    fn inputs(input: &PackageInput) -> Vec<(String, String)> {
        let mut out = vec![
            ("language version".to_owned(), input.go_version.clone()),
            ("target".to_owned(), input.target.clone()),
        ];
        out.extend(input.files.iter().map(|(name, id)| (name.clone(), short(id))));
        out.extend(input.embeds.iter().map(|(name, id)| (format!("embedded {name}"), short(id))));
        out.extend(input.imports.iter().map(|(_, (path, id))| (format!("interface of {path}"), short(id))));
        out
    }

    fn parts(output: &PackageOutput) -> Vec<ContentId> {
        output.objects().collect()
    }

    fn discovered(output: &PackageOutput) -> Vec<String> {
        output.instantiated.iter().map(|path| format!("{GENERIC}{path}")).collect()
    }

    fn run(input: &PackageInput, env: &Env<'_>) -> PackageOutput {
        let (workspace, id) = &input.workspace;
        let checked = workspace.checked(*id);
        let messages = checked
            .diags
            .list
            .iter()
            .map(|d| Message {
                place: checked.sources.show(d.pos),
                text: d.text.clone(),
                related: d
                    .related
                    .iter()
                    .map(|(pos, text)| (checked.sources.show(*pos), text.clone()))
                    .collect(),
                is_error: d.severity != crate::base::Severity::Warning,
            })
            .collect();
        let interface = export::encode(checked.package);
        let mut output = PackageOutput {
            messages,
            mentions: export::mentioned_packages(&interface)
                .expect("an interface that was just encoded can be read"),
            interface: env.keep(interface),
            generic: workspace::has_generics(checked).then(|| generic_part(input, checked)),
            instantiated: Vec::new(),
            unit: None,
            archives: Vec::new(),
            layouts: BTreeMap::new(),
        };
        if checked.diags.has_errors() {
            return output;
        }
        let (unit, instantiated) = lower_package(input, env);
        output.instantiated = instantiated;
        if input.symbol_path == "runtime" {
            for name in LAYOUTS {
                if let Some(fields) = lower::struct_offsets::struct_fields(checked.package, name) {
                    output.layouts.insert((*name).to_owned(), fields);
                }
            }
        }
        let outline::Split { outline, bodies, datas } = outline::split(&unit);
        output.archives = vec![env.keep(bodies), env.keep(datas)];
        output.unit = Some(env.keep(wire::encode(&outline)));
        output
    }
}

/// What a generic body of the package follows from when it is lowered: the sources without bodies that only this package
/// lowers, and what they see of other packages.
///
/// Line breaks stay: functions know the line they start on. A body with a type of its own stays, too: such types are
/// numbered through the package.
fn generic_part(input: &PackageInput, checked: &types::Checked) -> ContentId {
    let (workspace, id) = (&input.workspace.0, input.workspace.1);
    let mut h = Hasher::new("generic part");
    h.field("go_version", &input.go_version).field("imports", &input.imports);
    h.field("embeds", &input.embeds);
    for (file, tree) in workspace.package(id).files.iter().zip(&checked.files) {
        let text = workspace.text(id, file);
        let mut kept: Vec<u8> = Vec::with_capacity(text.len());
        let mut at = 0;
        for decl in &tree.decls {
            let ast::Decl::Func(func) = decl else { continue };
            let Some(body) = &func.body else { continue };
            let (start, end) = (body.lbrace.offset as usize, body.rbrace.offset as usize);
            let Some(inside) = text.get(start..end).filter(|_| start >= at) else { continue };
            if is_generic(func) || memchr::memmem::find(inside, b"type").is_some() {
                continue;
            }
            kept.extend_from_slice(&text[at..start]);
            kept.extend(inside.iter().filter(|b| **b == b'\n'));
            at = end;
        }
        kept.extend_from_slice(&text[at..]);
        h.bytes(file.name.as_bytes());
        h.bytes(&kept);
    }
    ContentId(h.finish())
}

/// Whether other packages may lower the function; in doubt, yes.
fn is_generic(func: &ast::FuncDecl) -> bool {
    let plain = |ty: &ast::Expr| match &ty.kind {
        ast::ExprKind::Name(_) => true,
        ast::ExprKind::Star(to) => matches!(to.kind, ast::ExprKind::Name(_)),
        _ => false,
    };
    !func.tparams.is_empty() || func.recv.as_ref().is_some_and(|recv| !plain(&recv.ty))
}

/// The package lowered, and the packages whose generic functions it needed.
fn lower_package(input: &PackageInput, env: &Env<'_>) -> (ir::Unit, Vec<String>) {
    let (workspace, id) = (&input.workspace.0, input.workspace.1);
    let content = |name: &String| -> lower::Embedded {
        let (_, id) = input.embeds.iter().find(|(n, _)| n == name).expect("a pattern names embedded files");
        (name.clone(), env.read(*id).expect("embedded files are kept before the stage"))
    };
    let embedded = |pattern: &str| -> Vec<lower::Embedded> {
        let found = input.embed_patterns.iter().find(|(p, _)| p == pattern);
        found.map(|(_, names)| names.iter().map(content).collect()).unwrap_or_default()
    };
    let version = check::GoVersion::parse(&workspace.package(id).go_version);
    let asked = RefCell::new(BTreeSet::new());
    let source_of = |path: &str| {
        let found = workspace.find(path)?;
        if found != id {
            asked.borrow_mut().insert(path.to_owned());
        }
        Some(workspace.checked(found))
    };
    let env = lower::Env {
        target: &workspace.target,
        source_of: &source_of,
        go_version: version.map_or(NEWEST, |v| (v.major, v.minor)),
        embedded: &embedded,
    };
    let unit = lower::lower(workspace.checked(id), &env);
    (unit, asked.into_inner().into_iter().collect())
}

/// The language of a package that does not say.
const NEWEST: (u32, u32) = (1, 27);

/// Finds out what callers may know of a package's functions, and what the code of each follows from.
pub struct Analyze;

pub struct AnalyzeInput {
    pub import_path: String,
    /// The encoded outline, which names the bodies.
    pub unit: ContentId,
    /// Of functions elsewhere that count here.
    pub externals: Externals,
    /// The package's place among the plan's sources.
    pub context: (Arc<Plan>, u32),
}

impl Digest for AnalyzeInput {
    fn digest(&self, h: &mut Hasher) {
        let AnalyzeInput { import_path: _, unit, externals, context: _ } = self;
        h.field("unit", unit).field("externals", externals);
    }
}

impl Stage for Analyze {
    const NAME: &'static str = "analyze";
    const VERSION: u32 = 1;
    type Input = AnalyzeInput;
    type Output = Analysis;

    fn subject(input: &AnalyzeInput) -> String {
        input.import_path.clone()
    }

    fn inputs(input: &AnalyzeInput) -> Vec<(String, String)> {
        let externals = digest::digest_of("externals", &input.externals);
        vec![
            ("functions".to_owned(), short(&input.unit)),
            ("functions of other packages".to_owned(), short(&ContentId(externals))),
        ]
    }

    fn run(input: &AnalyzeInput, _env: &Env<'_>) -> Analysis {
        let (plan, source) = &input.context;
        plan.analyze(*source)
    }
}

/// Optimises and compiles one function.
pub struct Codegen;

pub struct CodegenInput {
    /// The symbol.
    pub name: String,
    /// Of the encoded function.
    pub content: ContentId,
    /// The function and all that the optimiser may look at.
    pub work: ContentId,
    /// Target and layouts, as one digest.
    pub backend_id: ContentId,
    pub context: (Arc<Backend>, Arc<Plan>, FuncRef),
}

impl Digest for CodegenInput {
    fn digest(&self, h: &mut Hasher) {
        let CodegenInput { name: _, content: _, work, backend_id, context: _ } = self;
        h.field("work", work).field("backend_id", backend_id);
    }
}

thread_local! {
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

impl Stage for Codegen {
    const NAME: &'static str = "codegen";
    const VERSION: u32 = 2;
    type Input = CodegenInput;
    type Output = object::Code;

    fn subject(input: &CodegenInput) -> String {
        input.name.clone()
    }

    fn inputs(input: &CodegenInput) -> Vec<(String, String)> {
        vec![
            ("ir".to_owned(), short(&input.content)),
            ("ir with what may be inlined, and facts of callees".to_owned(), short(&input.work)),
            ("target and layouts".to_owned(), short(&input.backend_id)),
        ]
    }

    fn run(input: &CodegenInput, _env: &Env<'_>) -> object::Code {
        SCRATCH.with(|scratch| {
            // Taken out, so that a panic leaves no half-used one behind.
            let mut mine = scratch.borrow_mut().take().unwrap_or_default();
            let (backend, plan, at) = &input.context;
            let code = codegen::compile(&plan.optimized(*at), backend, &mut mine);
            *scratch.borrow_mut() = Some(mine);
            code
        })
    }
}

/// Offsets of a struct's fields, by struct.
pub type Layouts = BTreeMap<String, Vec<(String, u64)>>;

/// The back end for these layouts, and the digest of what it depends on.
pub fn backend(
    target: crate::target::Target,
    layouts: &Layouts,
    effort: Effort,
) -> (Arc<Backend>, ContentId) {
    let offset = |field: &str| -> i32 {
        let fields = layouts.get("g").map(Vec::as_slice).unwrap_or_default();
        let found = fields.iter().find(|(name, _)| name == field);
        found.unwrap_or_else(|| panic!("runtime.g has no field {field}")).1 as i32
    };
    let layout = RuntimeLayout {
        stackguard0: offset(g_field::STACKGUARD0),
        ctx: offset(g_field::CTX),
        overflow: offset(g_field::OVERFLOW),
        check_x: offset(g_field::CHECK_X),
        check_y: offset(g_field::CHECK_Y),
    };
    let id = ContentId::of(&wire::encode(&(target, layout, effort)));
    (Arc::new(Backend::new(target, layout, effort)), id)
}
