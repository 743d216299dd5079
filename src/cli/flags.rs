//! Command-line flags as Go's flag package reads them: `-x`, `--x`, `-x=v`, `-x v`, up to the first other word.
//!
//! # To add a flag
//! Put it in [`BUILD`] or the command's own table, and read it where the command looks at its flags.

use std::collections::BTreeMap;

use super::Failure;
use crate::build::{BuildFlags, LinkFlags, VcsStamp, Wanted};

/// What follows a flag's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    /// Nothing, or `=true`.
    Bool,
    Text,
    Number,
    /// Nothing, or `=text`.
    Optional,
}

pub(super) type Flag = (&'static str, Takes);

/// The flags of every command that builds.
pub(super) const BUILD: &[Flag] = &[
    ("C", Takes::Text),
    ("a", Takes::Bool),
    ("asan", Takes::Bool),
    ("asmflags", Takes::Text),
    ("buildmode", Takes::Text),
    ("buildvcs", Takes::Optional),
    ("compiler", Takes::Text),
    ("cover", Takes::Bool),
    ("covermode", Takes::Text),
    ("coverpkg", Takes::Text),
    ("emit", Takes::Text),
    ("gccgoflags", Takes::Text),
    ("gcflags", Takes::Text),
    ("installsuffix", Takes::Text),
    ("json", Takes::Optional),
    ("ldflags", Takes::Text),
    ("linkshared", Takes::Bool),
    ("mod", Takes::Text),
    ("modcacherw", Takes::Bool),
    ("modfile", Takes::Text),
    ("msan", Takes::Bool),
    ("n", Takes::Bool),
    ("overlay", Takes::Text),
    ("p", Takes::Number),
    ("pgo", Takes::Text),
    ("pkgdir", Takes::Text),
    ("race", Takes::Bool),
    ("tags", Takes::Text),
    ("timings", Takes::Optional),
    ("toolexec", Takes::Text),
    ("trap-undefined", Takes::Bool),
    ("trimpath", Takes::Bool),
    ("v", Takes::Bool),
    ("work", Takes::Bool),
    ("x", Takes::Bool),
];

/// Flags of other commands, which GOFLAGS may hold.
const ELSEWHERE: &[&str] = &[
    "o",
    "exec",
    "f",
    "e",
    "deps",
    "test",
    "export",
    "compiled",
    "find",
    "m",
    "u",
    "versions",
    "retracted",
    "i",
    "r",
    "cache",
    "testcache",
    "modcache",
    "fuzzcache",
    "count",
    "run",
    "bench",
    "benchtime",
    "cpu",
    "short",
    "timeout",
    "failfast",
    "parallel",
    "list",
    "vet",
    "c",
    "shuffle",
    "skip",
    "w",
    "changed",
    "insecure",
    "t",
    "d",
    "benchmem",
];

/// What was on the command line.
#[derive(Default, Debug)]
pub(super) struct Flags {
    values: BTreeMap<&'static str, String>,
    /// The words after the flags.
    pub(super) args: Vec<String>,
}

impl Flags {
    /// Words that the command reads itself.
    pub(super) fn unread(args: &[String]) -> Flags {
        Flags { args: args.to_vec(), ..Flags::default() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|v| v != "false")
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Reads `args`; the error is what Go's flag package says, without the usage.
    pub(super) fn parse(table: &[&[Flag]], args: &[String]) -> Result<Flags, String> {
        let mut flags = Flags::default();
        let mut at = 0;
        while let Some(word) = args.get(at) {
            let Some(name) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else { break };
            at += 1;
            if name == "-" {
                break;
            }
            let name = name.strip_prefix('-').unwrap_or(name);
            if name.starts_with(['-', '=']) {
                return Err(format!("bad flag syntax: {word}"));
            }
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (name, None),
            };
            let Some(&(name, takes)) = table.iter().copied().flatten().find(|(n, _)| *n == name) else {
                return Err(format!("flag provided but not defined: -{name}"));
            };
            let value = match (takes, value) {
                (Takes::Bool, value) => boolean(name, value.unwrap_or("true"))?.to_string(),
                (Takes::Optional, value) => value.unwrap_or("true").to_owned(),
                (_, Some(value)) => value.to_owned(),
                (_, None) => {
                    let value = args.get(at).ok_or_else(|| format!("flag needs an argument: -{name}"))?;
                    at += 1;
                    value.clone()
                }
            };
            if takes == Takes::Number && value.parse::<i64>().is_err() {
                return Err(format!("invalid value {value:?} for flag -{name}: parse error"));
            }
            flags.values.insert(name, value);
        }
        flags.args = args[at..].to_vec();
        Ok(flags)
    }

    /// Lays what GOFLAGS holds below what the command line said.
    pub(super) fn add_goflags(&mut self, words: &[String], table: &[&[Flag]]) -> Result<(), String> {
        for word in words {
            let Some(name) =
                word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|n| !n.is_empty())
            else {
                return Err(format!("parsing $GOFLAGS: non-flag {word:?}"));
            };
            let name = name.split('=').next().unwrap_or(name);
            let known = table.iter().copied().flatten().any(|(n, _)| *n == name);
            if !known {
                if ELSEWHERE.contains(&name) || BUILD.iter().any(|(n, _)| *n == name) {
                    continue;
                }
                return Err(format!("parsing $GOFLAGS: unknown flag -{name}"));
            }
            let one = Flags::parse(table, std::slice::from_ref(word))
                .map_err(|e| format!("parsing $GOFLAGS: {e}"))?;
            for (name, value) in one.values {
                self.values.entry(name).or_insert(value);
            }
        }
        Ok(())
    }

    /// The flags every build takes, checked.
    pub(super) fn build_flags(&self) -> Result<BuildFlags, Failure> {
        let text = |name: &str| self.text(name).unwrap_or("").to_owned();
        let threads = text("p");
        if !threads.is_empty() && threads.parse::<i64>().is_ok_and(|n| n <= 0) {
            return Err(Failure::new(1, format!("go: -p must be a positive integer: {threads}")));
        }
        for (name, why) in [("race", "-race"), ("msan", "-msan"), ("asan", "-asan")] {
            if self.has(name) {
                return Err(Failure::new(
                    2,
                    format!("go: {why} requires cgo; enable cgo by setting CGO_ENABLED=1"),
                ));
            }
        }
        let mod_mode = text("mod");
        if !matches!(mod_mode.as_str(), "" | "mod" | "readonly" | "vendor") {
            return Err(Failure::new(
                1,
                format!("-mod={mod_mode} not supported (can be '', 'mod', 'readonly', or 'vendor')"),
            ));
        }
        let buildmode = text("buildmode");
        match buildmode.as_str() {
            "" | "default" | "exe" => {}
            "archive" | "c-archive" | "c-shared" | "pie" | "shared" | "plugin" => {
                return Err(Failure::new(
                    1,
                    format!("-buildmode={buildmode} is not supported by this toolchain"),
                ));
            }
            other => return Err(Failure::new(1, format!("buildmode={other} not supported"))),
        }
        self.refuse_what_we_cannot()?;
        let tags = text("tags");
        let tags = tags.split([',', ' ']).filter(|t| !t.is_empty()).map(str::to_owned).collect();
        Ok(BuildFlags {
            all: self.has("a"),
            dry_run: self.has("n"),
            threads: threads.parse().unwrap_or(0),
            verbose: self.has("v"),
            keep_work: self.has("work"),
            explain: self.has("x"),
            json: self.has("json"),
            tags,
            ldflags: LinkFlags::default(),
            gcflags: self.gcflags()?,
            trimpath: self.has("trimpath"),
            mod_mode,
            modfile: text("modfile"),
            buildmode,
            vcs: VcsStamp::default(),
            overlay: String::new(),
            emit: text("emit").split(',').filter(|e| !e.is_empty()).map(str::to_owned).collect(),
            wanted: Wanted::default(),
            timings: self
                .text("timings")
                .map(|t| if t == "true" { "thermos-timings.html" } else { t }.to_owned()),
            trap_undefined: self.has("trap-undefined"),
        })
    }
}

