//! The settings of one command: environment, `go env -w` file, defaults, in that order.
//!
//! [`VARIABLES`] is what `env` prints and `env -w` accepts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::World;
use crate::target::Target;

/// The version of Go we are.
pub const GO_VERSION: &str = "go1.27.3";

/// Every variable `env` knows, in the order it prints them.
pub const VARIABLES: &[&str] = &[
    "AR",
    "CC",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_ENABLED",
    "CGO_FFLAGS",
    "CGO_LDFLAGS",
    "CXX",
    "GCCGO",
    "GO111MODULE",
    "GOAMD64",
    "GOARCH",
    "GOAUTH",
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GODEBUG",
    "GOENV",
    "GOEXE",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOFLAGS",
    "GOGCCFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOINSECURE",
    "GOMOD",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOOS",
    "GOPACKAGESDRIVER",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTELEMETRY",
    "GOTELEMETRYDIR",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOTOOLDIR",
    "GOVCS",
    "GOVERSION",
    "GOWORK",
    "PKG_CONFIG",
];

/// Further variables that `env -w` accepts, as they select an architecture's variant.
pub const MORE_WRITABLE: &[&str] = &[
    "GO386",
    "GOARM",
    "GOARM64",
    "GOMIPS",
    "GOMIPS64",
    "GOPPC64",
    "GORISCV64",
    "GOWASM",
    "GOCOVERDIR",
    "GO_EXTLINK_ENABLED",
];

/// What `env -w` refuses: it follows from the rest.
pub const READ_ONLY: &[&str] = &[
    "GOEXE",
    "GOGCCFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOMOD",
    "GOTELEMETRY",
    "GOTELEMETRYDIR",
    "GOTOOLDIR",
    "GOVERSION",
    "GOWORK",
    "GOENV",
];

/// The settings in force.
pub struct Config {
    from_env: BTreeMap<String, String>,
    from_file: BTreeMap<String, String>,
    home: Option<PathBuf>,
    pub cwd: PathBuf,
    /// Where `env -w` writes; `None` when `GOENV=off` or there is no home.
    pub env_file: Option<PathBuf>,
}

impl Config {
    pub fn load(world: &dyn World) -> Config {
        let names = VARIABLES.iter().chain(MORE_WRITABLE).chain(&[
            "HOME",
            "XDG_CACHE_HOME",
            "TMPDIR",
            "PATH",
            "LD_LIBRARY_PATH",
        ]);
        let from_env: BTreeMap<String, String> = names
            .filter_map(|name| Some(((*name).to_owned(), world.env(name).filter(|value| !value.is_empty())?)))
            .collect();
        let home = from_env.get("HOME").map(PathBuf::from);
        let env_file = match from_env.get("GOENV").map(String::as_str) {
            Some("off") => None,
            Some(path) => Some(PathBuf::from(path)),
            None => config_dir(world).map(|dir| dir.join("go/env")),
        };
        let from_file = env_file
            .as_ref()
            .and_then(|path| world.read(path).ok())
            .map(|text| parse_env_file(&text))
            .unwrap_or_default();
        Config { from_env, from_file, home, cwd: world.cwd(), env_file }
    }

    /// A variable that was set, by the environment or by `env -w`.
    pub fn set(&self, name: &str) -> Option<&str> {
        self.from_env.get(name).or_else(|| self.from_file.get(name)).map(String::as_str)
    }

    /// True when the environment itself, not the file, sets it.
    pub fn in_environment(&self, name: &str) -> bool {
        self.from_env.contains_key(name)
    }

    pub fn goos(&self) -> &str {
        self.set("GOOS").unwrap_or_else(|| Target::host().os.name())
    }

    pub fn goarch(&self) -> &str {
        self.set("GOARCH").unwrap_or_else(|| Target::host().arch.name())
    }

    /// The pair asked for, or go's words for one that does not exist.
    pub fn target(&self) -> Result<Target, String> {
        Target::new(self.goos(), self.goarch())
            .ok_or_else(|| format!("unsupported GOOS/GOARCH pair {}/{}", self.goos(), self.goarch()))
    }

    pub fn gopath(&self) -> Option<PathBuf> {
        match self.set("GOPATH") {
            Some(list) => std::env::split_paths(list).next(),
            None => self.home.as_ref().map(|home| home.join("go")),
        }
    }

    pub fn gomodcache(&self) -> Option<PathBuf> {
        self.set("GOMODCACHE").map(PathBuf::from).or_else(|| Some(self.gopath()?.join("pkg/mod")))
    }

    /// `$GOCACHE`, or why there is none, in go's words.
    pub fn gocache(&self) -> Result<PathBuf, String> {
        const LOCATED: &str = "build cache is required, but could not be located: ";
        match self.set("GOCACHE") {
            Some("off") => {
                Err("build cache is disabled by GOCACHE=off, but required as of Go 1.12".to_owned())
            }
            Some(path) if !Path::new(path).is_absolute() => {
                Err(format!("{LOCATED}GOCACHE is not an absolute path"))
            }
            Some(path) => Ok(PathBuf::from(path)),
            None if self.set("HOME").is_none() && self.set("XDG_CACHE_HOME").is_none() => Err(format!(
                "{LOCATED}GOCACHE is not defined and neither $XDG_CACHE_HOME nor $HOME are defined"
            )),
            None => {
                directories::BaseDirs::new().map(|dirs| dirs.cache_dir().join("go-build")).ok_or_else(|| {
                    format!(
                        "{LOCATED}GOCACHE is not defined and neither $XDG_CACHE_HOME nor $HOME are defined"
                    )
                })
            }
        }
    }

