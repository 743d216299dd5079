//! The main package of a test program, as Go text.

use std::fmt::Write;

use super::cover::{CoverBlock, Mode};
use crate::scan::TestFunctions;

/// The files of the package under test that count what is run.
pub(super) struct Covered {
    pub mode: Mode,
    /// As profiles name each file, its counters, its blocks.
    pub files: Vec<(String, String, Vec<CoverBlock>)>,
}

/// The file that hands the package's tests to package testing.
///
/// `has_own`: there is a package of that path besides its `_test` package.
pub(super) fn main_text(
    path: &str,
    module: &str,
    has_own: bool,
    own: &[TestFunctions],
    external: &[TestFunctions],
    covered: Option<&Covered>,
) -> String {
    let sides = [("inner", own), ("outer", external)];
    let is_used = |functions: &[TestFunctions]| {
        functions.iter().any(|f| {
            f.has_main
                || !f.tests.is_empty()
                || !f.benchmarks.is_empty()
                || !f.fuzz_targets.is_empty()
                || !f.examples.is_empty()
        })
    };
    let main_of = sides.iter().find(|(_, functions)| functions.iter().any(|f| f.has_main));
    let mut out = String::from("package main\n\nimport (\n");
    if covered.is_some() {
        out += "\t\"fmt\"\n\t\"io\"\n";
    }
    out += "\t\"os\"\n";
    if main_of.is_some() {
        out += "\t\"reflect\"\n";
    }
    out += "\t\"testing\"\n\t\"testing/internal/testdeps\"\n\n";
    let counts = covered.is_some_and(|covered| !covered.files.is_empty());
    let mut import = |name: &str, path: &str, functions: &[TestFunctions]| {
        let is_used = is_used(functions) || name == "inner" && counts;
        let name = if is_used { name } else { "_" };
        let _ = writeln!(out, "\t{name} {}", quoted(path));
    };
    if has_own {
        import("inner", path, own);
    }
    if !external.is_empty() {
        import("outer", &format!("{path}_test"), external);
    }
    out += ")\n";
    let mut list = |name: &str, ty: &str, pick: &dyn Fn(&TestFunctions) -> &[String]| {
        let _ = writeln!(out, "\nvar {name} = []testing.{ty}{{");
        for (side, functions) in sides {
            for function in functions.iter().flat_map(pick) {
                let _ = writeln!(out, "\t{{{}, {side}.{function}}},", quoted(function));
            }
        }
        out += "}\n";
    };
    list("tests", "InternalTest", &|f| &f.tests);
    list("benchmarks", "InternalBenchmark", &|f| &f.benchmarks);
    list("fuzzTargets", "InternalFuzzTarget", &|f| &f.fuzz_targets);
    out += "\nvar examples = []testing.InternalExample{\n";
    for (side, functions) in sides {
        for example in functions.iter().flat_map(|f| &f.examples) {
            let (name, output) = (&example.name, quoted(&example.output));
            let _ = writeln!(out, "\t{{{}, {side}.{name}, {output}, {}}},", quoted(name), example.unordered);
        }
    }
    out += "}\n\nfunc init() {\n";
    let _ = writeln!(out, "\ttestdeps.ModulePath = {}", quoted(module));
    let _ = writeln!(out, "\ttestdeps.ImportPath = {}", quoted(path));
    if let Some(covered) = covered {
        let _ = writeln!(out, "\ttestdeps.Cover = true\n\ttestdeps.CoverMode = {:?}", covered.mode.name());
        out += "\ttestdeps.CoverSnapshotFunc = snapshot\n\ttestdeps.CoverProcessTestDirFunc = report\n";
        out += "\ttestdeps.CoverMarkProfileEmittedFunc = func(bool) {}\n";
    }
    out += "}\n";
    if let Some(covered) = covered {
        out += &coverage(covered);
    }
    out += "\nfunc main() {\n\tm := testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples)\n";
    match main_of {
        // A TestMain that returns leaves its exit code in a field that only reflection reaches.
        Some((side, _)) => {
            let _ = writeln!(out, "\t{side}.TestMain(m)");
            out += "\tos.Exit(int(reflect.ValueOf(m).Elem().FieldByName(\"exitCode\").Int()))\n}\n";
        }
        None => out += "\tos.Exit(m.Run())\n}\n",
    }
    out
}

