//! The part of Go's text/template that `list -f` is used with.
//!
//! Fields (`.A.B`, `$`), literals, parentheses, pipes; `if`, `else`, `else if`, `range`, `with`, `end`;
//! `and or not eq ne len index join printf print context`; trimming with `{{-` and `-}}`.

use serde_json::Value;

/// A parsed template.
#[derive(Debug)]
pub(super) struct Template {
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Print(Vec<Vec<Term>>),
    If(Vec<Vec<Term>>, Vec<Node>, Vec<Node>),
    Range(Vec<Vec<Term>>, Vec<Node>, Vec<Node>),
    With(Vec<Vec<Term>>, Vec<Node>, Vec<Node>),
}

#[derive(Debug, Clone)]
enum Term {
    Field(Vec<String>),
    Root(Vec<String>),
    Literal(Value),
    Function(String),
    Group(Vec<Vec<Term>>),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Template, String> {
        let mut parser = Parser { rest: text, trim_next: false };
        let (nodes, end) = parser.nodes(0)?;
        match end {
            End::Text => Ok(Template { nodes }),
            _ => Err("unexpected {{end}}".to_owned()),
        }
    }

    pub(super) fn run(&self, data: &Value) -> Result<String, String> {
        let mut out = String::new();
        run(&self.nodes, data, data, &mut out)?;
        Ok(out)
    }
}

enum End {
    Text,
    End,
    Else(Option<Vec<Vec<Term>>>),
}

struct Parser<'a> {
    rest: &'a str,
    trim_next: bool,
}

impl Parser<'_> {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, End), String> {
        if depth > 100 {
            return Err("template nested too deep".to_owned());
        }
        let mut out = Vec::new();
        loop {
            let Some(at) = self.rest.find("{{") else {
                let text = std::mem::take(&mut self.rest);
                self.text(&mut out, text);
                return Ok((out, End::Text));
            };
            let (text, action) = self.rest.split_at(at);
            let action = &action[2..];
            let close = action.find("}}").ok_or("unclosed action")?;
            let (mut inside, after) = (&action[..close], &action[close + 2..]);
            let trimmed = inside.strip_prefix("- ").map(|i| (i, text.trim_end()));
            let text = match trimmed {
                Some((rest, text)) => {
                    inside = rest;
                    text
                }
                None => text,
            };
            self.text(&mut out, text);
            if let Some(rest) = inside.strip_suffix(" -") {
                inside = rest;
                self.trim_next = true;
            }
            self.rest = after;
            let inside = inside.trim();
            let (word, rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
            match word {
                "end" => return Ok((out, End::End)),
                "else" => {
                    let condition = rest.trim().strip_prefix("if ").map(pipeline).transpose()?;
                    return Ok((out, End::Else(condition)));
                }
                "if" => out.push(self.block(Node::If, rest, depth)?),
                "range" => out.push(self.block(Node::Range, rest, depth)?),
                "with" => out.push(self.block(Node::With, rest, depth)?),
                _ if inside.starts_with("/*") => {}
                _ => out.push(Node::Print(pipeline(inside)?)),
            }
        }
    }

    fn block(
        &mut self,
        make: fn(Vec<Vec<Term>>, Vec<Node>, Vec<Node>) -> Node,
        condition: &str,
        depth: usize,
    ) -> Result<Node, String> {
        let condition = pipeline(condition)?;
        let (then, end) = self.nodes(depth + 1)?;
        let otherwise = self.otherwise(end, depth)?;
        Ok(make(condition, then, otherwise))
    }

    fn otherwise(&mut self, end: End, depth: usize) -> Result<Vec<Node>, String> {
        match end {
            End::End => Ok(Vec::new()),
            End::Text => Err("unexpected EOF".to_owned()),
            End::Else(None) => match self.nodes(depth + 1)? {
                (nodes, End::End) => Ok(nodes),
                _ => Err("expected end; found {{else}}".to_owned()),
            },
            End::Else(Some(condition)) => {
                let (then, end) = self.nodes(depth + 1)?;
                let otherwise = self.otherwise(end, depth + 1)?;
                Ok(vec![Node::If(condition, then, otherwise)])
            }
        }
    }

    fn text(&mut self, out: &mut Vec<Node>, text: &str) {
        let text = if std::mem::take(&mut self.trim_next) { text.trim_start() } else { text };
        if !text.is_empty() {
            out.push(Node::Text(text.to_owned()));
        }
    }
}

