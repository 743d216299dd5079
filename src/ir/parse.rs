//! Reads the text form of a function back: for fixtures, and for the runtime's bodies that are written as IR.

use std::collections::BTreeMap;

use cranelift_entity::EntityRef;

use super::entities::{Block, Loc, SigRef, Slot, Ty, Value};
use super::func::{CallConv, Func, InstData, LocData, Signature, SlotData, ValueData, ValueDef};
use super::op::{
    Alloc, BinOp, BlockCall, BoundsKind, Call, Callee, Conv, FloatCc, IntCc, MemFlags, Op, RmwOp, UnOp,
};
use super::text::attr_names;

/// Parses functions in text form, in order. The error names the line.
pub fn parse(text: &str) -> Result<Vec<Func>, String> {
    let mut p = Parser { lines: text.lines().enumerate().peekable(), line: 0 };
    let mut out = Vec::new();
    while let Some(head) = p.next_line() {
        let func = p.func(&head).map_err(|e| format!("line {}: {e}", p.line))?;
        out.push(func);
    }
    Ok(out)
}

struct Parser<'a> {
    lines: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'a>>>,
    line: usize,
}

type Res<T> = Result<T, String>;

impl Parser<'_> {
    /// The next line that is not empty or a comment.
    fn next_line(&mut self) -> Option<String> {
        for (n, line) in self.lines.by_ref() {
            self.line = n + 1;
            let line = line.trim();
            if !line.is_empty() && !line.starts_with(';') {
                return Some(line.to_owned());
            }
        }
        None
    }

    fn func(&mut self, head: &str) -> Res<Func> {
        let mut c = Cursor::new(head);
        c.word("func")?;
        let name = c.string()?;
        let sig = c.signature()?;
        let mut func = Func::new(name, sig);
        while !c.eat("{") {
            let word = c.ident()?;
            let mut attrs = attr_names(&mut func.attrs);
            let Some((_, on)) = attrs.iter_mut().find(|(name, _)| *name == word) else {
                return Err(format!("no attribute {word}"));
            };
            **on = true;
        }
        let mut body = Body::default();
        loop {
            let line = self.next_line().ok_or("the function is not closed")?;
            if line == "}" {
                return body.finish(func);
            }
            body.line(&mut func, &line)?;
        }
    }
}

/// What was seen of a body: values and blocks may be named before they are defined.
#[derive(Default)]
struct Body {
    values: BTreeMap<usize, ValueData>,
    n_values: usize,
    current: Option<Block>,
}

impl Body {
    fn finish(self, mut func: Func) -> Res<Func> {
        for i in 0..self.n_values {
            // Numbers the text leaves out become aliases of themselves' successor: nobody names them.
            let data = self.values.get(&i).copied();
            func.values.push(
                data.unwrap_or(ValueData { ty: Ty::I64, def: ValueDef::Param(Block::new(0), u32::MAX) }),
            );
        }
        Ok(func)
    }

    fn value(&mut self, c: &mut Cursor<'_>) -> Res<Value> {
        let n = c.numbered("v")?;
        self.n_values = self.n_values.max(n + 1);
        Ok(Value::new(n))
    }

    fn block(&mut self, func: &mut Func, c: &mut Cursor<'_>) -> Res<Block> {
        let n = c.numbered("block")?;
        while func.blocks.len() <= n {
            func.add_block();
        }
        Ok(Block::new(n))
    }

    fn define(&mut self, v: Value, ty: Ty, def: ValueDef) -> Res<()> {
        match self.values.insert(v.index(), ValueData { ty, def }) {
            None => Ok(()),
            Some(_) => Err(format!("{v} is defined twice")),
        }
    }

