//! The words of a `test` command sorted: flags of the build, flags for the test binaries, packages, arguments.

use crate::cli::Failure;
use crate::cli::flags::Takes::{Bool, Number, Optional, Text};
use crate::cli::flags::{self, Flag, Flags, Takes};

/// Flags of `test` itself.
const OWN: &[Flag] = &[("c", Bool), ("exec", Text), ("i", Bool), ("o", Text), ("vet", Text)];

/// Flags that the test binary understands; each may also be written `-test.name`.
const PASSED: &[Flag] = &[
    ("artifacts", Bool),
    ("bench", Text),
    ("benchmem", Bool),
    ("benchtime", Text),
    ("blockprofile", Text),
    ("blockprofilerate", Text),
    ("count", Text),
    ("coverprofile", Text),
    ("cpu", Text),
    ("cpuprofile", Text),
    ("failfast", Bool),
    ("fullpath", Bool),
    ("fuzz", Text),
    ("fuzzminimizetime", Text),
    ("fuzztime", Text),
    ("list", Text),
    ("memprofile", Text),
    ("memprofilerate", Text),
    ("mutexprofile", Text),
    ("mutexprofilefraction", Text),
    ("outputdir", Text),
    ("parallel", Number),
    ("run", Text),
    ("short", Bool),
    ("shuffle", Text),
    ("skip", Text),
    ("timeout", Text),
    ("trace", Text),
    ("v", Optional),
];

pub(in crate::cli) const FLAGS: &[&[Flag]] = &[flags::BUILD, OWN, PASSED];

/// A `test` command, read.
pub(super) struct Words {
    /// Flags of the build and of `test`; those passed on as well.
    pub flags: Flags,
    /// Empty: the working directory, without caching.
    pub packages: Vec<String>,
    /// For the test binary, in order: flags as `-test.name=value`, and all that is not ours.
    pub args: Vec<String>,
    /// The first word that is neither a package nor a flag known to us.
    pub foreign: Option<String>,
}

impl Words {
    pub fn read(args: &[String], goflags: &[String]) -> Result<Words, Failure> {
        let mut known: Vec<String> = Vec::new();
        let mut words =
            Words { flags: Flags::default(), packages: Vec::new(), args: Vec::new(), foreign: None };
        let mut list = List::Before;
        let mut at = 0;
        let usage = |text: String| {
            Failure::new(
                2,
                format!(
                    "{text}\nusage: go test [build/test flags] [packages] [build/test flags & test binary flags]\nRun 'go help test' and 'go help testflag' for details."
                ),
            )
        };
        while let Some(word) = args.get(at) {
            at += 1;
            let Some(flag) = Word::of(word) else {
                if list == List::Behind {
                    // A value of a flag we do not know, or an argument: so is all that follows.
                    words.args.extend(args[at - 1..].iter().cloned());
                    break;
                }
                list = List::Inside;
                words.packages.push(word.clone());
                continue;
            };
            if list == List::Inside {
                list = List::Behind;
            }
            if flag.name == "args" && flag.value.is_none() {
                words.args.extend(args[at..].iter().cloned());
                break;
            }
            let short = flag.name.strip_prefix("test.").unwrap_or(flag.name);
            let passed = PASSED.iter().find(|(name, _)| *name == short);
            let ours = || FLAGS.iter().copied().flatten().find(|(name, _)| *name == flag.name);
            let Some(&(name, takes)) = passed.or_else(ours) else {
                list = List::Behind;
                words.foreign.get_or_insert(word.clone());
                words.args.push(word.clone());
                continue;
            };
            let value = match (flag.value, takes) {
                (Some(value), _) => value.to_owned(),
                (None, Takes::Bool | Takes::Optional) => "true".to_owned(),
                (None, _) => {
                    let value = args
                        .get(at)
                        .ok_or_else(|| usage(format!("flag needs an argument: -{}", flag.name)))?;
                    at += 1;
                    value.clone()
                }
            };
            known.push(format!("-{name}={value}"));
            if passed.is_some() {
                words.args.push(format!("-test.{name}={value}"));
            }
        }
        words.flags = Flags::parse(FLAGS, &known).map_err(usage)?;
        let explicit: Vec<&str> =
            PASSED.iter().map(|(name, _)| *name).filter(|name| words.flags.text(name).is_some()).collect();
        words.flags.add_goflags(goflags, FLAGS).map_err(|e| Failure::new(1, format!("go: {e}")))?;
        let from_goflags = PASSED.iter().filter(|(name, _)| !explicit.contains(name));
        let injected: Vec<String> = from_goflags
            .filter_map(|(name, _)| Some(format!("-test.{name}={}", words.flags.text(name)?)))
            .collect();
        words.args.splice(0..0, injected);
        Ok(words)
    }

    /// Flags that every test binary gets although nobody wrote them.
    pub fn add_defaults(&mut self, timeout: &str) {
        if self.flags.text("timeout").is_none() {
            self.args.insert(0, format!("-test.timeout={timeout}"));
        }
    }

    /// What can change a result that is kept; `None`: results of such a command are not kept.
    pub fn cacheable(&self) -> Option<Vec<String>> {
        const COUNT: &[&str] = &[
            "benchtime",
            "cpu",
            "failfast",
            "fullpath",
            "list",
            "parallel",
            "run",
            "short",
            "skip",
            "timeout",
            "v",
        ];
        let keep = |arg: &String| -> Option<String> {
            let name = arg.strip_prefix("-test.")?.split('=').next()?;
            COUNT.contains(&name).then(|| arg.clone())
        };
        self.args.iter().map(keep).collect()
    }
}

/// Where reading is, seen from the list of packages.
#[derive(PartialEq)]
enum List {
    Before,
    Inside,
    Behind,
}

/// A word that is a flag.
struct Word<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

impl<'a> Word<'a> {
    fn of(word: &'a str) -> Option<Word<'a>> {
        let rest =
            word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|rest| !rest.is_empty())?;
        match rest.split_once('=') {
            Some((name, value)) => Some(Word { name, value: Some(value) }),
            None => Some(Word { name: rest, value: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Words {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Words::read(&args, &["-count=1".to_owned()]).unwrap()
    }

    #[test]
    fn packages_end_at_the_first_flag_behind_them() {
        let words = read("-short ./a ./b -run X -unknown value -v rest -test.cpu=2");
        assert_eq!(words.packages, ["./a", "./b"]);
        assert_eq!(
            words.args,
            [
                "-test.count=1",
                "-test.short=true",
                "-test.run=X",
                "-unknown",
                "value",
                "-v",
                "rest",
                "-test.cpu=2"
            ]
        );
        assert_eq!(words.foreign.as_deref(), Some("-unknown"));
        assert!(words.cacheable().is_none());
        let words = read("-args -v x");
        assert_eq!((words.packages.len(), words.args.len()), (0, 3));
    }

    #[test]
    fn only_listed_flags_keep_results() {
        let mut words = Words::read(&["-v".to_owned(), "-run=A".to_owned()], &[]).unwrap();
        words.add_defaults("10m0s");
        assert_eq!(words.cacheable().unwrap(), ["-test.timeout=10m0s", "-test.v=true", "-test.run=A"]);
        assert!(read("p").cacheable().is_none());
    }
}
