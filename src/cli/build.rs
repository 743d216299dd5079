//! `build` and `install`: make executables and put them where they belong.

#![allow(clippy::disallowed_methods, reason = "writing executables is what these commands are for")]

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::flags::{self, Flag, Flags, Takes};
use super::replaced::Replaced;
use super::{Call, Failure, env, goroot, io_words, say, timings, vcs};
use crate::base::{ContentId, World};
use crate::build::driver::{self, Built, Program, Purpose, Request};
use crate::build::noop;
use crate::build::test::{Checks, TestBuild};
use crate::build::{BuildFlags, LinkFlags, Wanted};
use crate::store::{self, Store};
use crate::target::Target;

pub(super) const BUILD_FLAGS: &[&[Flag]] = &[flags::BUILD, &[("o", Takes::Text)]];
pub(super) const INSTALL_FLAGS: &[&[Flag]] = &[flags::BUILD];

pub(super) fn build(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let mut job = Job::new(
        call,
        &flags,
        Purpose::Build,
        call.config.target().map_err(|e| Failure::new(2, format!("go: {e}")))?,
    )?;
    job.output = flags.text("o").map(str::to_owned);
    job.flags.wanted = match &job.output {
        Some(to)
            if to.ends_with('/') || to == "/dev/null" || call.world.is_dir(&call.world.cwd().join(to)) =>
        {
            Wanted::Executable
        }
        Some(to) if to.ends_with(".o") => Wanted::Object,
        Some(_) => Wanted::ExecutableOrObject,
        None => Wanted::Executable,
    };
    let built = job.run(&flags.args)?;
    let healed = job.store.healed();
    match place(call, &job, &built) {
        // An executable that turned out damaged is forgotten now: once more.
        Err(_) if job.store.healed() > healed => {
            let built = job.run(&flags.args)?;
            place(call, &job, &built)?;
        }
        result => result?,
    }
    Ok(0)
}

pub(super) fn install(call: &Call<'_>, flags: Flags) -> Result<u8, Failure> {
    let target = call.config.target().map_err(|e| Failure::new(2, format!("go: {e}")))?;
    let job = Job::new(call, &flags, Purpose::Install, target)?;
    let cross = target != Target::host();
    let dir = match call.config.set("GOBIN") {
        Some(dir) if !Path::new(dir).is_absolute() => {
            return Err(Failure::new(1, "cannot install, GOBIN must be an absolute path"));
        }
        Some(_) if cross => {
            return Err(Failure::new(1, "go: cannot install cross-compiled binaries when GOBIN is set"));
        }
        Some(dir) => PathBuf::from(dir),
        None => {
            let path = call
                .config
                .gopath()
                .ok_or_else(|| Failure::new(1, "go: no install location: GOPATH and HOME are not set"))?;
            let bin = path.join("bin");
            if cross { bin.join(format!("{}_{}", target.os.name(), target.arch.name())) } else { bin }
        }
    };
    let built = job.run_whole(&flags.args)?;
    for program in built.programs.iter().filter(|p| !p.from_files || p.exe.is_some()) {
        if program.from_files {
            continue;
        }
        put(&job, program, &dir.join(&program.name).display().to_string())?;
    }
    Ok(0)
}

/// The store below `$GOCACHE`.
pub(super) fn open_store(call: &Call<'_>) -> Result<Arc<Store>, Failure> {
    let dir = call.config.gocache().map_err(|e| Failure::new(1, e))?;
    Ok(Arc::new(Store::open(&dir.join(store::SUBDIR))))
}

/// A cache that is damaged all over need not fill the screen.
const MAX_FAULTS: usize = 20;

/// What all building commands share.
pub(super) struct Job<'a> {
    call: &'a Call<'a>,
    /// `-overlay`
    replaced: Option<Replaced>,
    flags: BuildFlags,
    purpose: Purpose,
    target: Target,
    pub(super) store: Arc<Store>,
    output: Option<String>,
}

