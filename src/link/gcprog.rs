//! Which words of `data` and `bss` are pointers, as a program the runtime unrolls at start.
//!
//! ```text
//! program = { n:u8 bits:u8*ceil(n/8) | 0x80|n:u8 times:uvarint }* 0     n < 128: literal bits; repeat the last n bits
//! ```

/// Bits of a region, one per word.
pub(super) struct Mask {
    bits: Vec<u8>,
    len: usize,
}

impl Mask {
    pub fn new(words: usize) -> Mask {
        Mask { bits: vec![0; words.div_ceil(8)], len: words }
    }

    /// Copies a symbol's mask to where the symbol starts.
    pub fn or(&mut self, first_word: usize, mask: &[u8], words: usize) {
        for i in 0..words.min(mask.len() * 8) {
            if mask[i / 8] >> (i % 8) & 1 == 1 {
                let at = first_word + i;
                self.bits[at / 8] |= 1 << (at % 8);
            }
        }
    }

    fn get(&self, i: usize) -> bool {
        self.bits[i / 8] >> (i % 8) & 1 == 1
    }

    fn run_from(&self, start: usize) -> usize {
        let bit = self.get(start);
        (start..self.len).take_while(|&i| self.get(i) == bit).count()
    }

    /// The program for this mask.
    pub fn program(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.len {
            let run = self.run_from(at);
            if run >= LONG_RUN {
                out.extend([1, u8::from(self.get(at)), 0x81]);
                uvarint(&mut out, run - 1);
                at += run;
                continue;
            }
            // Literal bits up to the next long run.
            let mut end = at + run;
            while end < self.len && end - at < LITERAL {
                let next = self.run_from(end);
                if next >= LONG_RUN {
                    break;
                }
                end += next;
            }
            let end = end.min(at + LITERAL).min(self.len);
            out.push((end - at) as u8);
            let mut bytes = vec![0u8; (end - at).div_ceil(8)];
            for (k, i) in (at..end).enumerate() {
                bytes[k / 8] |= u8::from(self.get(i)) << (k % 8);
            }
            out.extend(bytes);
            at = end;
        }
        out.push(0);
        out
    }
}

/// The longest literal of whole bytes.
const LITERAL: usize = 120;
/// From here on a repeat is shorter than literals.
const LONG_RUN: usize = 64;

fn uvarint(out: &mut Vec<u8>, mut v: usize) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(program: &[u8]) -> Vec<bool> {
        let mut out: Vec<bool> = Vec::new();
        let mut p = program.iter().copied();
        loop {
            let inst = p.next().unwrap();
            let n = usize::from(inst & 0x7f);
            if inst & 0x80 == 0 {
                if n == 0 {
                    return out;
                }
                let bytes: Vec<u8> = (0..n.div_ceil(8)).map(|_| p.next().unwrap()).collect();
                out.extend((0..n).map(|i| bytes[i / 8] >> (i % 8) & 1 == 1));
            } else {
                let (mut times, mut shift) = (0, 0);
                loop {
                    let b = p.next().unwrap();
                    times |= usize::from(b & 0x7f) << shift;
                    shift += 7;
                    if b < 0x80 {
                        break;
                    }
                }
                let last = out[out.len() - n..].to_vec();
                (0..times).for_each(|_| out.extend(&last));
            }
        }
    }

    #[test]
    fn programs_give_the_mask_back() {
        let mut mask = Mask::new(5000);
        let mut seed = 1u32;
        for i in 0..5000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let dense = (1000..1700).contains(&i) || i > 4900;
            if (dense && seed >> 31 == 1) || (3000..3200).contains(&i) {
                mask.or(i, &[1], 1);
            }
        }
        let bits = run(&mask.program());
        assert_eq!(bits.len(), 5000);
        assert!((0..5000).all(|i| bits[i] == mask.get(i)));
        assert!(mask.program().len() < 300);
    }
}
