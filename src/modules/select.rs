//! Which files of a directory belong to a build: by name and by build tags.

use crate::overlay::{NO_ARCH, Rules};
use crate::target::{Arch, Os, Target};

use super::config::Config;

/// The minor version of Go whose release tags hold: `go1.1` to `go1.27`.
const GO_MINOR: u32 = 27;

/// Tells which tags hold.
#[derive(Clone, Debug)]
pub struct Selection {
    target: Target,
    arch: &'static str,
    /// `-tags`, experiments, features of the architecture, tags of the package's overlay.
    tags: Vec<String>,
}

impl Selection {
    pub fn new(config: &Config) -> Selection {
        let arch = config.target.arch.name();
        let mut tags = config.tags.clone();
        tags.extend(config.experiments.iter().map(|name| format!("goexperiment.{name}")));
        tags.extend(arch_features(config.target.arch).iter().map(|&tag| tag.to_owned()));
        Selection { target: config.target, arch, tags }
    }

    /// For a package of the standard library that the overlay compiles otherwise.
    pub fn with_rules(&self, rules: &Rules) -> Selection {
        let mut selection = self.clone();
        selection.tags.extend(rules.tags.iter().map(|&tag| tag.to_owned()));
        if rules.no_arch {
            selection.arch = NO_ARCH;
            let features = arch_features(self.target.arch);
            selection.tags.retain(|tag| !features.contains(&tag.as_str()));
        }
        selection
    }

    pub fn holds(&self, tag: &str) -> bool {
        let os = self.target.os;
        if tag == os.name() || tag == self.arch || tag == "gc" {
            return true;
        }
        if os.implies().is_some_and(|implied| implied.name() == tag) {
            return true;
        }
        if tag == "unix" && os.is_unix() {
            return true;
        }
        // `boringcrypto` is an old name of the experiment.
        let tag = if tag == "boringcrypto" { "goexperiment.boringcrypto" } else { tag };
        if let Some(minor) = tag.strip_prefix("go1.").and_then(|minor| minor.parse::<u32>().ok()) {
            return (1..=GO_MINOR).contains(&minor) && tag == format!("go1.{minor}");
        }
        self.tags.iter().any(|t| t == tag)
    }

    /// Whether the file's name allows it: `x_linux.go`, `x_amd64_test.go`, `x_windows_arm64.go`.
    pub fn name_fits(&self, name: &str) -> bool {
        let stem = name.split('.').next().unwrap_or(name);
        // What stands before the first underscore is no tag: `linux.go` is for all.
        let Some(underscore) = stem.find('_') else { return true };
        let mut parts: Vec<&str> = stem[underscore..].split('_').collect();
        if parts.last() == Some(&"test") {
            parts.pop();
        }
        let is_os = |part: &str| Os::SUFFIXES.contains(&part);
        let is_arch = |part: &str| Arch::SUFFIXES.contains(&part);
        match parts[..] {
            [.., os, arch] if is_os(os) && is_arch(arch) => self.holds(arch) && self.holds(os),
            [.., last] if is_os(last) || is_arch(last) => self.holds(last),
            _ => true,
        }
    }
}

/// The features every chip of the architecture has, as GOAMD64 and its like name them by default.
fn arch_features(arch: Arch) -> &'static [&'static str] {
    match arch {
        Arch::Amd64 => &["amd64.v1"],
        Arch::I386 => &["386.sse2"],
        Arch::Arm => &["arm.5", "arm.6", "arm.7"],
        Arch::Arm64 => &["arm64.v8.0"],
        Arch::Mips | Arch::Mipsle => &["mips.hardfloat", "mipsle.hardfloat"],
        Arch::Mips64 | Arch::Mips64le => &["mips64.hardfloat", "mips64le.hardfloat"],
        Arch::Ppc64 | Arch::Ppc64le => &["ppc64.power8", "ppc64le.power8"],
        Arch::Riscv64 => &["riscv64.rva20u64"],
        _ => &[],
    }
}
