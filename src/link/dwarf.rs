//! What a debugger wants: names and ranges of functions, lines, and how to unwind.
//!
//! One compilation unit for the program, DWARF 4. Types and variables are not described.

use super::pclntab::{Files, Row};

/// `.debug_info`, `.debug_abbrev`, `.debug_line`, `.debug_frame`; addresses are final: the text never moves.
pub(super) fn sections(
    rows: &[Row<'_>],
    files: &Files,
    text: u64,
    text_size: u32,
) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (".debug_abbrev", abbrev()),
        (".debug_info", info(rows, text, text_size)),
        (".debug_line", lines(rows, files, text)),
        (".debug_frame", frames(rows, text)),
    ]
}

mod dw {
    pub const TAG_COMPILE_UNIT: u8 = 0x11;
    pub const TAG_SUBPROGRAM: u8 = 0x2e;
    pub const AT_NAME: u8 = 0x03;
    pub const AT_STMT_LIST: u8 = 0x10;
    pub const AT_LOW_PC: u8 = 0x11;
    pub const AT_HIGH_PC: u8 = 0x12;
    pub const AT_LANGUAGE: u8 = 0x13;
    pub const AT_PRODUCER: u8 = 0x25;
    pub const AT_EXTERNAL: u8 = 0x3f;
    pub const AT_FRAME_BASE: u8 = 0x40;
    pub const FORM_ADDR: u8 = 0x01;
    pub const FORM_DATA8: u8 = 0x07;
    pub const FORM_STRING: u8 = 0x08;
    pub const FORM_DATA1: u8 = 0x0b;
    pub const FORM_SEC_OFFSET: u8 = 0x17;
    pub const FORM_EXPRLOC: u8 = 0x18;
    pub const FORM_FLAG_PRESENT: u8 = 0x19;
    pub const OP_CALL_FRAME_CFA: u8 = 0x9c;
    pub const LANG_GO: u8 = 0x16;
}

fn abbrev() -> Vec<u8> {
    let mut out = vec![1, dw::TAG_COMPILE_UNIT, 1];
    out.extend([
        dw::AT_PRODUCER,
        dw::FORM_STRING,
        dw::AT_LANGUAGE,
        dw::FORM_DATA1,
        dw::AT_NAME,
        dw::FORM_STRING,
    ]);
    out.extend([
        dw::AT_LOW_PC,
        dw::FORM_ADDR,
        dw::AT_HIGH_PC,
        dw::FORM_DATA8,
        dw::AT_STMT_LIST,
        dw::FORM_SEC_OFFSET,
    ]);
    out.extend([0, 0, 2, dw::TAG_SUBPROGRAM, 0]);
    out.extend([dw::AT_NAME, dw::FORM_STRING, dw::AT_LOW_PC, dw::FORM_ADDR, dw::AT_HIGH_PC, dw::FORM_DATA8]);
    out.extend([dw::AT_FRAME_BASE, dw::FORM_EXPRLOC, dw::AT_EXTERNAL, dw::FORM_FLAG_PRESENT]);
    out.extend([0, 0, 0]);
    out
}

/// Puts the length of what follows in front.
fn with_length(body: Vec<u8>) -> Vec<u8> {
    let mut out = (body.len() as u32).to_le_bytes().to_vec();
    out.extend(body);
    out
}

fn string(out: &mut Vec<u8>, s: &str) {
    out.extend(s.bytes().filter(|b| *b != 0));
    out.push(0);
}

