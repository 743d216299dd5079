//! Version control: what `build` and `install` stamp into executables, asked from git.
//!
//! # What holds
//! - With `-buildvcs=auto` whatever is in the way (no repository, no git, another repository) means no stamp;
//!   only a git that is there and fails is an error. With `true` each of them is one.
//! - The stamp is part of the build's flags, so a new commit is a new build.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Failure;
use crate::base::World;
use crate::build::VcsStamp;
use crate::modules;

/// The settings for the executables of the module that governs the working directory.
pub(super) fn stamp(world: &dyn World, wish: &str) -> Result<VcsStamp, Failure> {
    let none = Ok(VcsStamp::default());
    let insists = match wish {
        "false" => return none,
        "true" => true,
        _ => false,
    };
    let cwd = world.cwd();
    let (Some(repository), Some(module)) = (repository_of(world, &cwd), modules::module_root(world, &cwd))
    else {
        return none;
    };
    if repository_of(world, &module).as_ref() != Some(&repository) {
        if !insists {
            return none;
        }
        let theirs = repository_of(world, &module).unwrap_or_default();
        return Err(fault(&format!(
            "main module is in repository {:?} but current directory is in repository {:?}",
            theirs.display().to_string(),
            repository.display().to_string()
        )));
    }
    let git = Git { dir: &repository };
    let status = match git.run(&["status", "--porcelain"]) {
        Ok(text) => text,
        Err(GitFault::Missing) if !insists => return none,
        Err(fault) => return Err(fault.into()),
    };
    let is_modified = !status.is_empty();
    let mut settings = vec![("vcs".to_owned(), "git".to_owned())];
    let mut version = None;
    // A repository without a commit has none to show.
    if let Ok(text) = git.run(&["-c", "log.showsignature=false", "log", "-1", "--format=%H:%ct"])
        && let Some((revision, seconds)) = text.trim().split_once(':')
        && let Ok(seconds) = seconds.parse::<i64>()
    {
        settings.push(("vcs.revision".to_owned(), revision.to_owned()));
        settings.push(("vcs.time".to_owned(), Utc::of(seconds).rfc3339()));
        let path = main_path(world, &module);
        version = path.map(|path| {
            let below = module.strip_prefix(&repository).unwrap_or(Path::new(""));
            let tags = tags_before(&git, &below.display().to_string(), major_of(&path));
            let version = match &tags.first() {
                Some(tag) if tag.is_here => tag.version.clone(),
                Some(tag) => format!(
                    "{}0.{}-{}",
                    after(&tag.version),
                    Utc::of(seconds).digits(),
                    &revision[..12.min(revision.len())]
                ),
                None => format!(
                    "v{}.0.0-{}-{}",
                    major_of(&path),
                    Utc::of(seconds).digits(),
                    &revision[..12.min(revision.len())]
                ),
            };
            if is_modified { version + "+dirty" } else { version }
        });
    }
    settings.push(("vcs.modified".to_owned(), is_modified.to_string()));
    Ok(VcsStamp { settings, version: version.unwrap_or_default() })
}

/// The directory that holds `.git`, at or above `dir`.
fn repository_of(world: &dyn World, dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| world.stat(&dir.join(".git")).is_ok()).map(Path::to_path_buf)
}

fn main_path(world: &dyn World, module: &Path) -> Option<String> {
    let text = world.read(&module.join("go.mod")).ok()?;
    modules::parse_go_mod(&text, false).ok()?.module
}

enum GitFault {
    Missing,
    Failed(String),
}

fn fault(text: &str) -> Failure {
    Failure::new(
        1,
        format!("error obtaining VCS status: {text}\n\tUse -buildvcs=false to disable VCS stamping."),
    )
}

impl From<GitFault> for Failure {
    fn from(f: GitFault) -> Failure {
        match f {
            GitFault::Missing => fault("exec: \"git\": executable file not found in $PATH"),
            GitFault::Failed(text) => fault(&text),
        }
    }
}

