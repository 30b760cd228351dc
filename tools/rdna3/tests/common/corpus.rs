//! Word sequences that reach every opcode and every form of every encoding, invalid neighbours included.
//!
//! Every opcode number of a field is tried, assigned or not, with operands and modifiers that vary from one pattern to
//! the next, so that each operand class and each modifier bit is seen with each opcode.

use super::{Random, Words};

/// Scalar codes: registers, odd and even, special registers, constants, literal.
const SCALAR: [u32; 24] = [
    8, 9, 105, 106, 107, 108, 123, 124, 125, 126, 127, 128, 192, 193, 208, 235, 239, 240, 247, 248, 251, 253, 254, 255,
];
/// The same, half of them VGPRs.
const ANY: [u32; 26] = [
    260, 383, 384, 510, 511, 8, 9, 104, 106, 108, 124, 125, 126, 128, 133, 193, 236, 240, 243, 248, 252, 253, 254, 255,
    255, 256,
];
/// Literals that are constants of some type, or nearly.
const LITERALS: [u32; 14] = [
    0x1234_5678,
    0,
    64,
    65,
    0xffff_fff0,
    0xffff_ffef,
    0x3f80_0000,
    0x3c00,
    0x3c00_3c00,
    0x3ff0_0000,
    0x3e22_f983,
    0x3118,
    0x3f80,
    0xffff,
];
/// Lane exchange dwords: every kind of pattern, masks, modifier bits.
const DPP16: [u32; 16] = [
    0xff00_e404,
    0xff01_0111,
    0x1f01_1f22,
    0xf108_2133,
    0xff04_4044,
    0xff0d_4155,
    0x0001_5066,
    0x2101_6f77,
    0xff01_0088,
    0xff10_e404,
    0xff20_e404,
    0xff40_e404,
    0xff80_e404,
    0xfff0_e4ff,
    0xff01_3004,
    0xff01_7004,
];

fn pick(from: &[u32], at: usize) -> u32 {
    from[at % from.len()]
}

/// Everything.
pub fn all() -> Vec<Words> {
    let mut out = Vec::new();
    scalar(&mut out);
    short_vector(&mut out);
    long_vector(&mut out);
    memory(&mut out);
    image(&mut out);
    rest(&mut out);
    out.sort_unstable();
    out.dedup();
    out
}

fn scalar(out: &mut Vec<Words>) {
    for op in 0..96u32 {
        for at in 0..48usize {
            let (a, b, d) = (pick(&SCALAR, at), pick(&SCALAR, at * 7 + 3), pick(&SCALAR, at * 5 + 1) & 127);
            let literal = pick(&LITERALS, at + op as usize);
            out.push([0x8000_0000 | op << 23 | d << 16 | b << 8 | a, literal, 0, 0, 0]);
            out.push([0xbf00_0000 | op << 16 | b << 8 | a, literal, 0, 0, 0]);
        }
    }
    for op in 0..256u32 {
        for at in 0..48usize {
            let (a, d) = (pick(&SCALAR, at), pick(&SCALAR, at * 5 + 1) & 127);
            out.push([0xbe80_0000 | d << 16 | op << 8 | a, pick(&LITERALS, at), 0, 0, 0]);
            let base = pick(&SCALAR, at * 3) & 63;
            let second = pick(&SCALAR, at * 11) << 25 | [0, 0x10, 0x1f_ffff, 0x10_0000][at % 4];
            let cache = if at % 5 == 0 { (at as u32 & 3) << 13 } else { 0 };
            out.push([0xf400_0000 | op << 18 | cache | d << 6 | base, second, 0, 0, 0]);
            let null = 0xf800_0000 | (at as u32) << 4;
            out.push([0xf400_0000 | op << 18 | (d & !3) << 6 | 4, null, 0, 0, 0]);
        }
    }
    // The opcodes of messages, one for each number.
    for message in 0..256 {
        out.push([0xbe80_4c00 | message, 0, 0, 0, 0]);
    }
    for op in 0..32u32 {
        for at in 0..64usize {
            let d = pick(&SCALAR, at) & 127;
            let immediate = [0, 1, 64, 65, 0x7fff, 0x8000, 0xffff, 0xf801, 0x1234, 0xf03d][at % 10] + at as u32 / 10;
            out.push([0xb000_0000 | op << 23 | d << 16 | immediate & 0xffff, pick(&LITERALS, at), 0, 0, 0]);
        }
    }
    for op in 0..128u32 {
        for bit in 0..16u32 {
            for immediate in [1 << bit, 0xffff ^ 1 << bit, bit, bit * 0x111] {
                out.push([0xbf80_0000 | op << 16 | immediate & 0xffff, 0, 0, 0, 0]);
            }
        }
    }
    for immediate in 0..0x800 {
        out.push([0xbf87_0000 | immediate, 0, 0, 0, 0]); // s_delay_alu
    }
}

