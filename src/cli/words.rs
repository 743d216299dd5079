//! The texts of `help`, in our own words.

use super::Command;

/// Commands of `go` that we do not serve.
pub(super) const NOT_YET: &[(&str, &str)] = &[
    ("bug", "start a bug report"),
    ("doc", "show documentation for package or symbol"),
    ("fix", "apply fixes suggested by static checkers"),
    ("fmt", "gofmt (reformat) package sources"),
    ("generate", "generate Go files by processing source"),
    ("get", "add dependencies to current module and install them"),
    ("mod", "module maintenance"),
    ("telemetry", "manage telemetry data and settings"),
    ("tool", "run specified go tool"),
    ("vet", "report likely mistakes in packages"),
    ("work", "workspace maintenance"),
];

/// The first page.
pub(super) fn overview(commands: &[Command]) -> String {
    let rows: String = commands.iter().map(|c| format!("\t{:<11} {}\n", c.name, c.short)).collect();
    let topics: String = TOPICS.iter().map(|(name, short, _)| format!("\t{name:<15} {short}\n")).collect();
    format!(
        "Go is a tool for managing Go source code.\n\nUsage:\n\n\tgo <command> [arguments]\n\nThe commands are:\n\n{rows}\n\
         Use \"go help <command>\" for more information about a command.\n\nAdditional help topics:\n\n{topics}\n\
         Use \"go help <topic>\" for more information about that topic.\n"
    )
}

/// The page of one command or topic.
pub(super) fn topic(name: &str, commands: &[Command]) -> Option<String> {
    if let Some(command) = commands.iter().find(|c| c.name == name) {
        let text = COMMAND_TEXTS.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| text);
        return Some(format!("usage: go {name} {}\n\n{text}", command.usage));
    }
    TOPICS.iter().find(|(n, ..)| *n == name).map(|(.., text)| (*text).to_owned())
}

const COMMAND_TEXTS: &[(&str, &str)] = &[
    ("build", BUILD_TEXT),
    ("cache", CACHE_TEXT),
    (
        "clean",
        "Clean removes executables and other left-overs of builds from the directories of\nthe named packages.\n\n\
         \t-cache     removes everything this toolchain keeps in $GOCACHE, and nothing else\n\
         \t-modcache  removes the downloaded modules\n\
         \t-n         prints what would be removed, and removes nothing\n\
         \t-x         prints what is removed\n",
    ),
    (
        "env",
        "Env prints the settings in force: all of them as KEY='value' lines, or the values\nof the named ones, one a line.\n\n\
         \t-json     prints a JSON object\n\
         \t-changed  prints only what differs from the default\n\
         \t-w        takes KEY=VALUE arguments and makes them defaults\n\
         \t-u        takes KEY arguments and forgets what -w set\n",
    ),
    (
        "goroot",
        "Goroot finds the source of the standard library, which is compiled like any other\ncode: in $GOROOT, beside a go \
         on the PATH, in the usual places, in our own data\ndirectory.\n\n\
         \tpath     prints where it is (as does no argument)\n\
         \tinstall  fetches it with pip and checks its digest\n\
         \tverify   reads all of it and compares its digest\n",
    ),
    (
        "install",
        "Install builds the named packages and puts the executables of commands into\n$GOBIN, else $GOPATH/bin, else \
         $HOME/go/bin. Libraries are only checked.\n\nThe build flags are those of 'go help build'.\n",
    ),
    (
        "list",
        "List prints the import path of each named package, one a line.\n\n\
         \t-f format  prints each package through a template: {{.Dir}}, {{.Name}}, {{join .Imports \",\"}} ...\n\
         \t-json      prints each package as a JSON object\n\
         \t-deps      lists dependencies as well, each after its own\n\
         \t-e         lists packages with faults too\n\
         \t-m         lists modules\n",
    ),
    (
        "run",
        "Run builds the named command (a package, or a list of .go files) for this machine\nand runs it with the arguments \
         that follow. Nothing stays behind but what the cache\nkeeps. Signals reach the program; run ends when it ends: with \
         0 if it ended with 0,\nelse with 1 after a line that says how it ended.\n\n\
         \t-exec prog  runs 'prog program arguments...' instead\n\n\
         GOOS and GOARCH in the environment are passed over with a note, unless a program\ngo_$GOOS_$GOARCH_exec is on the \
         PATH.\n",
    ),
    (
        "test",
        "Test builds a test program for each named package from its _test.go files, runs it in\nthe package's directory, and \
         prints a line per package. Without packages it tests the\nworking directory and shows all output.\n\n\
         \t-c         only builds; -o names the executable or the directory\n\
         \t-exec prog runs 'prog program arguments...' instead\n\
         \t-json      prints events\n\
         \t-vet list  the checks that run before: off, or of nilfunc, printf, stringintconv, tests\n\
         \t-cover     counts statements (-covermode set or count); -coverprofile writes them to a file\n\
         \t-run, -skip, -bench, -count, -short, -v, -timeout, -failfast, -shuffle, -list, -cpu,\n\
         \t-parallel and others are for the test program, as are words behind -args\n\n\
         A pass is kept and shown again as (cached) while the program, its arguments and the\ncontent of the files and \
         variables it looked at are the same; -count=1 runs it anyway.\n",
    ),
    (
        "version",
        "Version prints the version of Go this toolchain stands for, or that of the named\nexecutables.\n\n\
         \t-m     prints what the executable tells about its modules and its build\n\
         \t-v     names files that are no Go executables\n\
         \t-json  prints JSON\n",
    ),
    (
        "why",
        "Why explains the last build: every stage that ran, with the inputs that differ from\nthe time before, old and new. \
         Arguments choose what to show: a stage, an import\npath, a file or a function.\n\n\
         \t-json   prints JSON\n\
         \t-run n  explains an earlier build: 'go cache runs' numbers them\n",
    ),
];

