//! The build flags as data: what `cli` reads from the command line and stages take as input.

/// What a build leaves of the package that was named, if it was one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Wanted {
    /// A command's executable; a library is built to be checked only.
    #[default]
    Executable,
    /// The same, and of a library its object file: `-o name`.
    ExecutableOrObject,
    /// The object file of whatever it is: `-o name.o`.
    Object,
}

/// Flags shared by build, run, install and list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BuildFlags {
    /// `-a`: run every stage again.
    pub all: bool,
    /// `-n`: say what would be done.
    pub dry_run: bool,
    /// `-p`: worker threads, 0: one per processor.
    pub threads: usize,
    pub verbose: bool,
    /// `-work`: keep the temporary directory.
    pub keep_work: bool,
    /// `-x`: a line per executed step.
    pub explain: bool,
    pub json: bool,
    pub tags: Vec<String>,
    pub ldflags: LinkFlags,
    pub gcflags: String,
    pub trimpath: bool,
    /// `-mod`: "", mod, readonly or vendor.
    pub mod_mode: String,
    pub modfile: String,
    pub buildmode: String,
    /// What version control says, for the build info.
    pub vcs: VcsStamp,
    /// `-overlay`: the digest of what is replaced; the files themselves are seen through the `World`.
    pub overlay: String,
    /// `-emit`: forms of a function to print.
    pub emit: Vec<String>,
    pub wanted: Wanted,
    /// `--timings`: where the page goes.
    pub timings: Option<String>,
    /// Functions that are missing become traps instead of link errors (for bringing up a target).
    pub trap_undefined: bool,
}

impl BuildFlags {
    /// Whether forms of functions are to be printed.
    pub fn emits(&self) -> bool {
        !self.emit.is_empty()
    }

    /// The flags that decide what comes out, without those that only decide what is told.
    pub fn without_reports(&self) -> BuildFlags {
        BuildFlags {
            all: false,
            threads: 0,
            verbose: false,
            keep_work: false,
            explain: false,
            json: false,
            timings: None,
            ..self.clone()
        }
    }
}

/// What version control says of the main module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VcsStamp {
    /// `vcs`, `vcs.revision` and so on.
    pub settings: Vec<(String, String)>,
    /// The version of the main module; empty: `(devel)`.
    pub version: String,
}

/// What `-ldflags` holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkFlags {
    /// As given, for the build info.
    pub text: String,
    pub strip_symbols: bool,
    pub strip_debug: bool,
    /// `-X symbol=value`, the last one of a symbol wins.
    pub strings: Vec<(String, String)>,
    pub build_id: Option<String>,
}

impl LinkFlags {
    /// Reads the words of `-ldflags`; the error is what the linker says.
    pub fn parse(text: &str) -> Result<LinkFlags, String> {
        let words = split_quoted(text)?;
        let mut flags = LinkFlags { text: text.to_owned(), ..LinkFlags::default() };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
                return Err(format!("unexpected argument {word:?}"));
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (name.to_owned(), None),
            };
            let mut argument = |value: Option<String>| {
                value.or_else(|| words.next()).ok_or_else(|| format!("flag needs an argument: -{name}"))
            };
            match name.as_str() {
                "s" => (flags.strip_symbols, flags.strip_debug) = (true, true),
                "w" => flags.strip_debug = value.as_deref() != Some("false") && value.as_deref() != Some("0"),
                "X" => {
                    let text = argument(value)?;
                    let Some((symbol, value)) = text.split_once('=').filter(|(s, _)| s.contains('.')) else {
                        return Err("-X flag requires argument of the form importpath.name=value".to_owned());
                    };
                    flags.strings.retain(|(s, _)| s != symbol);
                    flags.strings.push((symbol.to_owned(), value.to_owned()));
                }
                "buildid" => flags.build_id = Some(argument(value)?),
                "linkmode" => match argument(value)?.as_str() {
                    "auto" | "internal" => {}
                    "external" => {
                        return Err("-linkmode=external is not supported by this toolchain".to_owned());
                    }
                    other => {
                        return Err(format!(
                            "invalid value {other:?} for flag -linkmode: invalid linkmode: {other:?}"
                        ));
                    }
                },
                // Accepted, as they change nothing here: we always link internally and statically.
                "extldflags" | "compressdwarf" | "extld" | "buildmode" | "B" => {
                    if name != "compressdwarf" {
                        argument(value)?;
                    }
                }
                "v" | "c" | "d" | "f" | "g" | "n" | "h" | "checklinkname" => {}
                _ => return Err(format!("flag provided but not defined: -{name}")),
            }
        }
        Ok(flags)
    }
}

/// Splits at blanks; single and double quotes keep blanks, without escapes, as go does for its flag lists.
pub fn split_quoted(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let Some(end) = rest[1..].find(first) else {
                return Err("unterminated quoted string".to_owned());
            };
            words.push(rest[1..=end].to_owned());
            rest = &rest[end + 2..];
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_flags() {
        let flags = LinkFlags::parse("-s -X 'main.V=1 2' -X=main.W=").unwrap();
        assert!(flags.strip_symbols && flags.strip_debug);
        assert_eq!(
            flags.strings,
            [("main.V".to_owned(), "1 2".to_owned()), ("main.W".to_owned(), String::new())]
        );
        assert_eq!(
            LinkFlags::parse("-X main").unwrap_err(),
            "-X flag requires argument of the form importpath.name=value"
        );
    }
}