fn short_vector(out: &mut Vec<Words>) {
    let mut push = |base: u32, registers: &dyn Fn(usize) -> u32| {
        for at in 0..52usize {
            out.push([base | registers(at) | pick(&ANY, at), pick(&LITERALS, at), 0, 0, 0]);
        }
        for (at, &dpp) in DPP16.iter().enumerate() {
            out.push([base | registers(at) | 0xfa, dpp, 0x11, 0, 0]);
        }
        for (at, code) in [0xe9, 0xea, 0xe9, 0xea].into_iter().enumerate() {
            out.push([base | registers(at) | code, 0xfac6_8805 | (at as u32) << 6, 0x11, 0, 0]);
        }
    };
    let vgpr = |at: usize| [8, 127, 128, 254, 255, 0][at % 6];
    for op in 0..62u32 {
        push(op << 25, &|at| vgpr(at) << 17 | vgpr(at / 6) << 9);
    }
    for op in 0..256u32 {
        push(0x7c00_0000 | op << 17, &|at| vgpr(at) << 9);
        push(0x7e00_0000 | op << 9, &|at| vgpr(at) << 17);
    }
}

/// VOP3, VOP3P, VINTERP: operands without modifiers, then one modifier bit at a time, then lane exchange.
fn long_vector(out: &mut Vec<Words>) {
    let opcodes = (0..1024u32)
        .map(|op| 0xd400_0000 | op << 16)
        .chain((0..128).map(|op| 0xcc00_0000 | op << 16))
        .chain((0..128).map(|op| 0xcd00_0000 | op << 16));
    for base in opcodes {
        // How many sources, and which of them are scalar: readlane, masks and matrices want particular ones.
        let shapes = [
            [260, 270, 280],
            [260, 270, 8],
            [260, 270, 0],
            [260, 8, 12],
            [8, 12, 0],
            [260, 8, 0],
            [260, 0, 0],
            [0, 0, 0],
        ];
        for (shape, [a, b, c]) in shapes.into_iter().enumerate() {
            let sources = a | b << 9 | c << 18;
            out.push([base | 8, sources, 0, 0, 0]);
            out.push([base | 0x6a08, sources, 0, 0, 0]);
            for bit in 8..16 {
                out.push([base | 8 | 1 << bit, sources, 0, 0, 0]);
            }
            for bit in 27..32 {
                out.push([base | 8, sources | 1 << bit, 0, 0, 0]);
            }
            out.push([base | 0x7f08, sources | 7 << 29, 0, 0, 0]);
            for at in 0..13usize {
                let (x, y, z) = (pick(&ANY, at * 2 + shape), pick(&ANY, at * 7 + 1), pick(&ANY, at * 11 + 2));
                let dst = [8, 127, 128, 253, 255, 106][at % 6];
                let mixed = x | if b == 0 { 0 } else { y << 9 } | if c == 0 { 0 } else { z << 18 };
                let sign = if at % 3 == 0 { 7 << 29 } else { 0 };
                out.push([base | dst, mixed, pick(&LITERALS, at), 0, 0]);
                out.push([base | dst, mixed | sign, pick(&LITERALS, at + 5), 0, 0]);
                // One unusual source beside usual ones, so that most are valid.
                out.push([base | dst, sources & !(511 << 18) | if c == 0 { 0 } else { z << 18 }, 0x41, 0, 0]);
                out.push([base | dst, sources & !511 | x, pick(&LITERALS, at), 0, 0]);
            }
        }
        for (at, &dpp) in DPP16.iter().enumerate() {
            for rest in [270 << 9 | 280 << 18, 270 << 9 | 8 << 18, 270 << 9, 0, 8 << 9, 255 << 9 | 280 << 18] {
                let bits = [0, 0x0800, 0x4000, 0x8000, 0x0100][at % 5];
                let sign = if at % 4 == 3 { 7 << 29 } else { 0 };
                out.push([base | 8 | bits, 0xfa | rest, dpp, 0x3c00, 0]);
                out.push([base | 8, 0xfa | rest | sign, dpp, 0x1_0000, 0]);
                out.push([base | 8 | bits, 0xe9 | (at as u32 & 1) | rest | sign, dpp, 0x3c00, 0]);
            }
        }
    }
}