/// Commands separated by `|`.
fn pipeline(text: &str) -> Result<Vec<Vec<Term>>, String> {
    let mut rest = text.trim_start();
    let commands = commands(&mut rest, 0)?;
    if !rest.is_empty() {
        return Err(format!("unexpected {rest:?} in operand"));
    }
    if commands.iter().any(Vec::is_empty) {
        return Err("missing value for command".to_owned());
    }
    Ok(commands)
}

fn commands(rest: &mut &str, depth: usize) -> Result<Vec<Vec<Term>>, String> {
    if depth > 100 {
        return Err("template nested too deep".to_owned());
    }
    let mut commands = vec![Vec::new()];
    loop {
        *rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(commands) };
        let current = commands.last_mut().expect("there is always a command");
        match first {
            ')' => return Ok(commands),
            '|' => {
                *rest = &rest[1..];
                commands.push(Vec::new());
            }
            '(' => {
                *rest = &rest[1..];
                let inner = self::commands(rest, depth + 1)?;
                *rest = rest.strip_prefix(')').ok_or("unclosed left paren")?;
                current.push(Term::Group(inner));
            }
            '"' => {
                let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let text = stream.next().and_then(Result::ok).ok_or("unterminated quoted string")?;
                *rest = &rest[stream.byte_offset()..];
                current.push(Term::Literal(Value::String(text)));
            }
            '`' => {
                let end = rest[1..].find('`').ok_or("unterminated raw quoted string")?;
                current.push(Term::Literal(Value::String(rest[1..=end].to_owned())));
                *rest = &rest[end + 2..];
            }
            _ => {
                let end = rest.find([' ', '\t', '\n', '|', '(', ')']).unwrap_or(rest.len());
                current.push(word(&rest[..end])?);
                *rest = &rest[end..];
            }
        }
    }
}

fn word(word: &str) -> Result<Term, String> {
    let path = |text: &str| text.split('.').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    match word {
        "true" => return Ok(Term::Literal(Value::Bool(true))),
        "false" => return Ok(Term::Literal(Value::Bool(false))),
        "nil" => return Ok(Term::Literal(Value::Null)),
        _ => {}
    }
    if let Some(fields) = word.strip_prefix('.') {
        return Ok(Term::Field(path(fields)));
    }
    if let Some(fields) = word.strip_prefix('$') {
        return Ok(Term::Root(path(fields)));
    }
    if let Ok(n) = word.parse::<i64>() {
        return Ok(Term::Literal(n.into()));
    }
    const FUNCTIONS: &[&str] =
        &["and", "or", "not", "eq", "ne", "len", "index", "join", "printf", "print", "println", "context"];
    if FUNCTIONS.contains(&word) {
        return Ok(Term::Function(word.to_owned()));
    }
    Err(format!("function {word:?} not defined"))
}

fn run(nodes: &[Node], dot: &Value, root: &Value, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(pipeline) => out.push_str(&show(&eval(pipeline, dot, root)?)),
            Node::If(condition, then, otherwise) => {
                let branch = if truth(&eval(condition, dot, root)?) { then } else { otherwise };
                run(branch, dot, root, out)?;
            }
            Node::With(condition, then, otherwise) => {
                let value = eval(condition, dot, root)?;
                if truth(&value) {
                    run(then, &value, root, out)?;
                } else {
                    run(otherwise, dot, root, out)?;
                }
            }
            Node::Range(over, then, otherwise) => match eval(over, dot, root)? {
                Value::Array(items) if !items.is_empty() => {
                    items.iter().try_for_each(|item| run(then, item, root, out))?;
                }
                Value::Object(map) if !map.is_empty() => {
                    map.values().try_for_each(|item| run(then, item, root, out))?;
                }
                _ => run(otherwise, dot, root, out)?,
            },
        }
    }
    Ok(())
}

fn eval(pipeline: &[Vec<Term>], dot: &Value, root: &Value) -> Result<Value, String> {
    let mut last: Option<Value> = None;
    for command in pipeline {
        let (first, rest) = command.split_first().ok_or("missing value for command")?;
        let mut args = rest.iter().map(|term| operand(term, dot, root)).collect::<Result<Vec<_>, _>>()?;
        args.extend(last.take());
        last = Some(match first {
            Term::Function(name) => call(name, &args)?,
            term if args.is_empty() => operand(term, dot, root)?,
            _ => return Err("can't give argument to non-function".to_owned()),
        });
    }
    last.ok_or_else(|| "missing value for command".to_owned())
}