    fn line(&mut self, func: &mut Func, line: &str) -> Res<()> {
        let (code, comment) = line.rsplit_once(';').unwrap_or((line, ""));
        let mut c = Cursor::new(code);
        if c.peek("slot") {
            let n = c.numbered("slot")?;
            c.word("=")?;
            let size = c.number()? as u32;
            c.word("align")?;
            let align = c.number()? as u32;
            if n != func.slots.len() {
                return Err("slots are numbered in order".to_owned());
            }
            func.slots.push(SlotData { size, align });
            return c.end();
        }
        if c.eat("handler") {
            func.handler = Some(self.block(func, &mut c)?);
            return c.end();
        }
        if c.peek("block") {
            let block = self.block(func, &mut c)?;
            func.layout.push(block);
            self.current = Some(block);
            if c.eat("(") {
                while !c.eat(")") {
                    let v = self.value(&mut c)?;
                    c.word(":")?;
                    let ty = c.ty()?;
                    let index = func.blocks[block].params.len() as u32;
                    self.define(v, ty, ValueDef::Param(block, index))?;
                    func.blocks[block].params.push(v);
                    c.eat(",");
                }
            }
            c.word(":")?;
            func.blocks[block].cold = c.eat("cold");
            return c.end();
        }
        let mut results = Vec::new();
        if c.peek("v") && c.rest.contains(" = ") {
            loop {
                let v = self.value(&mut c)?;
                c.word(":")?;
                results.push((v, c.ty()?));
                if !c.eat(",") {
                    break;
                }
            }
            c.word("=")?;
        }
        let ty = results.first().map(|(_, ty)| *ty);
        let op = self.op(func, &mut c, ty)?;
        c.end()?;
        let loc = place(func, comment.trim())?;
        let block = self.current.ok_or("an instruction before any block")?;
        let inst = func.insts.push(InstData { op, loc, results: results.iter().map(|(v, _)| *v).collect() });
        func.blocks[block].insts.push(inst);
        for (i, (v, ty)) in results.into_iter().enumerate() {
            self.define(v, ty, ValueDef::Result(inst, i as u32))?;
        }
        Ok(())
    }