/// Flags of go that ask for what is not here, and why.
const REFUSED: &[(&str, &str)] = &[
    ("asmflags", "no assembly is assembled"),
    ("gccgoflags", "gccgo is not used"),
    ("linkshared", "executables are static"),
    ("pkgdir", "packages are kept in the cache only"),
    ("toolexec", "there are no separate tools to run"),
];

impl Flags {
    /// A flag that would be without effect is an error, so that nobody trusts it.
    fn refuse_what_we_cannot(&self) -> Result<(), Failure> {
        for (name, why) in REFUSED {
            if self.text(name).is_some_and(|value| !value.is_empty() && value != "false") {
                return Err(Failure::new(
                    2,
                    format!("go: -{name} is not supported by this toolchain: {why}"),
                ));
            }
        }
        if let Some(other) = self.text("compiler").filter(|c| *c != "gc") {
            let text = match other {
                "gccgo" => {
                    "go: -compiler=gccgo is not supported by this toolchain: gccgo is not used".to_owned()
                }
                _ => format!("invalid value {other:?} for flag -compiler: unknown compiler {other:?}"),
            };
            return Err(Failure::new(2, text));
        }
        if let Some(wish) = self.text("buildvcs")
            && !matches!(wish, "" | "auto")
            && boolean("buildvcs", wish).is_err()
        {
            return Err(Failure::new(
                2,
                format!(
                    "invalid boolean value {wish:?} for -buildvcs: value is neither 'auto' nor a valid bool"
                ),
            ));
        }
        if let Some(profile) = self.text("pgo").filter(|p| !matches!(*p, "" | "auto" | "off")) {
            super::say(&format!(
                "thermos: -pgo={profile}: profiles are not used; the program is the same without"
            ));
        }
        Ok(())
    }