fn info(rows: &[Row<'_>], text: u64, text_size: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(4u16.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out.push(8);
    out.push(1);
    string(&mut out, "thermos");
    out.push(dw::LANG_GO);
    string(&mut out, "go");
    out.extend(text.to_le_bytes());
    out.extend(u64::from(text_size).to_le_bytes());
    out.extend(0u32.to_le_bytes());
    for row in rows {
        out.push(2);
        string(&mut out, row.name);
        out.extend((text + u64::from(row.entry)).to_le_bytes());
        out.extend(u64::from(row.size).to_le_bytes());
        out.extend([1, dw::OP_CALL_FRAME_CFA]);
    }
    out.push(0);
    with_length(out)
}

const LINE_BASE: i64 = -5;
const LINE_RANGE: i64 = 14;
const OPCODE_BASE: u8 = 13;

fn lines(rows: &[Row<'_>], files: &Files, text: u64) -> Vec<u8> {
    let mut header = vec![1, 1, 1, LINE_BASE as u8, LINE_RANGE as u8, OPCODE_BASE];
    header.extend([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
    header.push(0);
    for name in files.names() {
        string(&mut header, name);
        header.extend([0, 0, 0]);
    }
    header.push(0);
    let mut out = 4u16.to_le_bytes().to_vec();
    out.extend((header.len() as u32).to_le_bytes());
    out.extend(header);
    for row in rows.iter().filter(|row| !row.pcln.is_empty()) {
        sequence(&mut out, row, text);
    }
    with_length(out)
}

/// One function: a row wherever file or line change.
fn sequence(out: &mut Vec<u8>, row: &Row<'_>, text: u64) {
    let (copy, advance_pc, advance_line, set_file) = (1, 2, 3, 4);
    out.extend([0, 9, 2]);
    out.extend((text + u64::from(row.entry)).to_le_bytes());
    let (mut at, mut line, mut file) = (0u32, 1i64, 1u64);
    let mut first = true;
    for (&(pc, next_line), &(_, next_file)) in row.pcln.iter().zip(&row.pcfile) {
        let (next_line, next_file) = (i64::from(next_line), next_file as u64 + 1);
        if !first && next_line == line && next_file == file {
            continue;
        }
        first = false;
        if next_file != file {
            out.push(set_file);
            uleb(out, next_file);
            file = next_file;
        }
        let (pc_step, line_step) = (i64::from(pc - at), next_line - line);
        let special = line_step - LINE_BASE + LINE_RANGE * pc_step + i64::from(OPCODE_BASE);
        if (LINE_BASE..LINE_BASE + LINE_RANGE).contains(&line_step) && special <= 255 {
            out.push(special as u8);
        } else {
            out.push(advance_pc);
            uleb(out, pc_step as u64);
            out.push(advance_line);
            sleb(out, line_step);
            out.push(copy);
        }
        (at, line) = (pc, next_line);
    }
    out.push(advance_pc);
    uleb(out, u64::from(row.size.saturating_sub(at)));
    out.extend([0, 1, 1]);
}

const RBP: u8 = 6;
const RSP: u8 = 7;
const RETURN_ADDRESS: u8 = 16;

fn frames(rows: &[Row<'_>], text: u64) -> Vec<u8> {
    let (def_cfa, offset, restore, advance_loc4, def_cfa_offset) = (0x0c, 0x80, 0xc0, 0x04, 0x0e);
    let mut cie = u32::MAX.to_le_bytes().to_vec();
    // Version 3, no augmentation, code in bytes, data in words down.
    cie.extend([3, 0, 1, 0x78, RETURN_ADDRESS]);
    cie.extend([def_cfa, RSP, 8, offset | RETURN_ADDRESS, 1]);
    cie.resize((cie.len() + 4).next_multiple_of(8) - 4, 0);
    let mut out = with_length(cie);
    for row in rows {
        let mut fde = 0u32.to_le_bytes().to_vec();
        fde.extend((text + u64::from(row.entry)).to_le_bytes());
        fde.extend(u64::from(row.size).to_le_bytes());
        let (mut at, mut saved) = (0u32, false);
        for &(pc, depth) in &row.pcsp {
            if pc > at {
                fde.push(advance_loc4);
                fde.extend((pc - at).to_le_bytes());
                at = pc;
            }
            fde.push(def_cfa_offset);
            uleb(&mut fde, depth.max(0) as u64 + 8);
            if (depth >= 8) != saved {
                saved = depth >= 8;
                if saved {
                    fde.extend([offset | RBP, 2]);
                } else {
                    fde.push(restore | RBP);
                }
            }
        }
        fde.resize((fde.len() + 4).next_multiple_of(8) - 4, 0);
        out.extend(with_length(fde));
    }
    out
}

fn uleb(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn sleb(out: &mut Vec<u8>, mut v: i64) {
    loop {
        let byte = (v & 0x7f) as u8;
        v >>= 7;
        if (v == 0 && byte & 0x40 == 0) || (v == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}