const CACHE_TEXT: &str = "\
Results are kept in the directory thermos below $GOCACHE, beside those of other tools.
Keys are digests of contents, flags and of this program itself: no result is ever stale,
directories and times of files do not matter, and several builds may use the cache at
once. Damaged entries are found by their digest, reported and made again. A cache that
cannot be written slows builds down and does not stop them.

	path      prints the cache's directory
	stats     counts results and bytes by stage (as does no argument)
	ls        lists the results of all stages, or of one: key, stage, size, last use, output
	show      prints the result whose key begins so, with its inputs where a build on record made it
	verify    reads every object and compares its digest
	runs      lists the last builds that ran something
	diff      compares two of them: 'go cache diff 2 1'

'go clean -cache' empties it; 'go why' says why something was not found there.
";

const BUILD_TEXT: &str = "\
Build compiles the named packages and everything they import. For a single command it
writes an executable, named after the last element of the import path or, for a list of
.go files, after the first of them. Otherwise it only checks that everything compiles.
Every step is kept in the cache under the digest of its inputs and never done twice.

	-o file      writes the executable there; a directory gets one file per command
	-C dir       changes to dir first (must be the first flag)
	-a           runs every step again
	-n           prints what would be done
	-p n         works on n things at once (default: one per processor)
	-v           names packages as they are compiled, and sums up
	-x           prints a line per step that runs
	-work        prints the name of the temporary directory and keeps it
	-tags list   further build tags, separated by commas
	-ldflags s   for the linker: -s -w drop symbols and debug information,
	             -X importpath.name=value sets a string variable
	-trimpath    leaves directories out of the executable
	-buildvcs    stamps the executable with the state of git: auto, true or false
	-overlay f   takes files from elsewhere: {\"Replace\": {\"a.go\": \"other.go\"}}
	-json        prints what is wrong as JSON
	-mod mode    readonly, vendor or mod
	-emit forms  prints functions as ast, types, ir, ir-opt, clif or asm
	-timings     writes a page that shows where the time went
";

const TOPICS: &[(&str, &str, &str)] = &[
    (
        "buildconstraint",
        "build constraints",
        "A line //go:build EXPR before the package clause says when a file belongs to the\nbuild. EXPR combines tags with \
         ||, &&, ! and parentheses. Satisfied are the target's\nGOOS and GOARCH, unix where it applies, gc, go1.1 up to \
         go1.27, and what -tags adds.\nFile names ending in _GOOS, _GOARCH or _GOOS_GOARCH carry the same condition.\n",
    ),
    (
        "environment",
        "environment variables",
        "'go env' prints all settings. Those that change what is built: GOOS, GOARCH, GOFLAGS,\nGOROOT, GOPATH, \
         GOMODCACHE, GO111MODULE, GOWORK. Those that say where things go:\nGOCACHE, GOBIN, GOTMPDIR.\n",
    ),
    (
        "packages",
        "package lists and patterns",
        "Packages are named by import path, by directory (a name beginning with . or /), by\npattern (... stands for \
         anything), or by a list of .go files in one directory. all, std\nand cmd name the main module with what it needs, \
         the standard library and its commands.\n",
    ),
];
