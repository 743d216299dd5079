//! The standard library compiled: every function of every package is lowered, verified, optimised and made machine code.
//!
//! `ONLY=net/http` compiles one package (what it needs is only checked) and prints what fails.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thermos::base::par::on_big_stack;
use thermos::codegen::{self, Backend, Effort, RuntimeLayout, Scratch};
use thermos::types::Checked;
use thermos::{ir, lower, optimize, target};

use crate::ledger::{Ledger, Outcome};
use crate::select::Target;
use crate::stdlib;

const TARGET: Target = Target { goos: "linux", goarch: "amd64" };

/// What was checked so far.
type Packages = RefCell<BTreeMap<String, &'static Checked>>;

#[derive(Default)]
struct Totals {
    funcs: usize,
    bytes: usize,
    lower: Duration,
    optimize: Duration,
    compile: Duration,
}

pub fn check(goroot: &Path) -> Result<String, String> {
    std::panic::set_hook(Box::new(|_| {}));
    let src = goroot.join("src");
    let outcomes = on_big_stack(|| {
        let done: &'static Packages = Box::leak(Box::default());
        let mut totals = Totals::default();
        let mut outcomes = BTreeMap::new();
        let only = std::env::var("ONLY").ok();
        stdlib::check_target(&src, &TARGET, &mut |package, checked| {
            let checked: &'static Checked = Box::leak(Box::new(checked));
            done.borrow_mut().insert(package.to_owned(), checked);
            if only.as_deref().is_none_or(|o| o == package) {
                outcomes.insert(package.to_owned(), compile_package(checked, done, &mut totals));
            }
        });
        println!(
            "{} functions, {} bytes: lowered in {:.2?}, optimised in {:.2?}, compiled in {:.2?}",
            totals.funcs, totals.bytes, totals.lower, totals.optimize, totals.compile
        );
        outcomes
    });
    let _ = std::panic::take_hook();
    Ledger::new("stdcode", "The standard library compiled, function by function").settle(&outcomes)
}

fn words(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
}

fn compile_package(checked: &'static Checked, done: &'static Packages, totals: &mut Totals) -> Outcome {
    let target = target::Target::new(TARGET.goos, TARGET.goarch).expect("a known target");
    // Lowering wants its environment for as long as the trees live: here that is until the process ends.
    let source_of = Box::leak(Box::new(|path: &str| done.borrow().get(path).copied()));
    let env = lower::Env {
        target: Box::leak(Box::new(target)),
        source_of,
        go_version: (1, 27),
        embedded: &|_| Vec::new(),
    };
    let env: &'static lower::Env<'static> = Box::leak(Box::new(env));
    let started = Instant::now();
    let unit = catch_unwind(AssertUnwindSafe(|| lower::lower(checked, env)));
    totals.lower += started.elapsed();
    let unit = match unit {
        Ok(unit) => unit,
        Err(panic) => return Outcome::Fail(format!("lower: {}", words(panic).lines().next().unwrap_or(""))),
    };
    let started = Instant::now();
    let bodies: BTreeMap<&str, &Arc<ir::Func>> =
        unit.funcs.iter().map(|f| (&*f.func.name, &f.func)).collect();
    let summaries = optimize::summarize(unit.funcs.iter().map(|f| &*f.func), optimize::Summaries::default());
    totals.optimize += started.elapsed();
    let body = |name: &str| bodies.get(name).map(|f| Arc::clone(f));
    let env = optimize::Env { body: &body, summaries: &summaries };
    let layout = RuntimeLayout { stackguard0: 16, ctx: 400, overflow: 408, check_x: 416, check_y: 424 };
    let backend = Backend::new(target, layout, Effort::Full);
    let mut scratch = Scratch::default();
    let mut failures = Vec::new();
    for func in &unit.funcs {
        totals.funcs += 1;
        if let Err(faults) = ir::verify(&func.func) {
            failures.push(format!("{}: verify: {}", func.func.name, faults[0]));
            continue;
        }
        let started = Instant::now();
        let optimised = catch_unwind(AssertUnwindSafe(|| optimize::optimize(&func.func, &env)));
        totals.optimize += started.elapsed();
        let optimised = match optimised {
            Ok(optimised) => optimised,
            Err(panic) => {
                failures.push(format!("{}: optimize: {}", func.func.name, words(panic)));
                continue;
            }
        };
        let started = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| codegen::compile(&optimised, &backend, &mut scratch))) {
            Ok(code) => totals.bytes += code.bytes.len(),
            Err(panic) => {
                scratch = Scratch::default();
                failures.push(format!("{}: codegen: {}", func.func.name, words(panic)));
            }
        }
        totals.compile += started.elapsed();
    }
    if std::env::var_os("ONLY").is_some() {
        failures.iter().for_each(|f| println!("{f}"));
    }
    match failures.first() {
        None => Outcome::Pass,
        Some(first) => Outcome::Fail(format!(
            "{} of {} functions, {}",
            failures.len(),
            unit.funcs.len(),
            first.lines().next().unwrap_or("")
        )),
    }
}