    /// The words of `$GOFLAGS`.
    pub fn goflags(&self) -> Vec<String> {
        self.set("GOFLAGS").unwrap_or("").split_whitespace().map(str::to_owned).collect()
    }

    /// Where temporary files go.
    pub fn tmpdir(&self) -> PathBuf {
        self.set("GOTMPDIR")
            .or_else(|| self.set("TMPDIR"))
            .map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }

    /// What `env NAME` prints, where it does not depend on the module or the GOROOT.
    pub fn value(&self, name: &str) -> String {
        if let Some(value) = self.set(name) {
            return value.to_owned();
        }
        let shown = |path: Option<PathBuf>| path.map(|p| p.display().to_string()).unwrap_or_default();
        let host = Target::host();
        match name {
            "AR" => "ar".to_owned(),
            "CC" => "gcc".to_owned(),
            "CXX" => "g++".to_owned(),
            "CGO_CFLAGS" | "CGO_CXXFLAGS" | "CGO_FFLAGS" | "CGO_LDFLAGS" => "-O2 -g".to_owned(),
            // We never run a C compiler.
            "CGO_ENABLED" => "0".to_owned(),
            "GCCGO" => "gccgo".to_owned(),
            "GOAMD64" => "v1".to_owned(),
            "GOARCH" => self.goarch().to_owned(),
            "GOAUTH" => "netrc".to_owned(),
            "GOBIN" => shown(self.gopath().map(|p| p.join("bin"))),
            "GOCACHE" => shown(self.gocache().ok()),
            "GOENV" => shown(self.env_file.clone()),
            "GOEXE" if self.goos() == "windows" => ".exe".to_owned(),
            "GOFIPS140" => "off".to_owned(),
            "GOHOSTARCH" => host.arch.name().to_owned(),
            "GOHOSTOS" => host.os.name().to_owned(),
            "GOMODCACHE" => shown(self.gomodcache()),
            "GOOS" => self.goos().to_owned(),
            "GOPATH" => shown(self.gopath()),
            "GONOPROXY" | "GONOSUMDB" => self.set("GOPRIVATE").unwrap_or("").to_owned(),
            "GOPROXY" => "https://proxy.golang.org,direct".to_owned(),
            "GOSUMDB" => "sum.golang.org".to_owned(),
            // We collect nothing.
            "GOTELEMETRY" => "off".to_owned(),
            "GOTOOLCHAIN" => "auto".to_owned(),
            "GOVERSION" => GO_VERSION.to_owned(),
            "PKG_CONFIG" => "pkg-config".to_owned(),
            _ => String::new(),
        }
    }

    /// What `env NAME` prints when nothing was set.
    pub fn default_value(&self, name: &str) -> String {
        let keep = |name: &str| matches!(name, "HOME" | "XDG_CACHE_HOME");
        let from_env =
            self.from_env.iter().filter(|(n, _)| keep(n)).map(|(n, v)| (n.clone(), v.clone())).collect();
        let plain = Config {
            from_env,
            from_file: BTreeMap::new(),
            home: self.home.clone(),
            cwd: self.cwd.clone(),
            env_file: self.env_file.clone(),
        };
        plain.value(name)
    }
}

/// The platform's directory for settings, by go's rule.
fn config_dir(world: &dyn World) -> Option<PathBuf> {
    let set = |name: &str| world.env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))
}

/// `NAME=value` lines; `#` starts a comment line.
pub fn parse_env_file(text: &[u8]) -> BTreeMap<String, String> {
    String::from_utf8_lossy(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::world::MemoryWorld;

    #[test]
    fn environment_beats_file_beats_default() {
        let world = MemoryWorld::new("/w")
            .var("HOME", "/home/u")
            .var("GOOS", "plan9")
            .file("/home/u/.config/go/env", "GOOS=windows\nGOARCH=arm64\n# GOFLAGS=-v\n");
        let config = Config::load(&world);
        assert_eq!((config.goos(), config.goarch()), ("plan9", "arm64"));
        assert_eq!(config.value("GOMODCACHE"), "/home/u/go/pkg/mod");
        assert!(config.goflags().is_empty());
    }

    #[test]
    fn cache_faults_are_in_gos_words() {
        let fault = |world: MemoryWorld| Config::load(&world).gocache().unwrap_err();
        let world = MemoryWorld::new("/w");
        assert!(fault(world.clone()).ends_with("neither $XDG_CACHE_HOME nor $HOME are defined"));
        assert!(fault(world.clone().var("GOCACHE", "x")).ends_with("GOCACHE is not an absolute path"));
        assert!(fault(world.var("GOCACHE", "off")).ends_with("but required as of Go 1.12"));
    }
}
