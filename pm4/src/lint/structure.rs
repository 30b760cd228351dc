//! Rules about headers, lengths and what a stream is made of.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::{At, Linter, Rule};
use crate::builder::CommandBuffer;
use crate::decode::walk::{Link, Memory};
use crate::decode::{Decoder, Item, ItemKind, Stray};
use crate::header::PacketType;
use crate::packets::{Packet, PacketLayout, Tail};
use crate::{Generation, Header, Opcode};

/// What a stream's start must be a multiple of, bytes. Source: Linux `amdgpu_kms.c`, `ib_start_alignment`.
const START_ALIGN: u64 = 32;

/// How a header was put together wrongly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LowByte {
    Opcode,
    Count,
}

/// A run of headers that were all put together wrongly.
struct LowByteRun {
    headers: usize,
    end: usize,
}

/// The layouts of an opcode: most have one.
fn layouts(opcode: Opcode) -> impl Iterator<Item = &'static PacketLayout> {
    Packet::LAYOUTS.iter().copied().filter(move |layout| layout.opcode == opcode)
}

/// Whether a packet of the opcode may have so many body dwords.
pub(super) fn fits(opcode: Opcode, body_dwords: usize) -> bool {
    layouts(opcode).any(|layout| layout.fits(body_dwords))
}

/// Whether a header has its opcode or its count in the low byte, and how many dwords its author meant.
///
/// Source: LynnColeArt/sparkle `tests/test_pm4_libdrm_shader.f90`, `test_mini_exact_write_data.c`.
fn low_byte(words: &[u32], at: usize) -> Option<(LowByte, usize)> {
    let header = Header(*words.get(at)?);
    let low = header.flags();
    if header.packet_type() != PacketType::Type3 || low == 0 {
        return None;
    }
    if header.opcode().0 == 0 {
        return Opcode(low).is_named().then(|| (LowByte::Opcode, 1 + header.body_dwords()));
    }
    let count = low as usize;
    let nop = header.opcode() == Opcode::NOP;
    let misfit = !fits(header.opcode(), 1) || (nop && header.reserved() != 0);
    if header.count() != 0 || !header.opcode().is_named() || !misfit {
        return None;
    }
    // Authors differ in whether the count is body dwords or those minus 1: what leads to another header is it.
    let lengths = [count + 2, count + 1].into_iter().filter(|length| fits(header.opcode(), length - 1));
    let leads = |length: &usize| match words.get(at + length) {
        Some(&next) => next >> 30 == 3,
        None => at + length == words.len(),
    };
    let length = lengths.clone().find(leads).or_else(|| lengths.clone().next())?;
    Some((LowByte::Count, length))
}

fn low_byte_run(words: &[u32], first: usize) -> LowByteRun {
    let (mut at, mut headers) = (first, 0);
    while let Some((_, length)) = low_byte(words, at) {
        at += length;
        headers += 1;
    }
    LowByteRun { headers, end: at.min(words.len()) }
}

/// An opcode's name: this generation's, another one's, or its number.
#[derive(Clone, Copy)]
pub(super) struct OpcodeName(pub(super) Opcode, pub(super) Generation);

impl fmt::Display for OpcodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(opcode, generation) = *self;
        let other = || Generation::ALL.iter().find_map(|generation| opcode.name(*generation));
        match opcode.name(generation).or_else(other) {
            Some(name) => f.write_str(name),
            None => write!(f, "opcode {:#04x}", opcode.0),
        }
    }
}

fn lengths(opcode: Opcode) -> String {
    let mut text = String::new();
    for layout in layouts(opcode) {
        let more = if layout.tail == Tail::None { "" } else { " and more" };
        let or = if text.is_empty() { "" } else { " or " };
        text.push_str(&format!("{or}{}{more}", layout.head_dwords));
    }
    text
}

impl<'a, M: Memory + ?Sized> Linter<'a, M> {
    pub(super) fn enter(&mut self, link: Link, va: Option<u64>, called: bool) {
        let Some(frame) = self.frames.last() else { return };
        let words = frame.words.len();
        if let super::Level::User(depth) = frame.level {
            if depth > 2 && link == Link::Call {
                self.report(
                    Rule::NestedTooDeep,
                    0,
                    format!("this is level {depth}; chain to it instead of calling it"),
                );
            }
            if let Some(va) = va.filter(|va| !va.is_multiple_of(START_ALIGN) && link != Link::Chain && depth == 1) {
                let message = format!("the stream starts at {va:#x}: move it to a multiple of {START_ALIGN}");
                self.report(Rule::UnalignedIb, 0, message);
            }
            if words == 0 || words > CommandBuffer::MAX_DWORDS {
                let message = format!("{words} dwords; a stream has 1 to {:#x}", CommandBuffer::MAX_DWORDS);
                self.report(Rule::IbLength, 0, message);
            }
            if let Some(va) = va.filter(|_| !called) {
                self.check_stream_buffer(va, words);
            }
        }
    }

