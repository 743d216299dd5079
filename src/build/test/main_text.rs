//! The main package of a test program, as Go text.

use std::fmt::Write;

use crate::scan::TestFunctions;

/// The file that hands the package's tests to package testing.
///
/// `has_own`: there is a package of that path besides its `_test` package.
pub(super) fn main_text(
    path: &str,
    module: &str,
    has_own: bool,
    own: &[TestFunctions],
    external: &[TestFunctions],
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
    let mut out = String::from("package main\n\nimport (\n\t\"os\"\n");
    if main_of.is_some() {
        out += "\t\"reflect\"\n";
    }
    out += "\t\"testing\"\n\t\"testing/internal/testdeps\"\n\n";
    let mut import = |name: &str, path: &str, functions: &[TestFunctions]| {
        let name = if is_used(functions) { name } else { "_" };
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
    let _ = writeln!(out, "\ttestdeps.ImportPath = {}\n}}", quoted(path));
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
        let text = main_text("x/p", "x", true, &own, &external);
        assert!(text.contains("\t_ \"x/p\"\n\touter \"x/p_test\"\n"), "{text}");
        assert!(text.contains("\t{\"Example\", outer.Example, \"\\\"a\\\\\\n\", false},"), "{text}");
        assert!(text.contains("\touter.TestMain(m)\n"), "{text}");
    }
}
