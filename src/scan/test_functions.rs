//! The tests, benchmarks, fuzz targets and examples that one test file declares.

use serde::{Deserialize, Serialize};

use crate::base::FileId;
use crate::syntax::parse;
use crate::syntax::{Place, ast};

/// What a test program calls of one file, in source order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TestFunctions {
    pub tests: Vec<String>,
    pub benchmarks: Vec<String>,
    pub fuzz_targets: Vec<String>,
    pub examples: Vec<Example>,
    /// It declares `TestMain(m *testing.M)`.
    pub has_main: bool,
    /// A function with a test's name that cannot be one, in go's words.
    pub fault: Option<(Place, String)>,
}

/// An example that is run, because it says what it prints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Example {
    pub name: String,
    pub output: String,
    pub unordered: bool,
}

/// Reads a test file. Total: what cannot be parsed declares nothing.
pub fn test_functions(text: &[u8]) -> TestFunctions {
    let parsed = parse(FileId(0), "", text);
    let mut out = TestFunctions::default();
    for decl in &parsed.file.decls {
        let ast::Decl::Func(func) = decl else { continue };
        if func.recv.is_some() || out.fault.is_some() {
            continue;
        }
        if let Err(words) = note(func, text, &mut out) {
            let (line, column) = parsed.source.line_column(func.pos.offset);
            out.fault = Some((Place { line, column }, words));
        }
    }
    out
}

fn note(func: &ast::FuncDecl, text: &[u8], out: &mut TestFunctions) -> Result<(), String> {
    let name = func.name.name.to_string();
    if name == "TestMain" {
        if takes(func, "T") {
            out.tests.push(name);
            return Ok(());
        }
        check(func, "M")?;
        if std::mem::replace(&mut out.has_main, true) {
            return Err("multiple definitions of TestMain".to_owned());
        }
    } else if is_test(&name, "Test") {
        check(func, "T")?;
        out.tests.push(name);
    } else if is_test(&name, "Benchmark") {
        check(func, "B")?;
        out.benchmarks.push(name);
    } else if is_test(&name, "Fuzz") {
        check(func, "F")?;
        out.fuzz_targets.push(name);
    } else if is_test(&name, "Example")
        && func.sig.params.is_empty()
        && let Some(body) = &func.body
    {
        let body = &text
            [body.lbrace.offset as usize..(body.rbrace.offset as usize).max(body.lbrace.offset as usize)];
        if let Some((output, unordered)) = last_comment(body).as_deref().and_then(expected_output) {
            out.examples.push(Example { name, output, unordered });
        }
    }
    Ok(())
}

/// `TestX`, `Test_x` and `Test`, but not `Testament`.
fn is_test(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| !rest.chars().next().is_some_and(char::is_lowercase))
}

/// Whether the one parameter is a `*testing.T`, or of `*T` where testing is imported by dot.
fn takes(func: &ast::FuncDecl, ty: &str) -> bool {
    let [param] = &func.sig.params[..] else { return false };
    let ast::ExprKind::Star(of) = &param.ty.kind else { return false };
    let is_ty = match &of.kind {
        ast::ExprKind::Name(name) => **name == *ty,
        ast::ExprKind::Selector(_, sel) => *sel.name == *ty,
        _ => false,
    };
    is_ty && func.sig.results.is_empty()
}

fn check(func: &ast::FuncDecl, ty: &str) -> Result<(), String> {
    let name = &func.name.name;
    if !takes(func, ty) {
        let param = ty.to_lowercase();
        return Err(format!("wrong signature for {name}, must be: func {name}({param} *testing.{ty})"));
    }
    if !func.tparams.is_empty() {
        return Err(format!("wrong signature for {name}, test functions cannot have type parameters"));
    }
    Ok(())
}

/// The text of the last group of comments in a function's body.
fn last_comment(body: &[u8]) -> Option<String> {
    let mut group: Vec<&[u8]> = Vec::new();
    // Line breaks since the last comment, and whether code was met since.
    let (mut breaks, mut code) = (0, true);
    let mut at = 0;
    let find = |from: usize, what: &[u8]| {
        memchr::memmem::find(&body[from.min(body.len())..], what).map(|n| from + n)
    };
    while let Some(&byte) = body.get(at) {
        let rest = &body[at..];
        if rest.starts_with(b"//") || rest.starts_with(b"/*") {
            let block = rest[1] == b'*';
            // The line break behind a line comment is part of neither.
            let end = if block { find(at + 2, b"*/").map(|n| n + 2) } else { find(at, b"\n") };
            let end = end.unwrap_or(body.len());
            if code || breaks > 1 {
                group.clear();
            }
            group.push(&body[at..end]);
            (breaks, code, at) = (0, false, end);
            continue;
        }
        match byte {
            b'\n' => breaks += 1,
            b' ' | b'\t' | b'\r' => {}
            _ => code = true,
        }
        at = match byte {
            b'`' => find(at + 1, b"`").map_or(body.len(), |n| n + 1),
            b'"' | b'\'' => end_of_literal(body, at),
            _ => at + 1,
        };
    }
    if group.is_empty() { None } else { Some(comment_text(&group)) }
}

