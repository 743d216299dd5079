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
        format!("package p\nvar x = 1{}", " + 1".repeat(200_000)),
        format!("package p\nvar x = f{}", "()".repeat(200_000)),
    ] {
        crate::base::par::on_big_stack(|| {
            let parsed = parse(FileId(0), "p.go", text.as_bytes());
            let texts: Vec<_> = parsed.diags.list.iter().map(|d| &d.text).take(3).collect();
            assert!(texts.iter().any(|t| t.contains("nesting depth")), "{texts:?}");
        });
    }
}
