//! What parses, what does not, and in which words.

use super::{parse, print};
use crate::base::FileId;

#[track_caller]
fn check_errors(text: &str, expected: &[&str]) {
    let parsed = parse(FileId(0), "p.go", text.as_bytes());
    let sources = crate::base::Sources { files: vec![parsed.source] };
    let found: Vec<String> =
        parsed.diags.list.iter().map(|d| format!("{}: {}", sources.show(d.pos), d.text)).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_expr(text: &str, printed: &str) {
    let (expr, diags) = super::parse_expr(text.as_bytes());
    assert!(!diags.has_errors(), "{:?}", diags.list);
    assert_eq!(print::expr(&expr), printed);
}

#[test]
fn expressions_print_as_written() {
    check_expr("a+b * -c", "a + b * -c");
    check_expr("f(x, g[int,  string](y)...)", "f(x, g[int, string](y)...)");
    check_expr("<-chan int(x)", "<-chan int(x)");
    check_expr(
        "func(a, b int, c ...string) (r map[string][]T) { return }",
        "func(a, b int, c ...string) (r map[string][]T) {…}",
    );
    check_expr("[...]struct{ A int; *B }{}", "[...]struct{A int; *B}{}");
    check_expr("x.(T).y[1:2:3]", "x.(T).y[1:2:3]");
}

#[test]
fn missing_brace_on_the_line() {
    check_errors(
        "package p\nfunc f()\n{\n}\n",
        &["p.go:3:1: syntax error: unexpected semicolon or newline before {"],
    );
}

#[test]
fn unexpected_name_in_a_statement() {
    check_errors(
        "package p\nfunc f() {\n\tx y\n}\n",
        &["p.go:3:4: syntax error: unexpected name y at end of statement"],
    );
}

#[test]
fn bad_type_declaration() {
    check_errors("package p\ntype {\n", &["p.go:2:6: syntax error: unexpected {, expected name"]);
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    for text in [
        format!("package p\nvar x = {}1{}", "(".repeat(200_000), ")".repeat(200_000)),
        format!("package p\ntype T {}int", "[]".repeat(200_000)),
        format!("package p\nfunc f() {}", "{".repeat(200_000)),
        format!("package p\nvar x = {}1", "- ".repeat(200_000)),
        format!("package p\nvar x = {}", "f(".repeat(200_000)),
    ] {
        crate::base::par::on_big_stack(|| {
            let parsed = parse(FileId(0), "p.go", text.as_bytes());
            let texts: Vec<_> = parsed.diags.list.iter().map(|d| &d.text).take(3).collect();
            assert!(texts.iter().any(|t| t.contains("nesting depth")), "{texts:?}");
        });
    }
}

/// Every file of the Go tree named by `THERMOS_TEST_GOROOT` parses without an error.
#[test]
fn the_standard_library_parses() {
    let Ok(root) = std::env::var("THERMOS_TEST_GOROOT") else { return };
    let (mut files, mut bytes, mut bad) = (0, 0, Vec::new());
    let mut dirs = vec![std::path::PathBuf::from(root).join("src")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory of the Go tree") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|n| n != "testdata") {
                    dirs.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "go") {
                let text = std::fs::read(&path).expect("a Go file");
                let parsed = parse(FileId(0), &path.display().to_string(), &text);
                files += 1;
                bytes += text.len();
                if let Some(d) = parsed.diags.list.first() {
                    let sources = crate::base::Sources { files: vec![parsed.source] };
                    bad.push(format!("{}: {}", sources.show(d.pos), d.text));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{} of {files} files ({bytes} bytes):\n{}", bad.len(), bad.join("\n"));
}