fn end_of_literal(body: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = body.get(at) {
        at += if byte == b'\\' { 2 } else { 1 };
        if byte == body[start] {
            break;
        }
    }
    at
}

/// Without markers and directives; blank lines are one between others and none at the ends.
fn comment_text(group: &[&[u8]]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for comment in group {
        let comment = String::from_utf8_lossy(comment).replace('\r', "");
        let text = match comment.strip_prefix("//") {
            Some(line) if is_directive(line) => continue,
            Some(line) => line.strip_prefix(' ').unwrap_or(line).to_owned(),
            None => comment[2..].strip_suffix("*/").unwrap_or(&comment[2..]).to_owned(),
        };
        lines.extend(text.split('\n').map(|line| line.trim_end_matches([' ', '\t']).to_owned()));
    }
    let mut out = String::new();
    for line in &lines {
        if !line.is_empty() {
            out += line;
            out.push('\n');
        } else if !out.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
    }
    if out.ends_with("\n\n") {
        out.pop();
    }
    out
}

/// `go:noinline`, `line x.go:1`: comments for tools.
fn is_directive(text: &str) -> bool {
    if ["line ", "extern ", "export "].iter().any(|word| text.starts_with(word)) {
        return true;
    }
    let is_word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    match text.find(':') {
        Some(colon) if colon > 0 => {
            let next = text.as_bytes().get(colon + 1).copied();
            text[..colon].bytes().all(is_word) && next.is_some_and(is_word)
        }
        _ => false,
    }
}

/// What stands behind `Output:` or `Unordered output:` at the beginning.
fn expected_output(comment: &str) -> Option<(String, bool)> {
    let strip = |text: &'_ str, word: &str| -> Option<usize> {
        let head = text.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then_some(word.len())
    };
    let text = comment.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
    let (text, unordered) = match strip(text, "unordered ") {
        Some(n) => (&text[n..], true),
        None => (text, false),
    };
    let rest = text[strip(text, "output:")?..].trim_start_matches(' ');
    Some((rest.strip_prefix('\n').unwrap_or(rest).to_owned(), unordered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_by_name_and_signature() {
        let found = test_functions(
            b"package p\nfunc TestA(t *testing.T) {}\nfunc Testify(int) {}\nfunc (x T) TestM() {}\n\
              func BenchmarkB(*B) {}\nfunc FuzzF(f *testing.F) {}\nfunc TestMain(m *testing.M) {}\n",
        );
        assert_eq!(
            (found.tests, found.benchmarks),
            (vec!["TestA".to_owned()], vec!["BenchmarkB".to_owned()])
        );
        assert_eq!((found.fuzz_targets, found.has_main), (vec!["FuzzF".to_owned()], true));
        let fault = |text: &[u8]| test_functions(text).fault.unwrap();
        assert_eq!(
            fault(b"package p\n\nfunc TestB(t *testing.B) {}\n"),
            (
                Place { line: 3, column: 1 },
                "wrong signature for TestB, must be: func TestB(t *testing.T)".to_owned()
            )
        );
        assert_eq!(
            fault(b"package p\nfunc BenchmarkG[T any](b *testing.B) {}").1,
            "wrong signature for BenchmarkG, test functions cannot have type parameters"
        );
    }

    #[test]
    fn examples_say_what_they_print() {
        let examples = |body: &str| {
            let text = format!("package p\nfunc Example() {{\n{body}\n}}\n");
            test_functions(text.as_bytes()).examples.pop().map(|e| (e.output, e.unordered))
        };
        let some = |text: &str, unordered| Some((text.to_owned(), unordered));
        assert_eq!(examples("f()\n// Output: 3"), some("3\n", false));
        assert_eq!(examples("f()\n// output:\n//\n//  a\n//b  \n\n"), some("\n a\nb\n", false));
        assert_eq!(examples("f()\n/* Unordered Output:\n x\n*/"), some(" x\n", true));
        assert_eq!(examples("f()\n// Output:"), some("", false));
        // Only the last group counts, and a literal is no comment.
        assert_eq!(examples("f()\n// Output: 3\n\n// more"), None);
        assert_eq!(examples("f(\"// Output: 3\", '\"', `\n// Output: 4`)"), None);
        assert_eq!(examples("// Output: 3\nf()"), some("3\n", false));
    }
}
