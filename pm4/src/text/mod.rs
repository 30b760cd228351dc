//! A stream as text: one line a dword, so that nothing is hidden and every line can be found by grep.
//!
//! ```text
//! DWORD  RAW       PACKET or its fields, or the register that the dword sets and the register's fields
//! ```
//!
//! The word `unknown` stands for a packet, a register or a value that the tables have no name for, and for nothing else.

mod head;
mod out;
mod register;

use head::{HeadKind, HeadLabels};
use out::Out;
use register::RegisterLabels;

use crate::decode::{Item, ItemKind, Stray};
use crate::gfx::{Gfx, Ring};
use crate::header::Header;
use crate::packets::{Packet, PacketLayout, Tail};
use crate::registers::{ComputeDispatchInitiator, RegOffset, Space};

/// Escape sequences put around parts of a line; empty ones for plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Before a packet's name.
    pub packet: &'static str,
    /// Before a register's name.
    pub register: &'static str,
    /// Before what is wrong.
    pub wrong: &'static str,
    /// Before what matters less: offsets, raw dwords, payload.
    pub faint: &'static str,
    /// After any of them.
    pub reset: &'static str,
}

impl Palette {
    /// Colours of an ANSI terminal.
    pub const ANSI: Self =
        Self { packet: "\x1b[1;36m", register: "\x1b[32m", wrong: "\x1b[1;31m", faint: "\x1b[2m", reset: "\x1b[0m" };
}

/// Writes items as text.
#[derive(Clone, Debug)]
pub struct TextWriter {
    out: Out,
    gfx: Gfx,
    ring: Ring,
    palette: Palette,
    registers: RegisterLabels,
    heads: HeadLabels,
    /// What is added to an item's dword offset, and where the offsets begin again at 0.
    first: usize,
    wrap: usize,
    /// A run of equal one-dword packets that is not written yet: where it began, and how many.
    run: Option<(usize, u32, usize)>,
}

impl TextWriter {
    /// A writer for streams of `ring` of `gfx`.
    pub fn new(gfx: Gfx, ring: Ring, palette: Palette) -> Self {
        Self {
            out: Out::default(),
            gfx,
            ring,
            palette,
            registers: RegisterLabels::new(gfx, palette),
            heads: HeadLabels::default(),
            first: 0,
            wrap: usize::MAX,
            run: None,
        }
    }

    /// The text so far, UTF-8.
    pub fn bytes(&self) -> &[u8] {
        self.out.bytes()
    }

    /// Forgets the text and keeps its memory.
    pub fn clear(&mut self) {
        self.out.clear();
    }

    /// Numbers the dwords of what follows from `first` on; in a ring of `ring_size` dwords the numbers begin again at its end.
    pub fn number_from(&mut self, first: usize, ring_size: Option<usize>) {
        self.flush();
        (self.first, self.wrap) = (first, ring_size.unwrap_or(usize::MAX).max(1));
    }

    /// Writes one item. Runs of one-dword fillers are written as one line, at the next item or at [`Self::flush`].
    pub fn item(&mut self, item: &Item<'_>) {
        if let [word] = item.words
            && (*word == Header::NOP_ONE_DWORD.0 || item.kind == ItemKind::Filler)
        {
            match &mut self.run {
                Some((_, run, count)) if run == word => *count += 1,
                _ => {
                    self.flush();
                    self.run = Some((item.at, *word, 1));
                }
            }
            return;
        }
        self.flush();
        match &item.kind {
            ItemKind::Packet { header, packet } => self.packet(item, *header, packet),
            ItemKind::Filler => {}
            ItemKind::Stray(stray) => self.stray(item, *stray),
        }
    }

    /// Writes what is held back.
    pub fn flush(&mut self) {
        let Some((at, word, count)) = self.run.take() else { return };
        self.prefix(at, word);
        let name = if word == Header::NOP_ONE_DWORD.0 { "NOP" } else { "type-2 filler" };
        self.coloured(self.palette.packet, name);
        if count > 1 {
            self.text(" x ");
            self.decimal(count as u64);
        }
        self.text("\n");
    }

    /// Writes a line of the caller's.
    pub fn line(&mut self, line: &str) {
        self.flush();
        self.text(line);
        self.text("\n");
    }