fn memory(out: &mut Vec<Words>) {
    let registers: [u32; 6] = [0x0803_0507, 0x0800_0507, 0x0000_0507, 0xfdfc_fbfa, 0xff00_0007, 0];
    for op in 0..256u32 {
        for gds in [0, 1 << 17] {
            for offset in [0, 1, 0x0100, 0x0201, 0x8000, 0x80e4, 0x7c1f, 0x041f, 0x001e, 0xffff, 0x1f, 0x0c1f, 0xc000] {
                for second in registers {
                    for used in
                        [u32::MAX, 0x00ff_ffff, 0xff00_ffff, 0xff00_00ff, 0x0000_ffff, 0xff00_0000, 0xff, 0xff00]
                    {
                        if offset == 0x0201 || used == u32::MAX || op == 0x35 {
                            out.push([0xd800_0000 | op << 18 | gds | offset, second & used, 0, 0, 0]);
                        }
                    }
                }
            }
        }
    }
    for op in 0..128u32 {
        for segment in 0..4 {
            for (at, saddr) in
                [124, 2, 3, 106, 108, 125, 126, 127, 0x80 | 124, 0x80 | 8, 0x80 | 127].into_iter().enumerate()
            {
                for bits in [0, 0x10, 0x1fff, 0x0fff, 0x1000, 0x2000, 0x4000, 0x8000, 0xe010] {
                    let second = registers[at % 4] & !0x00ff_0000 | saddr << 16;
                    out.push([0xdc00_0000 | op << 18 | segment << 16 | bits, second, 0, 0, 0]);
                }
            }
        }
    }
    for op in 0..256u32 {
        for at in 0..24usize {
            let soffset = pick(&SCALAR, at);
            let flags = [0, 1, 2, 4, 5, 6, 7][at % 7] << 21;
            let second = soffset << 24 | flags | [2, 26, 27, 31, 24][at % 5] << 16 | [0x507, 0xfdfe, 0xffff][at % 3];
            let bits = [0, 0x10, 0xfff, 0x1000, 0x2000, 0x4000, 0x7010][at % 7];
            out.push([0xe000_0000 | op << 18 | bits, second, 0x1_2345, 0, 0]);
            out.push([0xe800_0000 | op << 18 | (at as u32) << 15 | bits, second & !(1 << 21), 0x1_2345, 0, 0]);
        }
        out.push([0xe000_0000 | op << 18, 0x0402_0507, 0, 0, 0]);
    }
    for format in 0..128u32 {
        for op in 0..16u32 {
            out.push([0xe800_0000 | format << 19 | op << 15 | 0x10, 0x0402_0507, 0, 0, 0]);
        }
    }
}

fn image(out: &mut Vec<Words>) {
    for op in 0..256u32 {
        for dim in 0..8 {
            for form in 0..48u32 {
                let mask = [1, 0, 3, 5, 7, 15][form as usize % 6];
                let nsa = form & 1;
                let a16 = (form >> 1 & 1) << 16;
                let d16 = (form >> 2 & 1) << 17;
                let rare = [0, 1 << 7, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 0][form as usize % 7];
                let sampler = if form % 3 == 0 { 0 } else { 8 << 24 };
                let fault = [0, 0, 1 << 21, 1 << 22, 3 << 21][form as usize % 5];
                let first = 0xf000_0000 | op << 18 | nsa | dim << 2 | mask << 8 | a16 | d16 | rare;
                let registers = [0x0507, 0x0507, 0xfdf0][form as usize % 3];
                out.push([first, sampler | fault | 2 << 16 | registers, 0x0d0c_0b0a, 0, 0]);
            }
        }
        for form in 0..8 {
            let first = 0xf000_8f80 | op << 18 | form & 1 | (form >> 1 & 1) << 16 | (form >> 2 & 1) << 14;
            out.push([first, 2 << 16 | 0x507, 0x0d0c_0b0a, 0, 0]);
        }
    }
}