    pub(super) fn finish_stream(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        let words = frame.words.len();
        self.check_skips(words);
        if let Some((to, from)) = self.frames.last_mut().and_then(|frame| frame.skips.pop_first()) {
            let message = format!("it skips to dword {to}, and the stream has {words}");
            self.report(Rule::SkipIntoPacket, from, message);
        }
        if !self.in_user_stream() {
            return;
        }
        if !words.is_multiple_of(CommandBuffer::ALIGN_DWORDS) {
            let add = words.next_multiple_of(CommandBuffer::ALIGN_DWORDS) - words;
            let message = format!("{words} dwords; append {add} dwords of NOP (0xffff1000)");
            self.report(Rule::UnpaddedIb, words.saturating_sub(1), message);
        }
    }

    pub(super) fn check_stray(&mut self, item: &Item<'_>, stray: Stray) {
        let (at, count) = (item.at, item.words.len());
        let word = item.words.first().copied().unwrap_or(0);
        if self.check_low_byte(at) || self.check_surplus(item, stray) {
            return;
        }
        match stray {
            Stray::Zeros if !self.in_user_stream() => {} // memory of the ring that was never used
            Stray::Zeros => {
                let message = format!("{count} zero dwords: submit the length of the stream, and pad with 0xffff1000");
                self.report(Rule::ZeroDwords, at, message);
            }
            Stray::Type0 => {
                let message = format!(
                    "{word:#010x} begins {count} dwords that are no packet: check the length of the packet before"
                );
                self.report(Rule::Type0Packet, at, message);
            }
            Stray::Type1 | Stray::BadFiller => {
                let message = format!("{word:#010x} begins no packet: check the length of the packet before");
                self.report(Rule::BadHeader, at, message);
            }
            Stray::Truncated { header, need, have } => self.check_truncated(at, header, need, have),
        }
    }

    /// Whether stray dwords are values of the SET packet before them: a packet follows them, as their author meant.
    fn check_surplus(&mut self, item: &Item<'_>, stray: Stray) -> bool {
        /// The most values that are believed; more are something else.
        const MOST: usize = 32;
        let Some(frame) = self.frames.last() else { return false };
        let Some(set) = frame.last_set.filter(|set| set.end == item.at && set.at >= frame.muted_until) else {
            return false;
        };
        let (surplus, end) = (item.words.len(), item.at + item.words.len());
        let is_value = !matches!(stray, Stray::Truncated { header, .. } if header.is_plausible());
        if !is_value || surplus > MOST || end >= frame.words.len() || !self.in_user_stream() {
            return false;
        }
        let Some(body) = frame.words.get(set.at + 1..end) else { return false };
        let name = OpcodeName(set.opcode, self.generation);
        let message = format!(
            "{name} has {} values, and {surplus} dwords that are no packet follow it: raise its count by {surplus}, or take them out",
            (set.end - set.at).saturating_sub(2)
        );
        // What its author meant counts for what follows, so that one mistake is told of once.
        let meant = Packet::parse(set.opcode, body);
        self.report(Rule::SurplusValues, set.at, message);
        self.state.apply(&meant);
        self.work.note_registers(&meant);
        true
    }

    fn check_truncated(&mut self, at: usize, header: Header, need: usize, have: usize) {
        let name = OpcodeName(header.opcode(), self.generation);
        if header.count() == 0x3FFF {
            self.report(Rule::CountMinusOne, at, format!("{name} has count 0x3fff: give its body dwords minus 1"));
            return;
        }
        let message = format!(
            "{name} promises {need} body dwords and the stream has {have} more: check its count and the stream's length"
        );
        self.report(Rule::Truncated, at, message);
    }

    pub(super) fn check_filler(&mut self, at: usize) {
        if self.in_user_stream() && !at.checked_sub(1).is_some_and(|before| self.is_filler(before)) {
            self.report(Rule::TypeTwoFiller, at, String::from("0x80000000: pad with 0xffff1000"));
        }
    }

    fn is_filler(&self, at: usize) -> bool {
        self.frames.last().and_then(|frame| frame.words.get(at)).is_some_and(|&word| word == 2 << 30)
    }

