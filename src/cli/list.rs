//! `list`: packages, as import paths, templates or JSON.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::build::Job;
use super::flags::{self, Flag, Flags, Takes};
use super::template::Template;
use super::{Call, Failure, print, say};
use crate::build::driver::Purpose;
use crate::modules::{Graph, Module, Package, PackageId};
use crate::target::Target;

pub(super) const FLAGS: &[&[Flag]] = &[
    flags::BUILD,
    &[
        ("f", Takes::Text),
        ("e", Takes::Bool),
        ("deps", Takes::Bool),
        ("m", Takes::Bool),
        ("find", Takes::Bool),
        ("test", Takes::Bool),
        ("export", Takes::Bool),
        ("compiled", Takes::Bool),
    ],
];

pub(super) fn list(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    if flags.has("json") && flags.text("f").is_some() {
        return Err(Failure::new(1, "go list -json cannot be used with -f"));
    }
    let format = flags.text("f").unwrap_or(if flags.has("m") {
        "{{.Path}}{{with .Version}} {{.}}{{end}}"
    } else {
        "{{.ImportPath}}"
    });
    let template =
        Template::parse(format).map_err(|e| Failure::new(1, format!("go: template: main:1: {e}")))?;
    let target = call.config.target().unwrap_or(Target::host());
    let job = Job::new(call, &flags, Purpose::List, target)?;
    let words = if flags.has("m") { vec!["./...".to_owned()] } else { flags.args.clone() };
    let graph = job.graph(&words)?;
    let mut out = String::new();
    let mut show = |object: Object| -> Result<(), Failure> {
        if flags.has("json") {
            let wanted =
                flags.text("json").filter(|w| *w != "true").map(|w| w.split(',').collect::<BTreeSet<_>>());
            out += &object.pretty(wanted.as_ref());
            return Ok(());
        }
        let text =
            template.run(&object.value()).map_err(|e| Failure::new(1, format!("template: main:1: {e}")))?;
        if !text.is_empty() {
            out += &text;
            out.push('\n');
        }
        Ok(())
    };
    if flags.has("m") {
        let module = graph.main_module.as_deref().ok_or_else(|| {
            Failure::new(1, "go: go.mod file not found in current directory or any parent directory; see 'go help modules'")
        })?;
        show(module_object(module))?;
        print(&out);
        return Ok(0);
    }
    let ids: Vec<PackageId> = if flags.has("deps") {
        (0..graph.packages.len()).map(PackageId).collect()
    } else {
        graph.roots.clone()
    };
    let mut faults = Vec::new();
    for id in ids {
        let package = graph.get(id);
        if let Some(error) = &package.error
            && !flags.has("e")
        {
            faults.push(error.to_string());
            continue;
        }
        show(package_object(&graph, id, job.goroot_shown()))?;
    }
    print(&out);
    if faults.is_empty() {
        return Ok(0);
    }
    faults.iter().for_each(|fault| say(fault));
    Ok(1)
}