impl<'a> Job<'a> {
    pub(super) fn new(
        call: &'a Call<'a>,
        flags: &Flags,
        purpose: Purpose,
        target: Target,
    ) -> Result<Job<'a>, Failure> {
        let mut build_flags = flags.build_flags()?;
        let covers = |name| flags.text(name).is_some_and(|value| !value.is_empty() && value != "false");
        if purpose != Purpose::Test
            && let Some(name) = ["cover", "covermode", "coverpkg"].into_iter().find(|name| covers(name))
        {
            let text = "is not supported by this toolchain: coverage is counted in tests only";
            return Err(Failure::new(2, format!("go: -{name} {text}")));
        }
        if let Some(text) = flags.text("ldflags") {
            build_flags.ldflags = LinkFlags::parse(text)
                .map_err(|e| Failure::new(1, format!("# command-line-arguments\nlink: {e}")))?;
        }
        if !target.has_back_end() && purpose != Purpose::List {
            let pairs: Vec<String> =
                Target::all().into_iter().filter(|t| t.has_back_end()).map(|t| t.to_string()).collect();
            return Err(Failure::new(
                2,
                format!(
                    "go: cannot build for {target} yet: this toolchain makes executables for {}",
                    pairs.join(", ")
                ),
            ));
        }
        let mut replaced = None;
        if let Some(name) = flags.text("overlay").filter(|name| !name.is_empty()) {
            let world = Replaced::read_from(call.world, name)?;
            let goroot = crate::build::goroot::find(&call.config, call.world).unwrap_or_default();
            build_flags.overlay = world.digest(&goroot);
            replaced = Some(world);
        }
        refuse_workspace(call)?;
        if matches!(purpose, Purpose::Build | Purpose::Install) {
            build_flags.vcs = vcs::stamp(call.world, flags.buildvcs())?;
        }
        let store = open_store(call)?;
        Ok(Job { call, replaced, flags: build_flags, purpose, target, store, output: None })
    }

    /// The files as this build sees them.
    fn world(&self) -> &dyn World {
        self.replaced.as_ref().map_or(self.call.world, |replaced| replaced)
    }

    /// `-v` is for the tests.
    pub(super) fn be_quiet(&mut self) {
        self.flags.verbose = false;
    }

    /// Loads the packages that `words` name for testing, and keeps the record of what `f` builds.
    pub(super) fn tests<R>(
        &self,
        words: &[String],
        checks: Checks,
        f: impl FnOnce(&TestBuild<'_>) -> R,
    ) -> Result<R, Failure> {
        let goroot = goroot::find_or_install(self.call, &self.store)?;
        let request = self.request(words, &goroot);
        let build = TestBuild::open(&request, self.world(), &self.store, checks)
            .map_err(|f| Failure::new(f.code, f.text))?;
        let result = f(&build);
        build.finish(&|line| say(line));
        self.store.faults().iter().for_each(|fault| say(&format!("thermos: {fault}")));
        Ok(result)
    }

    /// The packages that `words` name, with all they import.
    pub(super) fn graph(&self, words: &[String]) -> Result<crate::modules::Graph, Failure> {
        let goroot = goroot::find_or_install(self.call, &self.store)?;
        let request = self.request(words, &goroot);
        driver::graph(&request, self.world(), &self.store).map_err(|f| Failure::new(f.code, f.text))
    }

    /// The library's place, as far as it is known.
    pub(super) fn goroot_shown(&self) -> &str {
        self.call.config.set("GOROOT").unwrap_or("")
    }

    fn request<'r>(&'r self, words: &'r [String], goroot: &'r Path) -> Request<'r> {
        Request {
            config: &self.call.config,
            flags: &self.flags,
            target: self.target,
            goroot,
            words,
            purpose: self.purpose,
            line: self.call.line,
            now_ns: self.call.world.now_ns(),
        }
    }

    /// As [`Job::run`], and the executables can be read: one that turns out damaged is forgotten and made again.
    pub(super) fn run_whole(&self, words: &[String]) -> Result<Built, Failure> {
        let built = self.run(words)?;
        if built.programs.iter().filter_map(|p| p.exe).all(|exe| self.store.read_plain(exe).is_some()) {
            return Ok(built);
        }
        self.run(words)
    }

    pub(super) fn run(&self, words: &[String]) -> Result<Built, Failure> {
        if self.flags.timings.is_some() {
            crate::base::trace::start();
        }
        if !self.flags.keep_work
            && let Some(goroot) = crate::build::goroot::find(&self.call.config, self.call.world)
            && let Some(built) =
                driver::unchanged(&self.request(words, &goroot), self.call.world, &self.store, &|line| {
                    say(line)
                })
        {
            return Ok(built);
        }
        let goroot = goroot::find_or_install(self.call, &self.store)?;
        if self.flags.keep_work {
            // We need none; scripts that ask for it get an empty one.
            let work = self.call.config.tmpdir().join(format!("go-build{}", std::process::id()));
            std::fs::create_dir_all(&work)
                .map_err(|e| Failure::new(1, format!("go: creating work dir: {}", io_words(&e))))?;
            say(&format!("WORK={}", work.display()));
        }
        let request = self.request(words, &goroot);
        let result = driver::build(&request, self.world(), &self.store, &|line| say(line));
        let faults = self.store.faults();
        faults.iter().take(MAX_FAULTS).for_each(|fault| say(&format!("thermos: {fault}")));
        if faults.len() > MAX_FAULTS {
            say(&format!(
                "thermos: and {} more faults of the cache; 'go cache verify' looks for all",
                faults.len() - MAX_FAULTS
            ));
        }
        if let Some(path) = &self.flags.timings {
            let page =
                timings::page(&crate::base::trace::take(), &format!("go {}", self.call.line.join(" ")));
            let to = self.call.world.cwd().join(path);
            std::fs::write(&to, page)
                .map_err(|e| Failure::new(1, format!("go: {}: {}", to.display(), io_words(&e))))?;
        }
        match result {
            Ok(built) => Ok(built),
            Err(failure) if self.flags.json && !failure.parts.is_empty() => {
                failure.parts.iter().for_each(|(path, text)| super::print(&build_events(path, text)));
                Err(Failure::new(failure.code, ""))
            }
            Err(failure) => Err(Failure::new(failure.code, failure.text)),
        }
    }
}