    fn packet(&mut self, item: &Item<'_>, header: Header, packet: &Packet<'_>) {
        self.prefix(item.at, header.0);
        let opcode = packet.opcode();
        match (packet.layout(), opcode.name(self.gfx.generation())) {
            (Some(layout), _) => self.coloured(self.palette.packet, layout.name),
            (None, Some(name)) => self.coloured(self.palette.packet, name),
            (None, None) => {
                self.text("  ");
                self.text(self.palette.wrong);
                self.text("unknown packet, opcode 0x");
                self.hex(opcode.0 as u32, 2);
                self.text(self.palette.reset);
            }
        }
        self.flags(header);
        let body = item.words.get(1..).unwrap_or_default();
        match packet {
            Packet::Opaque(opaque) => {
                if let Some(layout) = opaque.layout {
                    self.text(self.palette.wrong);
                    self.text("  ");
                    self.decimal(body.len() as u64);
                    self.text(" body dwords are none of this packet's lengths");
                    self.text(self.palette.reset);
                    self.text("\n");
                    let fixed = layout.head_dwords.min(body.len());
                    self.head(item.at, layout, body.get(..fixed).unwrap_or_default(), body);
                    self.raw(item.at + 1 + fixed, body.get(fixed..).unwrap_or_default());
                } else {
                    self.text("\n");
                    self.raw(item.at + 1, body);
                }
            }
            _ => {
                self.text("\n");
                let Some(layout) = packet.layout() else { return };
                let (head, tail) = body.split_at_checked(layout.head_dwords).unwrap_or((body, &[]));
                self.head(item.at, layout, head, body);
                self.tail(item.at + 1 + head.len(), layout, packet, tail);
            }
        }
    }

    fn flags(&mut self, header: Header) {
        let flags = header.flags();
        if flags == 0 {
            return;
        }
        for (bit, name) in [
            (Header::PREDICATE, "  predicate"),
            (Header::SHADER_TYPE, "  shader_type=compute"),
            (Header::RESET_FILTER_CAM, "  reset_filter_cam"),
        ] {
            if flags & bit != 0 {
                self.text(name);
            }
        }
        if header.reserved() != 0 {
            self.text(self.palette.wrong);
            self.text("  reserved=0x");
            self.hex(header.reserved() as u32, 2);
            self.text(self.palette.reset);
        }
    }

    /// The fixed dwords, one line each, with their fields.
    fn head(&mut self, at: usize, layout: &'static PacketLayout, head: &[u32], body: &[u32]) {
        let (generation, ring) = (self.gfx.generation(), self.ring);
        let labels = self.heads.get(layout, generation, ring);
        for (index, (&word, dword)) in head.iter().zip(labels).enumerate() {
            let shown = self.first.saturating_add(at + 1 + index) % self.wrap;
            self.out.line(shown, word, self.palette.faint, self.palette.reset);
            let mut covered = dword.covered;
            let bare = self.out.len();
            self.out.text("  ");
            for field in &dword.fields {
                if let Some(when) = field.when {
                    if !when.holds(body) {
                        continue;
                    }
                    covered |= field.covers;
                }
                let value = word >> field.lo & field.mask;
                match field.kind {
                    HeadKind::Count => {
                        self.out.piece(&field.name);
                        self.out.decimal(value.into());
                    }
                    HeadKind::Bits => {
                        self.out.labelled(&field.name, value);
                    }
                    HeadKind::Named => {
                        self.out.piece(&field.name);
                        match field.values.get(value) {
                            Some(name) => self.out.piece(name),
                            None => {
                                self.out.text("unknown(");
                                self.out.decimal(value.into());
                                self.out.text(")");
                            }
                        }
                    }
                    HeadKind::Register(space) => {
                        self.out.piece(&field.name);
                        self.out.hex_short(value);
                        self.out.text(" (");
                        self.registers.get(space.register(value)).write_name(&mut self.out);
                        self.out.text(")");
                    }
                    HeadKind::DispatchInitiator => {
                        self.out.piece(&field.name);
                        self.out.hex_short(value);
                        self.registers.get(ComputeDispatchInitiator::OFFSET).write_fields(&mut self.out, value);
                    }
                    HeadKind::Address(address) => {
                        self.out.piece(&field.name);
                        let va = address.value(body).unwrap_or_default();
                        self.out.hex((va >> 32) as u32, 8); // CAST: the high half
                        self.out.hex(va as u32, 8); // CAST: the low half
                    }
                    HeadKind::Covered => {}
                }
            }
            if self.out.len() == bare + 2 {
                self.out.truncate(bare);
            }
            if word & !covered != 0 {
                self.out.text(self.palette.wrong);
                self.out.text("  reserved=0x");
                self.out.hex(word & !covered, 8);
                self.out.text(self.palette.reset);
            }
            self.out.text("\n");
        }
    }