struct Git<'a> {
    dir: &'a Path,
}

impl Git<'_> {
    fn run(&self, args: &[&str]) -> Result<String, GitFault> {
        let out =
            Command::new("git").args(args).current_dir(self.dir).stdin(std::process::Stdio::null()).output();
        match out {
            Ok(out) if out.status.success() => Ok(String::from_utf8_lossy(&out.stdout).into_owned()),
            Ok(out) => Err(GitFault::Failed(out.status.to_string().replace("exit status: ", "exit status "))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(GitFault::Missing),
            Err(e) => Err(GitFault::Failed(super::io_words(&e))),
        }
    }
}

/// `2` of `example.com/m/v2`; 0 stands for 0 and 1.
fn major_of(path: &str) -> u64 {
    let last = path.rsplit(['/', '.']).next().unwrap_or_default();
    last.strip_prefix('v').and_then(|n| n.parse().ok()).filter(|n| *n > 1).unwrap_or(0)
}

struct Tag {
    version: String,
    /// It names the very commit that is checked out.
    is_here: bool,
}

/// The module's versions among the tags of this commit and those before it, the highest first.
fn tags_before(git: &Git<'_>, below: &str, major: u64) -> Vec<Tag> {
    let list = |args: &[&str]| git.run(args).unwrap_or_default();
    let here = list(&["tag", "--points-at", "HEAD"]);
    let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
    let version_of = |line: &str| -> Option<String> {
        let version = line.trim().strip_prefix(&prefix)?;
        let of = version.strip_prefix('v')?.split('.').next()?.parse::<u64>().ok()?;
        let fits = if major == 0 { of <= 1 } else { of == major };
        (fits && modules::is_version(version)).then(|| version.to_owned())
    };
    let here: Vec<String> = here.lines().filter_map(version_of).collect();
    let mut versions: Vec<String> =
        list(&["tag", "--merged", "HEAD"]).lines().filter_map(version_of).collect();
    // A tag of this commit wins over a higher one of an older commit.
    versions.sort_by(|a, b| {
        here.contains(b).cmp(&here.contains(a)).then_with(|| modules::compare_versions(b, a))
    });
    versions.into_iter().map(|version| Tag { is_here: here.contains(&version), version }).collect()
}

/// What a version between `version` and the next one begins with: `v1.2.4-` or `v1.3.0-pre.`
fn after(version: &str) -> String {
    if version.contains('-') {
        return format!("{version}.");
    }
    match version.rsplit_once('.') {
        Some((head, patch)) => format!("{head}.{}-", patch.parse::<u64>().unwrap_or(0) + 1),
        None => format!("{version}-"),
    }
}

/// A time by the calendar.
pub(super) struct Utc {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Utc {
    /// Of seconds since 1970, by counting years of 365.2425 days from a first of March.
    pub(super) fn of(seconds: i64) -> Utc {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        Utc {
            year: year + era * 400 + i64::from(month >= 10),
            month: if month < 10 { month + 3 } else { month - 9 },
            day: day_of_year - (153 * month + 2) / 5 + 1,
            hour: rest / 3_600,
            minute: rest / 60 % 60,
            second: rest % 60,
        }
    }

    pub(super) fn rfc3339(&self) -> String {
        let Utc { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    fn digits(&self) -> String {
        let Utc { year, month, day, hour, minute, second } = self;
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(Utc::of(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Utc::of(951_827_696).rfc3339(), "2000-02-29T12:34:56Z");
        assert_eq!(Utc::of(1_704_161_045).digits(), "20240102020405");
        assert_eq!(Utc::of(-1).rfc3339(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn versions_between() {
        assert_eq!(after("v1.2.3"), "v1.2.4-");
        assert_eq!(after("v1.3.0-pre"), "v1.3.0-pre.");
        assert_eq!((major_of("a.b/c"), major_of("a.b/c/v2"), major_of("a.b/c/v1")), (0, 2, 0));
    }
}
