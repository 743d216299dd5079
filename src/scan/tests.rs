//! What files say, and how broken ones are told off: the words are those of the reference.

use super::scan;
use crate::syntax::FactError;

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let shown = match scan(text.as_bytes()).error {
        Some(FactError::Syntax { at, text } | FactError::Import { at, text }) => {
            format!("{}:{}: {text}", at.line, at.column)
        }
        Some(FactError::Read { text }) => format!("read: {text}"),
        None => "none".to_owned(),
    };
    assert_eq!(shown, expected, "{text:?}");
}

#[test]
fn imports_in_all_forms() {
    let facts = scan(b"// Doc.\n\npackage p // x\n\nimport \"fmt\"\nimport (\n\tm \"math\"; . \"os\"\n\t_ `embed`\n)\n\nvar x = 1\n");
    assert_eq!(facts.error, None);
    assert_eq!(facts.package, "p");
    let seen: Vec<_> = facts
        .imports
        .iter()
        .map(|i| format!("{}:{} {} {:?}", i.at.line, i.at.column, i.path, i.local.as_deref()))
        .collect();
    assert_eq!(
        seen,
        ["5:8 fmt None", "7:2 math Some(\"m\")", "7:12 os Some(\".\")", "8:2 embed Some(\"_\")"]
    );
}

#[test]
fn mistakes_have_the_words_of_go() {
    check_error("", "1:1: expected 'package', found 'EOF'");
    check_error("package", "1:8: expected 'IDENT', found 'EOF'");
    check_error("package 5", "1:9: expected 'IDENT', found 5");
    check_error("package main\nimport fmt", "2:11: missing import path");
    check_error("package main\nimport \"fmt", "2:8: string literal not terminated");
    check_error("package main\nimport \"a b\"", "2:8: invalid import path: a b");
    check_error("package main\n\0import \"fmt\"\n", "read: unexpected NUL in input");
    check_error("foo bar", "1:1: expected 'package', found foo");
    check_error("package main\nimport (\"fmt\" \"os\")\n", "2:15: expected ';', found \"os\"");
    check_error("/* abc", "1:1: comment not terminated");
    check_error("package main\nfunc ) broken", "none");
    check_error("\u{feff}package main\n", "none");
}

#[test]
fn embeds_are_found_outside_strings() {
    let text = "package p\nimport _ \"embed\"\nvar s = `\n//go:embed no\n`\n//go:embed a.txt \"b c\" `d`\nvar t string\n";
    let facts = scan(text.as_bytes());
    let seen: Vec<_> =
        facts.embeds.iter().map(|e| format!("{}:{} {}", e.at.line, e.at.column, e.pattern)).collect();
    assert_eq!(seen, ["6:12 a.txt", "6:18 b c", "6:24 d"]);
}

#[test]
fn debug_lines_stand_before_the_clause() {
    let facts = scan(b"//go:debug a=1\npackage p\n//go:debug b=2\n");
    assert_eq!(facts.debug.len(), 1);
    assert_eq!(facts.debug[0].0, "go:debug a=1");
}

#[test]
fn any_bytes_are_taken() {
    arbtest::arbtest(|u| {
        let text: Vec<u8> = u.arbitrary()?;
        scan(&text);
        Ok(())
    });
}