    fn op(&mut self, func: &mut Func, c: &mut Cursor<'_>, ty: Option<Ty>) -> Res<Op> {
        let name = c.ident()?;
        let typed = || ty.ok_or_else(|| format!("{name} has a result"));
        if let Some(op) = BinOp::from_name(&name) {
            let (a, b) = self.pair(c)?;
            return Ok(Op::Binary { op, a, b });
        }
        if let Some(op) = UnOp::from_name(&name) {
            return Ok(Op::Unary { op, a: self.value(c)? });
        }
        if let Some(op) = Conv::from_name(&name) {
            return Ok(Op::Convert { op, to: typed()?, a: self.value(c)? });
        }
        Ok(match name.as_str() {
            "iconst" => Op::Iconst { ty: typed()?, imm: c.number()? },
            "f32const" => Op::F32const { bits: c.number()? as u32 },
            "f64const" => Op::F64const { bits: c.number()? as u64 },
            "sym_addr" => {
                let sym = func.sym(&c.string()?);
                Op::SymAddr { sym, offset: if c.eat("+") { c.number()? } else { 0 } }
            }
            "slot_addr" => {
                let slot = Slot::new(c.numbered("slot")?);
                Op::SlotAddr { slot, offset: if c.eat("+") { c.number()? as u32 } else { 0 } }
            }
            "icmp" => {
                let word = c.ident()?;
                let cc = IntCc::from_name(&word).ok_or(format!("no comparison {word}"))?;
                let (a, b) = self.pair(c)?;
                Op::Icmp { cc, a, b }
            }
            "fcmp" => {
                let word = c.ident()?;
                let cc = FloatCc::from_name(&word).ok_or(format!("no comparison {word}"))?;
                let (a, b) = self.pair(c)?;
                Op::Fcmp { cc, a, b }
            }
            "select" => {
                let (cond, a, b) = self.triple(c)?;
                Op::Select { cond, a, b }
            }
            "fma" => {
                let (a, b, x) = self.triple(c)?;
                Op::Fma { a, b, c: x }
            }
            "add_carry" => {
                let (a, b, carry) = self.triple(c)?;
                Op::AddCarry { a, b, carry }
            }
            "sub_borrow" => {
                let (a, b, borrow) = self.triple(c)?;
                Op::SubBorrow { a, b, borrow }
            }
            "load" => {
                let flags = c.flags()?;
                let addr = self.value(c)?;
                let offset = c.offset()?;
                Op::Load { ty: typed()?, addr, offset, flags }
            }
            "store" | "store_wb" => {
                let flags = c.flags()?;
                let addr = self.value(c)?;
                let offset = c.offset()?;
                c.word(",")?;
                let val = self.value(c)?;
                match name.as_str() {
                    "store" => Op::Store { addr, val, offset, flags },
                    _ => Op::StoreWb { addr, val, offset, flags },
                }
            }
            "mem_copy" => {
                let (dst, src) = self.pair(c)?;
                c.word(",")?;
                let (size, align) = c.size_align()?;
                Op::MemCopy { dst, src, size, align }
            }
            "mem_zero" => {
                let dst = self.value(c)?;
                c.word(",")?;
                let (size, align) = c.size_align()?;
                Op::MemZero { dst, size, align }
            }
            "alloc" => {
                let ty = func.sym(&c.string()?);
                c.word(",")?;
                let (size, align) = c.size_align()?;
                Op::Alloc(Alloc { ty, size, align, noscan: c.eat("noscan") })
            }
            "nil_check" => Op::NilCheck { ptr: self.value(c)? },
            "bounds_check" => {
                let word = c.ident()?;
                let (kind, unsigned) = match BoundsKind::from_name(&word) {
                    Some(kind) => (kind, false),
                    None => {
                        let kind = word.strip_suffix('U').and_then(BoundsKind::from_name);
                        (kind.ok_or(format!("no bounds check {word}"))?, true)
                    }
                };
                let (idx, len) = self.pair(c)?;
                Op::BoundsCheck { kind, idx, len, unsigned }
            }
            "div_check" => Op::DivCheck { val: self.value(c)? },
            "shift_check" => Op::ShiftCheck { val: self.value(c)? },
            "call" => Op::Call(self.call(func, c)?),
            "tail_call" => Op::TailCall(self.call(func, c)?),
            "atomic_load" => Op::AtomicLoad { ty: typed()?, addr: self.value(c)? },
            "atomic_store" => {
                let (addr, val) = self.pair(c)?;
                Op::AtomicStore { addr, val }
            }
            "atomic_rmw" => {
                let word = c.ident()?;
                let op = RmwOp::from_name(&word).ok_or(format!("no atomic operation {word}"))?;
                let (addr, val) = self.pair(c)?;
                Op::AtomicRmw { op, addr, val }
            }
            "atomic_cas" => {
                let (addr, old, new) = self.triple(c)?;
                Op::AtomicCas { addr, old, new }
            }
            "fence" => Op::Fence,
            "get_g" => Op::GetG,
            "caller_pc" => Op::CallerPc,
            "caller_sp" => Op::CallerSp,
            "frame_ptr" => Op::FramePtr,
            "closure_ptr" => Op::ClosurePtr,
            "overflow_ptr" => Op::OverflowPtr,
            "keep_alive" => Op::KeepAlive { val: self.value(c)? },
            "jump" => Op::Jump(self.target(func, c)?),
            "brif" => {
                let cond = self.value(c)?;
                c.word(",")?;
                let then = self.target(func, c)?;
                c.word(",")?;
                Op::Brif { cond, then, els: self.target(func, c)? }
            }
            "switch" => {
                let val = self.value(c)?;
                let mut cases = Vec::new();
                loop {
                    c.word(",")?;
                    if c.peek("block") {
                        break Op::Switch { val, cases, default: self.target(func, c)? };
                    }
                    let case = c.number()?;
                    c.word(":")?;
                    cases.push((case, self.target(func, c)?));
                }
            }
            "return" => {
                let vals = if c.at_end() { Vec::new() } else { self.list(c)? };
                Op::Return { vals }
            }
            "unreachable" => Op::Unreachable,
            other => return Err(format!("no instruction {other}")),
        })
    }

    fn pair(&mut self, c: &mut Cursor<'_>) -> Res<(Value, Value)> {
        let a = self.value(c)?;
        c.word(",")?;
        Ok((a, self.value(c)?))
    }

    fn triple(&mut self, c: &mut Cursor<'_>) -> Res<(Value, Value, Value)> {
        let (a, b) = self.pair(c)?;
        c.word(",")?;
        Ok((a, b, self.value(c)?))
    }

    fn list(&mut self, c: &mut Cursor<'_>) -> Res<Vec<Value>> {
        let mut out = vec![self.value(c)?];
        while c.eat(",") {
            out.push(self.value(c)?);
        }
        Ok(out)
    }

    fn target(&mut self, func: &mut Func, c: &mut Cursor<'_>) -> Res<BlockCall> {
        let block = self.block(func, c)?;
        let mut args = Vec::new();
        if c.eat("(") {
            args = self.list(c)?;
            c.word(")")?;
        }
        Ok(BlockCall { block, args })
    }