    fn tail(&mut self, at: usize, layout: &'static PacketLayout, packet: &Packet<'_>, tail: &[u32]) {
        match layout.tail {
            Tail::None => {}
            Tail::Payload | Tail::Data => self.raw(at, tail),
            Tail::Registers(_) => {
                for (index, write) in packet.register_writes().enumerate() {
                    self.prefix(at + index, write.value);
                    self.register(write.register, write.value);
                }
            }
            Tail::Pairs(space) => {
                for (index, pair) in tail.chunks(2).enumerate() {
                    let (offset, value) = (pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0));
                    self.offset_line(at + 2 * index, offset, space, &[offset & 0xFFFF]);
                    self.prefix(at + 2 * index + 1, value);
                    self.register(space.register(offset & 0xFFFF), value);
                }
            }
            Tail::PackedPairs(space) => {
                for (index, group) in tail.chunks(3).enumerate() {
                    let offsets = group.first().copied().unwrap_or(0);
                    let pair = [offsets & 0xFFFF, offsets >> 16];
                    self.offset_line(at + 3 * index, offsets, space, &pair);
                    for (which, offset) in pair.into_iter().enumerate() {
                        let value = group.get(1 + which).copied().unwrap_or(0);
                        self.prefix(at + 3 * index + 1 + which, value);
                        self.register(space.register(offset), value);
                    }
                }
            }
        }
    }

    fn offset_line(&mut self, at: usize, word: u32, space: Space, offsets: &[u32]) {
        self.prefix(at, word);
        self.text("  ");
        for &offset in offsets {
            self.text("  reg_offset=");
            self.hex_short(offset);
            self.text(" (");
            self.registers.get(space.register(offset)).write_name(&mut self.out);
            self.text(")");
        }
        self.text("\n");
    }

    /// A register and the value that it is set to, to the end of the line.
    fn register(&mut self, register: RegOffset, value: u32) {
        self.registers.get(register).write(&mut self.out, value);
        self.text("\n");
    }

    fn stray(&mut self, item: &Item<'_>, stray: Stray) {
        let Some(&word) = item.words.first() else { return };
        self.prefix(item.at, word);
        self.text("  ");
        self.text(self.palette.wrong);
        match stray {
            Stray::Zeros => {
                self.text("zeros x ");
                self.decimal(item.words.len() as u64);
                self.text(": memory that nobody wrote, read as type-0 packets");
            }
            Stray::Type0 => {
                self.text("type-0 header: not used since gfx9; skipped to the next packet");
            }
            Stray::Type1 => self.text("type-1 header: reserved; skipped to the next packet"),
            Stray::BadFiller => self.text("type-2 header with other bits set; skipped to the next packet"),
            Stray::Truncated { header, need, have } => {
                let opcode = header.opcode();
                match opcode.name(self.gfx.generation()) {
                    Some(name) => self.text(name),
                    None => {
                        self.text("unknown packet, opcode 0x");
                        self.hex(u32::from(opcode.0), 2);
                    }
                }
                self.text(" cut off: its header promises ");
                self.decimal(need as u64);
                self.text(" body dwords, the stream has ");
                self.decimal(have as u64);
            }
        }
        self.text(self.palette.reset);
        self.text("\n");
        if stray == Stray::Zeros {
            return;
        }
        let rest = item.words.get(1..).unwrap_or_default();
        if let Stray::Truncated { header, .. } = stray
            && let Some(layout) = Packet::LAYOUTS.iter().copied().find(|layout| layout.opcode == header.opcode())
        {
            let fixed = layout.head_dwords.min(rest.len());
            self.head(item.at, layout, rest.get(..fixed).unwrap_or_default(), rest);
            self.raw(item.at + 1 + fixed, rest.get(fixed..).unwrap_or_default());
        } else {
            self.raw(item.at + 1, rest);
        }
    }

    /// Dwords without meaning, eight a line; equal lines are written once.
    fn raw(&mut self, at: usize, words: &[u32]) {
        const PER_LINE: usize = 8;
        let mut last: Option<&[u32]> = None;
        let mut repeats = 0;
        for (index, line) in words.chunks(PER_LINE).enumerate() {
            if last == Some(line) {
                repeats += 1;
                continue;
            }
            self.repeats(&mut repeats);
            last = Some(line);
            self.offset(at + index * PER_LINE);
            self.text(" ");
            self.text(self.palette.faint);
            for &word in line {
                self.text(" ");
                self.hex(word, 8);
            }
            self.text(self.palette.reset);
            self.text("\n");
        }
        self.repeats(&mut repeats);
    }

    fn repeats(&mut self, repeats: &mut u64) {
        if *repeats > 0 {
            self.text("        * the same, ");
            self.decimal(*repeats);
            self.text(if *repeats == 1 { " line\n" } else { " lines\n" });
        }
        *repeats = 0;
    }

    fn offset(&mut self, at: usize) {
        self.out.padded((self.first.saturating_add(at) % self.wrap) as u64, 6);
    }

    #[inline]
    fn prefix(&mut self, at: usize, word: u32) {
        let at = self.first.saturating_add(at) % self.wrap;
        self.out.line(at, word, self.palette.faint, self.palette.reset);
    }

    /// Appends two blanks and a coloured text.
    fn coloured(&mut self, colour: &str, text: &str) {
        self.text("  ");
        self.text(colour);
        self.text(text);
        self.text(self.palette.reset);
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.out.text(text);
    }

    fn decimal(&mut self, value: u64) {
        self.out.decimal(value);
    }

    fn hex_short(&mut self, value: u32) {
        self.out.hex_short(value);
    }

    fn hex(&mut self, value: u32, digits: usize) {
        self.out.hex(value, digits);
    }
}