fn rest(out: &mut Vec<Words>) {
    for x in 0..16u32 {
        for y in 0..32u32 {
            for at in 0..26usize {
                let (a, b) = (pick(&ANY, at), pick(&ANY, at * 7 + 2));
                let (v, w) = if at % 2 == 0 { (2, 6) } else { (0, 0) };
                let literal = pick(&LITERALS, at);
                out.push([0xc800_0000 | x << 22 | y << 17 | v << 9 | a, 0x0408_0000 | w << 9 | b, literal, 0, 0]);
                out.push([0xc800_0000 | x << 22 | y << 17 | a, 0xffff_0000 & !1 | w << 9 | b, literal, 0, 0]);
                out.push([0xc800_0000 | x << 22 | y << 17 | v << 9 | a, 0x05fe_0000 | b, literal, 0, 0]);
            }
        }
    }
    for op in 0..16u32 {
        for field in 0..256 {
            out.push([0xce00_0000 | op << 20 | (field & 15) << 16 | field << 8 | field, 0, 0, 0, 0]);
        }
    }
    for target in 0..64u32 {
        for enabled in 0..16 {
            for bits in [0, 1 << 11, 1 << 13, 0x2800] {
                out.push([0xf800_0000 | bits | target << 4 | enabled, 0xff01_8002, 0, 0, 0]);
            }
        }
    }
    out.push([0; 5]);
}

/// First dwords of the families: fixed bits, free bits.
const FAMILIES: [(u32, u32); 20] = [
    (0x0000_0000, 31),
    (0x7e00_0000, 25),
    (0x7c00_0000, 25),
    (0x8000_0000, 30),
    (0xb000_0000, 28),
    (0xbe80_0000, 23),
    (0xbf00_0000, 23),
    (0xbf80_0000, 23),
    (0xc800_0000, 26),
    (0xcc00_0000, 24),
    (0xcd00_0000, 24),
    (0xce00_0000, 24),
    (0xd400_0000, 26),
    (0xd400_0000, 26),
    (0xd800_0000, 26),
    (0xdc00_0000, 26),
    (0xe000_0000, 26),
    (0xe800_0000, 26),
    (0xf000_0000, 26),
    (0xf400_0000, 26),
];

/// One random sequence; most are pushed towards being valid by fields that only take certain values.
pub fn random(random: &mut Random) -> Words {
    let mut words: Words = std::array::from_fn(|_| random.next());
    if random.below(8) == 0 {
        return words;
    }
    let (fixed, free) = FAMILIES[random.below(FAMILIES.len() as u32) as usize];
    words[0] = fixed | words[0] & ((1 << free) - 1);
    let source = |random: &mut Random| match random.below(3) {
        0 => random.below(512),
        1 => random.pick(&ANY),
        _ => 256 + random.below(256),
    };
    match fixed >> 24 {
        0xc8 => {
            words[0] = words[0] & !0x1ff | source(random);
            words[1] = words[1] & !0x1ff | source(random);
        }
        0xcc | 0xcd | 0xd4 => {
            let (a, b, c) = (source(random), source(random), source(random));
            let c = if random.below(2) == 0 { 0 } else { c };
            let b = if random.below(6) == 0 { 0 } else { b };
            let a = if random.below(6) == 0 { random.pick(&[0xe9, 0xea, 0xfa]) } else { a };
            let sign = if random.below(3) == 0 { words[1] & 0xf800_0000 } else { 0 };
            words[1] = a | b << 9 | c << 18 | sign;
            if random.below(3) != 0 {
                words[0] &= !0xff00;
            }
        }
        0xd8 => words[1] &= random.pick(&[u32::MAX, 0xff00_ffff, 0xff00_00ff, 0xffff, 0x00ff_ffff]),
        0xdc if random.below(2) == 0 => words[1] = words[1] & !0x00ff_0000 | 124 << 16,
        0xf0 if random.below(2) == 0 => words[1] &= 0x07ff_ffff,
        _ => {}
    }
    for word in &mut words[1..] {
        if random.below(5) == 0 {
            *word = random.pick(&LITERALS);
        }
    }
    words
}