    /// Tells of a run of headers with the opcode or the count in the low byte, once, and mutes what is in it.
    fn check_low_byte(&mut self, at: usize) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let Some((form, _)) = low_byte(frame.words, at).filter(|_| at >= frame.muted_until) else { return false };
        let run = low_byte_run(frame.words, at);
        let header = Header(frame.words.get(at).copied().unwrap_or(0));
        let more = match run.headers {
            0 | 1 => String::new(),
            headers => format!(" (one of {headers} headers in a row like that)"),
        };
        let (rule, message) = match form {
            LowByte::Opcode => {
                let name = OpcodeName(Opcode(header.flags()), self.generation);
                let message = format!(
                    "the opcode {name} is in bits [7:0] instead of [15:8]{more}: shift it left by 8, or the packet \
                     has opcode 0"
                );
                (Rule::OpcodeInLowByte, message)
            }
            LowByte::Count => {
                let (name, count) = (OpcodeName(header.opcode(), self.generation), header.flags());
                let message = format!(
                    "the count {count} of {name} is in bits [7:0] instead of [29:16]{more}: shift it left by 16, or \
                     operands are read as headers"
                );
                (Rule::CountInLowByte, message)
            }
        };
        self.report(rule, at, message);
        if let Some(frame) = self.frames.last_mut() {
            frame.muted_until = run.end;
        }
        true
    }

    pub(super) fn check_header(&mut self, at: &At<'_>) {
        if self.check_low_byte(at.at) {
            return;
        }
        let (header, opcode) = (at.header, at.header.opcode());
        let name = OpcodeName(opcode, self.generation);
        if header.reserved() != 0 {
            let message = format!("{:#010x} ({name}) has {:#04x} in bits [7:3]", header.0, header.reserved());
            self.report(Rule::ReservedHeaderBits, at.at, message);
        }
        if !opcode.is_named() {
            let message = format!("{:#010x} has opcode {:#04x}: no packet of gfx6 to gfx12", header.0, opcode.0);
            self.report(Rule::UnknownOpcode, at.at, message);
        } else if !opcode.is_defined(self.generation) {
            let message = format!("{name} ({:#04x}) does not exist on {}", opcode.0, self.options.gfx);
            self.report(Rule::OpcodeOfOtherGeneration, at.at, message);
        } else if header.count() == 0x3FFF && opcode != Opcode::NOP {
            let message = format!("{name} has count 0x3fff: give its body dwords minus 1");
            self.report(Rule::CountMinusOne, at.at, message);
        } else {
            self.check_length(at);
        }
        if opcode == Opcode::NOP {
            self.check_nop(at);
        }
    }

    fn check_length(&mut self, at: &At<'_>) {
        let name = OpcodeName(at.header.opcode(), self.generation);
        let body = at.header.body_dwords();
        if matches!(at.packet, Packet::Opaque(opaque) if opaque.layout.is_some()) {
            let message = format!("{name} has {body} body dwords and needs {}", lengths(at.header.opcode()));
            self.report(Rule::WrongLength, at.at, message);
        }
        let (compute, form) = (self.on_compute(), &at.packet);
        let other_ring = match form {
            Packet::DispatchIndirect(_) => !compute,
            Packet::DispatchIndirectOffset(_) => compute,
            _ => false,
        };
        if other_ring && self.in_user_stream() {
            let need = if compute { 3 } else { 2 };
            let message = format!("{name} has {body} body dwords, the other kind of ring's form; here it has {need}");
            self.report(Rule::WrongLength, at.at, message);
        }
    }

    /// A NOP whose body reads as packets from its first to its last dword, something else than NOPs among them.
    fn check_nop(&mut self, at: &At<'_>) {
        let (mut packets, mut others) = (0_usize, 0_usize);
        for item in Decoder::new(at.packet.tail()) {
            match item.kind {
                ItemKind::Packet { header, packet }
                    if header.is_plausible() && !matches!(packet, Packet::Opaque(_)) =>
                {
                    packets += 1;
                    others += usize::from(header.opcode() != Opcode::NOP);
                }
                _ => return,
            }
        }
        if others > 0 && packets > 1 {
            let message = format!(
                "its {} body dwords are {packets} packets, which don't run: check its count",
                at.packet.tail().len()
            );
            self.report(Rule::NopHidesPackets, at.at, message);
        }
    }

    /// Tells of skips that end before `at`, where a packet begins, and forgets those that end there.
    pub(super) fn check_skips(&mut self, at: usize) {
        while let Some((to, from)) = self.frames.last_mut().and_then(|frame| {
            let first = frame.skips.first().filter(|(to, _)| *to <= at).copied()?;
            frame.skips.remove(&first);
            Some(first)
        }) {
            if to < at {
                let message = format!("it skips to dword {to}, the middle of a packet: count whole packets");
                self.report(Rule::SkipIntoPacket, from, message);
            }
        }
    }
}
