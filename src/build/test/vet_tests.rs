//! What vetting finds in packages given as text.

use crate::base::{FileId, Sources};
use crate::check::{CheckUnit, GoVersion, Options, check};
use crate::vet::vet;

/// Findings as `line: text`, of a package that imports nothing but itself.
fn findings(text: &str) -> Vec<String> {
    let parsed = crate::syntax::parse(FileId(0), "a_test.go", text.as_bytes());
    let mut sources = Sources::default();
    sources.add(parsed.source);
    let target = crate::target::Target::new("linux", "amd64").unwrap();
    let checked = check(CheckUnit {
        path: "fmt",
        files: vec![parsed.file],
        sources,
        importer: &|path| Err(format!("{path} is not there")),
        go_version: GoVersion::parse("go1.27"),
        sizes: target.sizes(),
        options: Options { allows_missing_bodies: true, ..Options::default() },
    });
    assert!(!checked.diags.has_errors(), "{:?}", checked.diags);
    vet(&checked, &|_| true).iter().map(|f| format!("{} {}", checked.sources.show(f.pos), f.text)).collect()
}

#[test]
fn formats_and_their_arguments() {
    let found = findings(
        "package fmt\nfunc Printf(format string, args ...any)\nfunc Println(args ...any)\n\
         type E struct{ n int }\nfunc (E) String() string { return \"\" }\n\
         func wrap(s string, args ...any) { Printf(s, args...) }\n\
         func f(n int, s string, e E) {\n\
         Printf(\"%d %s\", n, s)\nPrintf(\"a%s\\n%d\", n, s)\nPrintf(\"%d\")\nPrintf(\"%d\", n, n)\n\
         Printf(\"%z\", n)\nPrintf(\"x\", n)\nPrintf(s)\nPrintf(\"%s %d\", e, e)\nPrintf(\"%.*f\", s, 1.0)\n\
         Println(\"%d\", n)\nPrintln(\"a\\n\")\nPrintln(f)\nwrap(\"%d\", s)\nPrintf(\"%[3]d\", n)\nPrintf(\"%\", n)\n}\n",
    );
    let expected = [
        "a_test.go:9:10 fmt.Printf format %s has arg n of wrong type int",
        "a_test.go:10:9 fmt.Printf format %d reads arg #1, but call has 0 args",
        "a_test.go:11:1 fmt.Printf call needs 1 arg but has 2 args",
        "a_test.go:12:9 fmt.Printf format %z has unknown verb z",
        "a_test.go:13:13 fmt.Printf call has arguments but no formatting directives",
        "a_test.go:14:8 non-constant format string in call to fmt.Printf",
        "a_test.go:16:9 fmt.Printf format %.*f uses non-int s as argument of *",
        "a_test.go:17:1 fmt.Println call has possible Printf formatting directive %d",
        "a_test.go:18:1 fmt.Println arg list ends with redundant newline",
        "a_test.go:19:1 fmt.Println arg f is a func value, not called",
        "a_test.go:20:7 fmt.wrap format %d has arg s of wrong type string",
        "a_test.go:21:9 fmt.Printf format %[3]d reads arg #3, but call has 1 arg",
        "a_test.go:22:8 fmt.Printf format % is missing verb at end of string",
    ];
    assert_eq!(found, expected);
}

#[test]
fn tests_and_examples_by_name() {
    let found = findings(
        "package fmt\nfunc Thing() {}\ntype T int\nfunc (T) Method() {}\n\
         func Testlower(t *T) {}\nfunc Example() {}\nfunc ExampleThing() {}\nfunc ExampleThing_suffix() {}\n\
         func ExampleT_Method() {}\nfunc ExampleT_Nothing() {}\nfunc ExampleNothing() {}\nfunc ExampleThing_Bad() {}\n",
    );
    let expected = [
        "a_test.go:5:6 Testlower has malformed name: first letter after 'Test' must not be lowercase",
        "a_test.go:10:1 ExampleT_Nothing refers to unknown field or method: T.Nothing",
        "a_test.go:11:1 ExampleNothing refers to unknown identifier: Nothing",
        "a_test.go:12:1 ExampleThing_Bad refers to unknown field or method: Thing.Bad",
    ];
    assert_eq!(found, expected);
}

#[test]
fn integers_as_strings_and_functions_as_nil() {
    let found = findings(
        "package fmt\nfunc f(n int, b byte) (string, string, bool) {\nreturn string(n), string(b), f == nil\n}\n",
    );
    let expected = [
        "a_test.go:3:30 comparison of function f == nil is always false",
        "a_test.go:3:8 conversion from int to string yields a string of one rune, not a string of digits",
    ];
    assert_eq!(found, expected);
}