/// The table of covered blocks and the functions that read it.
fn coverage(covered: &Covered) -> String {
    let mut out = String::from(
        "\nvar covered = []struct {\n\tfile string\n\tcounts []uint32\n\tblocks [][6]uint32\n}{\n",
    );
    for (file, counters, blocks) in &covered.files {
        let _ = write!(out, "\t{{{}, inner.{counters}[:], [][6]uint32{{", quoted(file));
        for (CoverBlock { start, end, n_stmts }, n) in in_order(blocks) {
            let _ = write!(out, "{{{}, {}, {}, {}, {n_stmts}, {n}}}, ", start.0, start.1, end.0, end.1);
        }
        out += "}},\n";
    }
    out += "}\n";
    out += READ_COUNTERS;
    out
}

/// The blocks with their counters in the order of the source: a literal's are counted after those around it.
fn in_order(blocks: &[CoverBlock]) -> Vec<(CoverBlock, usize)> {
    let mut out: Vec<(CoverBlock, usize)> = blocks.iter().enumerate().map(|(n, block)| (*block, n)).collect();
    out.sort();
    out
}

impl Covered {
    /// The profile of a package that nothing ran, without its first line.
    pub(super) fn nothing_reached(&self) -> String {
        let mut out = String::new();
        for (file, _, blocks) in &self.files {
            for (CoverBlock { start, end, n_stmts }, _) in in_order(blocks) {
                let _ = writeln!(out, "{file}:{}.{},{}.{} {n_stmts} 0", start.0, start.1, end.0, end.1);
            }
        }
        out
    }
}

const READ_COUNTERS: &str = "
func statements() (reached, all float64) {
	for _, c := range covered {
		for _, b := range c.blocks {
			all += float64(b[4])
			if c.counts[b[5]] > 0 {
				reached += float64(b[4])
			}
		}
	}
	return
}

func snapshot() float64 {
	reached, all := statements()
	if all == 0 {
		return 0
	}
	return reached / all
}

func report(dir, profile, mode, where string, w io.Writer, selected []string) error {
	if profile != \"\" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		fmt.Fprintf(f, \"mode: %s\\n\", mode)
		for _, c := range covered {
			for _, b := range c.blocks {
				fmt.Fprintf(f, \"%s:%d.%d,%d.%d %d %d\\n\", c.file, b[0], b[1], b[2], b[3], b[4], c.counts[b[5]])
			}
		}
	}
	reached, all := statements()
	if all == 0 {
		fmt.Fprintln(w, \"coverage: [no statements]\")
	} else {
		fmt.Fprintf(w, \"coverage: %.1f%% of statements%s\\n\", 100*reached/all, where)
	}
	return nil
}
";

/// As a Go string literal.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            c if c.is_control() || c == '\u{feff}' => _ = write!(out, "\\U{:08x}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::test_functions;

    #[test]
    fn names_are_imported_where_they_are_used() {
        let own = [test_functions(b"package p\nfunc helper() {}")];
        let external = [test_functions(
            b"package p_test\nfunc TestMain(m *testing.M) {}\nfunc Example() {\n// Output: \"a\\\n}",
        )];
        let text = main_text("x/p", "x", true, &own, &external, None);
        assert!(text.contains("\t_ \"x/p\"\n\touter \"x/p_test\"\n"), "{text}");
        assert!(text.contains("\t{\"Example\", outer.Example, \"\\\"a\\\\\\n\", false},"), "{text}");
        assert!(text.contains("\touter.TestMain(m)\n"), "{text}");
    }
}