fn operand(term: &Term, dot: &Value, root: &Value) -> Result<Value, String> {
    match term {
        Term::Literal(value) => Ok(value.clone()),
        Term::Field(path) => field(dot, path),
        Term::Root(path) => field(root, path),
        Term::Group(pipeline) => eval(pipeline, dot, root),
        Term::Function(name) => call(name, &[]),
    }
}

fn field(value: &Value, path: &[String]) -> Result<Value, String> {
    let mut value = value;
    for name in path {
        value = match value {
            Value::Object(map) => map.get(name).ok_or_else(|| format!("can't evaluate field {name}"))?,
            Value::Null => return Ok(Value::Null),
            _ => return Err(format!("can't evaluate field {name}")),
        };
    }
    Ok(value.clone())
}

fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let list = |value: &Value| -> Vec<String> {
        value.as_array().map(|items| items.iter().map(show).collect()).unwrap_or_default()
    };
    Ok(match (name, args) {
        ("and", [.., _]) => args.iter().find(|v| !truth(v)).or(args.last()).cloned().unwrap_or_default(),
        ("or", [.., _]) => args.iter().find(|v| truth(v)).or(args.last()).cloned().unwrap_or_default(),
        ("not", [v]) => Value::Bool(!truth(v)),
        ("eq", [first, rest @ ..]) if !rest.is_empty() => Value::Bool(rest.contains(first)),
        ("ne", [a, b]) => Value::Bool(a != b),
        ("len", [Value::Array(items)]) => items.len().into(),
        ("len", [Value::String(text)]) => text.len().into(),
        ("len", [Value::Object(map)]) => map.len().into(),
        ("len", [Value::Null]) => 0.into(),
        ("index", [Value::Array(items), Value::Number(n)]) => {
            let at = n.as_u64().and_then(|n| usize::try_from(n).ok());
            at.and_then(|n| items.get(n)).cloned().ok_or_else(|| format!("index out of range: {n}"))?
        }
        ("index", [Value::Object(map), Value::String(key)]) => {
            map.get(key).cloned().unwrap_or(Value::String(String::new()))
        }
        ("join", [items, Value::String(by)]) => Value::String(list(items).join(by)),
        ("print", _) => Value::String(args.iter().map(show).collect()),
        ("println", _) => Value::String(args.iter().map(show).collect::<Vec<_>>().join(" ") + "\n"),
        ("printf", [Value::String(format), rest @ ..]) => Value::String(printf(format, rest)),
        ("context", []) => serde_json::json!({ "Compiler": "gc" }),
        _ => return Err(format!("wrong number or kind of args for {name}")),
    })
}

fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let verb = chars.by_ref().find(|c| c.is_alphabetic() || *c == '%');
        match (verb, verb.filter(|v| *v != '%').and_then(|_| args.next())) {
            (Some('q'), Some(arg)) => out += &format!("{:?}", show(arg)),
            (Some(_), Some(arg)) => out += &show(arg),
            (Some('%'), _) => out.push('%'),
            (Some(verb), None) => out += &format!("%!{verb}(MISSING)"),
            (None, _) => out += "%!(NOVERB)",
        }
    }
    out
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// As Go's `%v`.
fn show(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let fields: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", show(v))).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expect: &str) {
        let data = serde_json::json!({
            "Dir": "/m", "Imports": ["fmt", "os"], "Standard": false, "Module": { "Path": "m" }, "Error": null,
        });
        let got = Template::parse(template).and_then(|t| t.run(&data));
        assert_eq!(got.as_deref(), Ok(expect), "{template}");
    }

    #[test]
    fn common_forms() {
        check("{{.Dir}}", "/m");
        check("{{join .Imports \",\"}}", "fmt,os");
        check("{{.Imports}} {{len .Imports}}", "[fmt os] 2");
        check("{{range .Imports}}<{{.}}>{{end}}", "<fmt><os>");
        check("{{if .Standard}}std{{else if .Module}}{{.Module.Path}}{{else}}-{{end}}", "m");
        check("{{if not .Error}}ok{{end}} {{eq .Dir `/m`}}", "ok true");
        check("{{with .Module}}{{.Path}}{{end}}{{.Imports | len | printf \"%d!\"}}", "m2!");
        check("a {{- /* x */ -}} b", "ab");
    }

    #[test]
    fn faults() {
        for bad in ["{{", "{{.X", "{{if .A}}", "{{end}}", "{{nosuch 1}}", "{{(}}", "{{|}}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        let deep = "{{if .}}".repeat(5000);
        assert!(Template::parse(&deep).is_err());
    }
}
