//! All that the crate does with a stream that it is handed, and what must hold for any bytes.

use sparkle_pm4::decode::ItemKind;
use sparkle_pm4::decode::walk::{Limits, Memory, Step, walk};
use sparkle_pm4::lint::{self, Buffer, Options, RootKind};
use sparkle_pm4::stats::Stats;
use sparkle_pm4::text::{Palette, TextWriter};
use sparkle_pm4::{Decoder, Gfx, Ring};

/// Memory that holds the stream itself, at the address that its first dwords give.
struct Itself<'a>(u64, &'a [u32]);

impl Memory for Itself<'_> {
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]> {
        let first = usize::try_from(va.checked_sub(self.0)? / 4).ok()?;
        self.1.get(first..first.checked_add(dwords)?)
    }
}

/// The first four bytes choose the chip and the ring, the rest is the stream.
pub(crate) fn exercise(bytes: &[u8]) {
    let Some((&[chip, ring, kind, base], rest)) = bytes.split_first_chunk() else { return };
    let chips = ["gfx1010", "gfx1030", "gfx1100", "gfx1102", "gfx1151", "gfx1200"];
    let gfx: Gfx = chips[usize::from(chip) % chips.len()].parse().unwrap_or(Gfx::GFX1100);
    let ring = if ring % 2 == 0 { Ring::Compute } else { Ring::Gfx };
    let words: Vec<u32> =
        rest.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();

    let mut again = Vec::with_capacity(words.len());
    for item in Decoder::new(&words) {
        assert_eq!(item.at, again.len());
        match &item.kind {
            ItemKind::Packet { header, packet } => {
                again.extend(packet.header(header.flags()).map(|header| header.0));
                again.extend_from_slice(packet.head());
                again.extend_from_slice(packet.tail());
            }
            _ => again.extend_from_slice(item.words),
        }
    }
    assert_eq!(again, words, "a dword was lost or made up");

    let memory = Itself(u64::from(base) << 8, &words);
    let mut text = TextWriter::new(gfx, ring, Palette::default());
    let mut stats = Stats::default();
    for step in walk(&words, Some(memory.0), &memory, Limits { depth: 4, dwords: 1 << 16 }) {
        stats.step(&step);
        if let Step::Item { item, .. } = step {
            text.item(&item);
        }
    }
    text.flush();
    assert!(std::str::from_utf8(text.bytes()).is_ok());

    let root = if kind % 2 == 0 { RootKind::Ib } else { RootKind::KernelRing };
    let buffers = [Buffer {
        va: memory.0,
        size: 4 * words.len() as u64,
        readable: true,
        writable: kind & 2 != 0,
        executable: kind & 4 != 0,
        role: None,
    }];
    let buffers = (kind & 8 != 0).then_some(&buffers[..]);
    let options =
        Options { gfx, ring, root, buffers, memory_synced: kind & 16 != 0, partial: kind & 32 != 0, programs: None };
    for finding in lint::lint(&words, Some(memory.0), &memory, &options) {
        assert!(!finding.message.is_empty());
    }
}