    fn call(&mut self, func: &mut Func, c: &mut Cursor<'_>) -> Res<Call> {
        let callee =
            if c.peek("\"") { Callee::Sym(func.sym(&c.string()?)) } else { Callee::Code(self.value(c)?) };
        c.word("(")?;
        let mut args = Vec::new();
        if !c.eat(")") {
            args = self.list(c)?;
            c.word(")")?;
        }
        let ctx = if c.eat("ctx") { Some(self.value(c)?) } else { None };
        let overflow = if c.eat("overflow") { Some(self.value(c)?) } else { None };
        c.word(":")?;
        let sig: SigRef = func.import_sig(c.signature()?);
        Ok(Call { callee, sig, args, ctx, overflow })
    }
}

/// Reads `line` or `file:line`; inlined places are not read back.
fn place(func: &mut Func, text: &str) -> Res<Loc> {
    let text = text.split(" in ").next().unwrap_or(text);
    if text.is_empty() {
        return Ok(Loc::new(0));
    }
    let (file, line) = text.split_once(':').unwrap_or(("0", text));
    let bad = |_| format!("no place: {text}");
    let data = LocData { file: file.parse().map_err(bad)?, line: line.parse().map_err(bad)?, site: None };
    match func.locs.iter().find(|(_, have)| **have == data) {
        Some((loc, _)) => Ok(loc),
        None => Ok(func.locs.push(data)),
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Cursor<'a> {
        Cursor { rest: text.trim() }
    }

    fn peek(&self, word: &str) -> bool {
        self.rest.starts_with(word)
    }

    fn eat(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str) -> Res<()> {
        if self.eat(word) { Ok(()) } else { Err(format!("expected {word:?} at {:?}", self.rest)) }
    }

    fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn end(&self) -> Res<()> {
        if self.at_end() { Ok(()) } else { Err(format!("too much: {:?}", self.rest)) }
    }

    fn take(&mut self, len: usize) -> &'a str {
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest.trim_start();
        word
    }

    fn ident(&mut self) -> Res<String> {
        let len = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        if len == 0 {
            Err(format!("expected a word at {:?}", self.rest))
        } else {
            Ok(self.take(len).to_owned())
        }
    }

    fn number(&mut self) -> Res<i64> {
        let len = self.rest.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(self.rest.len());
        let text = self.take(len);
        let parsed = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).map(|n| n as i64),
            None => text.parse(),
        };
        parsed.map_err(|_| format!("expected a number, not {text:?}"))
    }

    fn numbered(&mut self, prefix: &str) -> Res<usize> {
        self.word(prefix)?;
        Ok(self.number()? as usize)
    }

    /// A quoted string, in Rust's `{:?}` form.
    fn string(&mut self) -> Res<String> {
        let bad = || "expected a quoted name".to_owned();
        let body = self.rest.strip_prefix('"').ok_or_else(bad)?;
        let mut out = String::new();
        let mut chars = body.char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = body[i + 1..].trim_start();
                    return Ok(out);
                }
                '\\' => match chars.next().ok_or_else(bad)?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '0' => out.push('\0'),
                    'u' => {
                        let hex: String =
                            chars.by_ref().map(|(_, c)| c).skip(1).take_while(|&c| c != '}').collect();
                        let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                        out.push(code.ok_or_else(bad)?);
                    }
                    other => out.push(other),
                },
                other => out.push(other),
            }
        }
        Err(bad())
    }

    fn ty(&mut self) -> Res<Ty> {
        let word = self.ident()?;
        Ty::from_name(&word).ok_or(format!("no type {word}"))
    }

    fn tys(&mut self) -> Res<Vec<Ty>> {
        self.word("(")?;
        let mut out = Vec::new();
        while !self.eat(")") {
            out.push(self.ty()?);
            self.eat(",");
        }
        Ok(out)
    }

    fn signature(&mut self) -> Res<Signature> {
        let conv = if self.eat("winch") { CallConv::Winch } else { CallConv::Go };
        let params = self.tys()?;
        self.word("->")?;
        Ok(Signature { params, results: self.tys()?, conv })
    }

    fn flags(&mut self) -> Res<MemFlags> {
        let may_fault = self.eat(".fault");
        Ok(MemFlags { may_fault, readonly: self.eat(".ro") })
    }

    fn offset(&mut self) -> Res<i32> {
        if self.eat("+") { Ok(self.number()? as i32) } else { Ok(0) }
    }

    fn size_align(&mut self) -> Res<(u64, u32)> {
        let size = self.number()? as u64;
        self.word("align")?;
        Ok((size, self.number()? as u32))
    }
}