/// `-json`: what is wrong with a package, as go's events, a line each.
fn build_events(import_path: &str, text: &str) -> String {
    let event = |action: &str, output: Option<String>| {
        let mut object = serde_json::json!({ "ImportPath": import_path, "Action": action });
        if let Some(output) = output {
            object["Output"] = output.into();
        }
        format!("{object}\n")
    };
    let mut out: String = text.lines().map(|line| event("build-output", Some(format!("{line}\n")))).collect();
    out += &event("build-fail", None);
    out
}

/// A workspace changes which modules are used, so that a build without it would be another program.
fn refuse_workspace(call: &Call<'_>) -> Result<(), Failure> {
    match env::go_work(call.world, &call.config) {
        Some(file) => Err(Failure::new(
            1,
            format!(
                "go: {}: workspaces are not supported by this toolchain; set GOWORK=off to build one module",
                file.display()
            ),
        )),
        None => Ok(()),
    }
}

/// Writes what `build` writes: one executable by name, or one per command into a directory.
fn place(call: &Call<'_>, job: &Job<'_>, built: &Built) -> Result<(), Failure> {
    let mains: Vec<&Program> = built.programs.iter().filter(|p| p.is_main).collect();
    let cwd = call.world.cwd();
    let Some(output) = &job.output else {
        // Two packages or a library: built to be checked only.
        return match (&built.programs[..], &mains[..]) {
            ([_], [program]) => {
                if call.world.is_dir(&cwd.join(&program.name)) {
                    return Err(Failure::new(
                        1,
                        format!("go: build output {:?} already exists and is a directory", program.name),
                    ));
                }
                put(job, program, &program.name)
            }
            _ => Ok(()),
        };
    };
    let is_dir = output.ends_with('/') || call.world.is_dir(&cwd.join(output));
    if output == "/dev/null" {
        return Ok(());
    }
    if is_dir {
        if mains.is_empty() {
            return Err(Failure::new(1, "go: no main packages to build"));
        }
        let dir = output.trim_end_matches('/');
        return mains.iter().try_for_each(|program| put(job, program, &format!("{dir}/{}", program.name)));
    }
    match &built.programs[..] {
        [program] => put(job, program, output),
        _ => Err(Failure::new(1, format!("go: cannot write multiple packages to non-directory {output}"))),
    }
}

/// Writes one executable to `to`, as it was named: messages show it so.
fn put(job: &Job<'_>, program: &Program, to: &str) -> Result<(), Failure> {
    if job.flags.dry_run {
        if program.is_main {
            say(&format!("mv $WORK/exe/{} {to}", program.name));
        }
        return Ok(());
    }
    let Some(exe) = program.exe else { return Ok(()) };
    let world = job.call.world;
    let path = world.cwd().join(to);
    if noop::is_placed(&job.store, exe, &path, world) {
        return Ok(());
    }
    let verb = if job.purpose == Purpose::Install { "install" } else { "build" };
    let fault = |text: String| Failure::new(1, format!("{0}: go {verb} {0}: {text}", program.import_path));
    if world.is_dir(&path) {
        return Err(fault(format!("build output {to:?} already exists and is a directory")));
    }
    if let Some((dir, _)) = to.rsplit_once('/').filter(|(dir, _)| !dir.is_empty()) {
        std::fs::create_dir_all(world.cwd().join(dir))
            .map_err(|e| fault(format!("mkdir {dir}/: {}", io_words(&e))))?;
    }
    let mode = if program.is_object { 0o666 } else { 0o777 };
    let looked_ns = world.now_ns();
    write_output(&job.store, exe, &path, mode).map_err(|e| fault(format!("open {to}: {}", io_words(&e))))?;
    noop::note_placed(&job.store, exe, &path, world, looked_ns);
    Ok(())
}

/// Puts the executable in place in one step: a program that runs from there keeps its old file.
pub(super) fn write_executable(store: &Store, exe: ContentId, to: &Path) -> std::io::Result<()> {
    write_output(store, exe, to, 0o777)
}

/// Writes what was built, with the permissions `mode` (less the umask) if the file is new.
fn write_output(store: &Store, exe: ContentId, to: &Path, mode: u32) -> std::io::Result<()> {
    let gone = || std::io::Error::other("the output vanished from the cache; build again");
    let bytes = store.read_plain(exe).ok_or_else(gone)?;
    if std::fs::metadata(to).is_ok_and(|present| present.len() == bytes.len() as u64)
        && let Ok(present) = std::fs::read(to)
        && *present == *bytes
        && (mode & 0o111 == 0 || is_executable(to))
    {
        return Ok(());
    }
    // A device or a pipe is written to; only a file is replaced.
    if std::fs::metadata(to).is_ok_and(|m| !m.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(to)?.write_all(&bytes);
    }
    let dir = to.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let tmp = dir.join(format!(".{name}.{}.tmp", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&tmp)?;
        file.write_all(&bytes)?;
        drop(file);
        std::fs::rename(&tmp, to)
    };
    let result = write();
    if result.is_err() {
        let _ = std::fs::remove_file(&tmp);
    }
    result
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o111 != 0)
}
