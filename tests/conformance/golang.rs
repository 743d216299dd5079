//! golang's `test` directory, as Debian packages it (`golang-1.19-src`): where it is, and its cases by kind.
//!
//! A case is a file whose first comment says what is to be done with it: `// run`, `// errorcheck -lang=go1.17`. The kinds
//! that end in `dir` are about the packages in the directory of the same name that ends in `.dir`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::{run, suite_dir};

/// A file of the directory with its recipe.
pub struct Case {
    /// Its path inside the directory.
    pub name: String,
    pub path: PathBuf,
    pub kind: String,
    /// What follows the kind.
    pub args: Vec<String>,
    /// Why it is not run.
    pub skip: Option<String>,
}

/// A package of a case: the files of one name.
pub struct Package {
    pub name: String,
    /// What importers write behind `./`: the first file's name without `.go`.
    pub stem: String,
    pub files: Vec<PathBuf>,
}

/// Every case of these kinds. `unfit` says why a flag of gc's rules a case out.
pub fn cases(tests: &Path, kinds: &[&str], unfit: &dyn Fn(&str) -> Option<String>) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut dirs = vec![tests.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).expect("the unpacked suite") {
            let path = entry.expect("the unpacked suite").path();
            if path.is_dir() && path.extension().is_none_or(|e| e != "dir") {
                dirs.push(path);
            } else if path.extension().is_some_and(|e| e == "go") {
                cases.extend(case(tests, path, kinds, unfit));
            }
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn case(tests: &Path, path: PathBuf, kinds: &[&str], unfit: &dyn Fn(&str) -> Option<String>) -> Option<Case> {
    let text = String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned();
    let mut header = text.lines().take_while(|l| l.is_empty() || l.starts_with("//"));
    let recipe = header.clone().find(|l| l.starts_with("// ") && !l.starts_with("// +build"))?;
    let mut words = recipe[3..].split_whitespace();
    let kind = words.next().filter(|kind| kinds.contains(kind))?.to_owned();
    let args: Vec<String> = words.map(str::to_owned).collect();
    let constraint = header.find(|l| l.starts_with("//go:build"));
    let flags = args.iter().filter(|a| a.starts_with('-'));
    let skip = flags.map(|flag| flag.split('=').next().unwrap_or(flag)).find_map(unfit).or_else(|| {
        constraint
            .filter(|c| !holds_here(&c["//go:build".len()..]))
            .map(|c| format!("constraint {}", &c[2..]))
    });
    let name = path.strip_prefix(tests).expect("below the suite").display().to_string();
    Some(Case { name, path, kind, args, skip })
}

/// The few constraints the suite uses, for linux/amd64 without cgo.
fn holds_here(expr: &str) -> bool {
    let term = |t: &str| {
        let (negated, t) = t.trim().strip_prefix('!').map_or((false, t.trim()), |t| (true, t));
        let t = t.trim_matches(['(', ')']);
        let holds = matches!(t, "linux" | "amd64" | "unix" | "gc") || t.starts_with("go1.");
        holds != negated
    };
    expr.split("||").any(|any| any.split("&&").all(term))
}

impl Case {
    /// The packages it is about, in the order of their first files. With `-s` each file is a package.
    pub fn packages(&self) -> Vec<Package> {
        if !self.kind.ends_with("dir") {
            return vec![Package {
                name: "p".to_owned(),
                stem: String::new(),
                files: vec![self.path.clone()],
            }];
        }
        let Ok(entries) = std::fs::read_dir(self.path.with_extension("dir")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|e| e.expect("the unpacked suite").path()).collect();
        files.retain(|f| f.extension().is_some_and(|e| e == "go"));
        files.sort();
        let single = self.args.iter().any(|a| a == "-s");
        let mut packages: Vec<Package> = Vec::new();
        for file in files {
            let text =
                String::from_utf8_lossy(&std::fs::read(&file).expect("the unpacked suite")).into_owned();
            let clause = text.lines().find_map(|l| l.strip_prefix("package ")).unwrap_or("");
            let name =
                clause.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned();
            match packages.iter_mut().find(|p| !single && p.name == name) {
                Some(package) => package.files.push(file),
                None => {
                    let stem = file.file_stem().expect("a file's name").to_string_lossy().into_owned();
                    packages.push(Package { name, stem, files: vec![file] });
                }
            }
        }
        packages
    }

    /// The language asked for with `-lang`.
    pub fn lang(&self) -> Option<&str> {
        self.args.iter().find_map(|a| a.strip_prefix("-lang="))
    }
}

/// The suite's directory, fetched and unpacked below `target/` the first time.
pub fn test_dir() -> Result<PathBuf, String> {
    if let Some(dir) = std::env::var_os("THERMOS_TEST_GOTEST") {
        return Ok(dir.into());
    }
    let root = suite_dir().join("golang-1.19-src");
    let tests = root.join("usr/share/go-1.19/test");
    if tests.join("helloworld.go").exists() {
        return Ok(tests);
    }
    std::fs::create_dir_all(&root).map_err(|e| e.to_string())?;
    let fetched = run(
        Command::new("apt-get").args(["download", "-q", "golang-1.19-src"]).current_dir(&root),
        Duration::from_secs(300),
    );
    let package = std::fs::read_dir(&root)
        .map_err(|e| e.to_string())?
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.extension().is_some_and(|e| e == "deb"))
        .ok_or_else(|| format!("cannot fetch Debian's golang-1.19-src: {}", fetched.first_words()))?;
    let unpacked = run(Command::new("dpkg").arg("-x").arg(package).arg(&root), Duration::from_secs(300));
    if unpacked.success() { Ok(tests) } else { Err(unpacked.first_words()) }
}
