//! The package clause and the import declarations.

use crate::syntax::{FactError, FileFacts, Import, unquote};

use super::lexer::{Kind, Lexer, Token};

/// Fills in all but constraints and embeds; stops at the first mistake or behind the last import.
pub(super) fn read(text: &[u8], facts: &mut FileFacts) {
    let mut reader =
        Reader { lexer: Lexer::new(text), imports: Vec::new(), package: String::new(), n_comments: 0 };
    let _ = reader.file();
    let Reader { mut lexer, imports, package, n_comments } = reader;
    // Comments below the clause say nothing that is asked for here.
    lexer.comments.truncate(n_comments);
    facts.package = package;
    // go reads no imports out of a file with a mistake in this part.
    facts.imports = if lexer.error.is_none() { imports } else { Vec::new() };
    facts.debug = debug_lines(&mut lexer);
    facts.error = lexer.error;
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    imports: Vec<Import>,
    package: String,
    /// Comments before the package clause.
    n_comments: usize,
}

/// The mistake is in the lexer already.
struct Stop;

impl<'a> Reader<'a> {
    fn file(&mut self) -> Result<(), Stop> {
        let token = self.next()?;
        if !token.is("package") {
            return self.expected("'package'", token);
        }
        self.n_comments = self.lexer.comments.len();
        let name = self.next()?;
        if name.kind != Kind::Ident {
            return self.expected("'IDENT'", name);
        }
        let token = self.next()?;
        if token.kind != Kind::Semi && token.kind != Kind::End {
            return self.expected("';'", token);
        }
        self.package = String::from_utf8_lossy(name.text).into_owned();
        loop {
            let token = self.lexer.next();
            if token.kind == Kind::Semi {
                continue;
            }
            if !token.is("import") {
                return match &self.lexer.error {
                    Some(_) if token.kind == Kind::Bad => Err(Stop),
                    _ => Ok(()),
                };
            }
            self.import_decl()?;
        }
    }

    fn import_decl(&mut self) -> Result<(), Stop> {
        let mut token = self.next()?;
        if !token.is("(") {
            return self.import_spec(token);
        }
        loop {
            token = self.next()?;
            if token.is(")") {
                return Ok(());
            }
            if token.kind == Kind::End {
                return self.expected("')'", token);
            }
            self.import_spec(token)?;
            let before = self.lexer.at;
            let token = self.next()?;
            if token.is(")") {
                return Ok(());
            }
            if token.kind != Kind::Semi {
                self.lexer.at = before;
                return self.expected("';'", token);
            }
        }
    }

    fn import_spec(&mut self, first: Token<'a>) -> Result<(), Stop> {
        let mut local = None;
        let mut token = first;
        if token.kind == Kind::Ident || token.is(".") {
            local = Some(String::from_utf8_lossy(token.text).into_owned());
            token = self.next()?;
        }
        match token.kind {
            Kind::String => {}
            Kind::Literal => {
                self.lexer.fail(token.at, "import path must be a string");
                return Err(Stop);
            }
            _ => {
                self.lexer.fail(token.at, "missing import path");
                return Err(Stop);
            }
        }
        // go takes the place of the whole line: that of the name, if there is one.
        let at = self.lexer.place(first.at);
        let quoted = String::from_utf8_lossy(token.text);
        let path = unquote(&quoted).and_then(|bytes| String::from_utf8(bytes).ok());
        match path {
            Some(path) if is_valid_import(&path) => {
                self.imports.push(Import { path, local, at });
                Ok(())
            }
            path => {
                let text = format!("invalid import path: {}", path.unwrap_or_default());
                self.lexer.error.get_or_insert(FactError::Import { at, text });
                Err(Stop)
            }
        }
    }

    fn next(&mut self) -> Result<Token<'a>, Stop> {
        let token = self.lexer.next();
        if self.lexer.error.is_some() { Err(Stop) } else { Ok(token) }
    }

    fn expected(&mut self, what: &str, token: Token<'a>) -> Result<(), Stop> {
        self.lexer.fail(token.at, format!("expected {what}, found {}", token.found()));
        Err(Stop)
    }
}

/// spec: "a compiler may restrict ImportPaths to non-empty strings using only characters belonging to Unicode's L, M, N, P,
/// and S general categories […] and may also exclude the characters !"#$%&'()*,:;<=>?[\]^`{|} and the Unicode replacement
/// character U+FFFD."
fn is_valid_import(path: &str) -> bool {
    let fits =
        |c: char| !c.is_whitespace() && !c.is_control() && !"!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}".contains(c);
    !path.is_empty() && path.chars().all(fits)
}

fn debug_lines(lexer: &mut Lexer<'_>) -> Vec<(String, crate::syntax::Place)> {
    let comments = std::mem::take(&mut lexer.comments);
    let lines = comments.into_iter().filter(|(_, text)| text.starts_with(b"//go:debug"));
    lines
        .map(|(at, text)| (String::from_utf8_lossy(&text[2..]).trim_end().to_owned(), lexer.place(at)))
        .collect()
}