    /// `-gcflags` as given, if it holds nothing but what makes no difference here.
    fn gcflags(&self) -> Result<String, Failure> {
        let text = self.text("gcflags").unwrap_or("");
        let flags = match text.split_once('=') {
            Some((pattern, flags)) if !pattern.starts_with('-') => flags,
            _ => text,
        };
        let words = crate::build::flags::split_quoted(flags)
            .map_err(|e| Failure::new(2, format!("invalid value {text:?} for flag -gcflags: {e}")))?;
        for word in &words {
            let name = word.trim_start_matches('-').split('=').next().unwrap_or_default();
            if !word.starts_with('-') || !matches!(name, "N" | "l" | "c" | "dwarf") {
                return Err(Failure::new(
                    2,
                    format!(
                        "go: -gcflags={word} is not supported by this toolchain: it has one way of compiling (-N, -l, -c and -dwarf are accepted)"
                    ),
                ));
            }
        }
        if !words.is_empty() {
            super::say("thermos: -gcflags changes nothing here: there is one way of compiling");
        }
        Ok(text.to_owned())
    }

    /// `-buildvcs` in its plain form: auto, true or false.
    pub(super) fn buildvcs(&self) -> &'static str {
        match self.text("buildvcs") {
            None | Some("" | "auto") => "auto",
            Some(wish) if boolean("buildvcs", wish) == Ok(true) => "true",
            Some(_) => "false",
        }
    }
}

fn boolean(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("invalid boolean value {value:?} for -{name}: parse error")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Flags, String> {
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        Flags::parse(&[BUILD, &[("o", Takes::Text)]], &args)
    }

    #[test]
    fn forms_of_a_flag() {
        let flags = parse(&["-v", "--o", "x", "-tags=a,b", "-a=false", "./p", "-v"]).unwrap();
        assert!(flags.has("v") && !flags.has("a"));
        assert_eq!((flags.text("o"), flags.text("tags")), (Some("x"), Some("a,b")));
        assert_eq!(flags.args, ["./p", "-v"]);
    }

    #[test]
    fn faults_in_gos_words() {
        let fault = |args: &[&str]| parse(args).unwrap_err();
        assert_eq!(fault(&["-nosuchflag"]), "flag provided but not defined: -nosuchflag");
        assert_eq!(fault(&["-o"]), "flag needs an argument: -o");
        assert_eq!(fault(&["-p", "x"]), "invalid value \"x\" for flag -p: parse error");
    }

    #[test]
    fn goflags_lie_below() {
        let mut flags = parse(&["-tags=x"]).unwrap();
        let words = ["-tags=y", "-v", "-count=1"].map(str::to_owned);
        flags.add_goflags(&words, &[BUILD]).unwrap();
        assert_eq!((flags.text("tags"), flags.has("v")), (Some("x"), true));
        let fault = flags.add_goflags(&["-zzz".to_owned()], &[BUILD]).unwrap_err();
        assert_eq!(fault, "parsing $GOFLAGS: unknown flag -zzz");
    }
}