/// Fields in go's order.
struct Object(Vec<(&'static str, Value)>);

impl Object {
    /// For templates: every field, with its zero value.
    fn value(self) -> Value {
        Value::Object(self.0.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    }

    /// As go prints it: tabs, no zero values.
    fn pretty(&self, wanted: Option<&BTreeSet<&str>>) -> String {
        let fields =
            self.0.iter().filter(|(name, value)| !is_zero(value) && wanted.is_none_or(|w| w.contains(name)));
        let fields: Vec<String> = fields
            .map(|(name, value)| {
                let mut text = Vec::new();
                let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
                let mut writer = serde_json::Serializer::with_formatter(&mut text, formatter);
                serde::Serialize::serialize(value, &mut writer).expect("a value is JSON");
                format!("\t{name:?}: {}", String::from_utf8_lossy(&text).replace('\n', "\n\t"))
            })
            .collect();
        if fields.is_empty() { "{}\n".to_owned() } else { format!("{{\n{}\n}}\n", fields.join(",\n")) }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::String(s) => s.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(_) => false,
    }
}

fn module_object(module: &Module) -> Object {
    let mut fields = vec![
        ("Path", json!(module.path)),
        ("Version", json!(module.version)),
        ("Main", json!(module.main)),
        ("Indirect", json!(module.indirect)),
        ("Dir", json!(module.dir)),
        ("GoMod", json!(module.go_mod)),
        ("GoVersion", json!(module.go_version)),
        ("Sum", json!(module.sum)),
    ];
    if let Some((path, version)) = &module.replace {
        fields.insert(2, ("Replace", json!({ "Path": path, "Version": version })));
    }
    Object(fields)
}

fn package_object(graph: &Graph, id: PackageId, goroot: &str) -> Object {
    let package = graph.get(id);
    let imports: Vec<&str> = package.imports.iter().map(|(path, to)| resolved(graph, path, *to)).collect();
    let mut deps = BTreeSet::new();
    let mut next = vec![id];
    while let Some(id) = next.pop() {
        for (path, to) in &graph.get(id).imports {
            if deps.insert(resolved(graph, path, *to)) {
                next.push(*to);
            }
        }
    }
    let with_places = |id: PackageId| graph.get(id).error.as_ref();
    let error = |e: &crate::modules::LoadError| {
        let stack: Vec<&String> = e.stack.iter().map(|(path, _)| path).collect();
        json!({ "ImportStack": stack, "Pos": e.pos, "Err": e.text })
    };
    let deps_errors: Vec<Value> =
        package.imports.values().filter_map(|to| with_places(*to)).map(error).collect();
    let map: Map<String, Value> = package
        .imports
        .iter()
        .filter(|(path, to)| graph.get(**to).import_path != **path && !graph.get(**to).import_path.is_empty())
        .map(|(path, to)| (path.clone(), json!(graph.get(*to).import_path)))
        .collect();
    let root = if package.standard {
        goroot.to_owned()
    } else {
        package.module.as_ref().map(|m| m.dir.display().to_string()).unwrap_or_default()
    };
    let module = package.module.as_deref().map(|m| {
        let fields = module_object(m).0.into_iter().filter(|(_, v)| !is_zero(v));
        Value::Object(fields.map(|(n, v)| (n.to_owned(), v)).collect())
    });
    let files: Vec<&str> =
        package.files.iter().filter(|f| f.path.is_some()).map(|f| f.name.as_str()).collect();
    let by_end =
        |end: &str| -> Vec<&String> { package.other_files.iter().filter(|n| n.ends_with(end)).collect() };
    Object(vec![
        ("Dir", json!(package.dir)),
        ("ImportPath", json!(package.import_path)),
        ("Name", json!(package.name)),
        ("Doc", json!("")),
        ("Target", json!(target_of(package))),
        ("Root", json!(root)),
        ("ForTest", json!("")),
        ("Export", json!("")),
        ("BuildID", json!("")),
        ("Module", module.unwrap_or_default()),
        ("Match", json!(package.matches)),
        ("Goroot", json!(package.standard)),
        ("Standard", json!(package.standard)),
        ("DepOnly", json!(package.dep_only)),
        ("Incomplete", json!(package.incomplete)),
        ("Stale", json!(false)),
        ("StaleReason", json!("")),
        ("GoFiles", json!(files)),
        ("CgoFiles", json!(package.cgo_files)),
        ("CompiledGoFiles", json!(Vec::<String>::new())),
        ("IgnoredGoFiles", json!(package.ignored_files)),
        ("InvalidGoFiles", json!(package.invalid_files)),
        ("CFiles", json!(by_end(".c"))),
        ("HFiles", json!(by_end(".h"))),
        ("SFiles", json!(package.asm_files)),
        ("EmbedPatterns", json!(package.embeds.patterns.keys().collect::<Vec<_>>())),
        ("EmbedFiles", json!(package.embeds.files())),
        ("Imports", json!(imports)),
        ("ImportMap", Value::Object(map)),
        ("Deps", json!(deps)),
        ("TestGoFiles", json!(package.test_files)),
        ("XTestGoFiles", json!(package.xtest_files)),
        ("Error", package.error.as_ref().map(error).unwrap_or_default()),
        ("DepsErrors", json!(deps_errors)),
    ])
}

fn resolved<'a>(graph: &'a Graph, written: &'a str, to: PackageId) -> &'a str {
    match graph.get(to).import_path.as_str() {
        "" => written,
        path => path,
    }
}

/// Only commands have an installed file, and where that is depends on settings that `list` does not show.
fn target_of(package: &Package) -> String {
    let home = std::env::home_dir().map(|h| h.join("go/bin"));
    match home {
        Some(bin) if package.name == "main" && !package.from_files => {
            bin.join(package.default_exec_name()).display().to_string()
        }
        _ => String::new(),
    }
}
