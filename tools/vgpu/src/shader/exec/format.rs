//! Buffer formats: bits in memory to channels and back.
//!
//! Numbers and names: the assembler's (LLVM `AMDGPUBaseInfo`, `UfmtSymbolicGFX11`). A name lists the channels from the
//! highest bits down, so the last is X; where all have the same width that makes no difference to the size of each.

use sparkle_rdna3::Op;

use crate::shader::lane::{Mode, Round, convert};

/// What the bits of a channel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unorm,
    Snorm,
    Uscaled,
    Sscaled,
    Uint,
    Sint,
    Float,
}

/// A format: bits of each channel from X up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    bits: &'static [u8],
    kind: Kind,
}

const SIX: [Kind; 6] = [Kind::Unorm, Kind::Snorm, Kind::Uscaled, Kind::Sscaled, Kind::Uint, Kind::Sint];
const SEVEN: [Kind; 7] = [Kind::Unorm, Kind::Snorm, Kind::Uscaled, Kind::Sscaled, Kind::Uint, Kind::Sint, Kind::Float];
const FOUR: [Kind; 4] = [Kind::Unorm, Kind::Snorm, Kind::Uint, Kind::Sint];
const THREE: [Kind; 3] = [Kind::Uint, Kind::Sint, Kind::Float];

/// Formats from number 1 up: channels, and the kinds they come in.
const TABLE: [(&[u8], &[Kind]); 14] = [
    (&[8], &SIX),
    (&[16], &SEVEN),
    (&[8, 8], &SIX),
    (&[32], &THREE),
    (&[16, 16], &SEVEN),
    (&[11, 11, 10], &[Kind::Float]),
    (&[10, 11, 11], &[Kind::Float]),
    (&[2, 10, 10, 10], &FOUR),
    (&[10, 10, 10, 2], &SIX),
    (&[8, 8, 8, 8], &SIX),
    (&[32, 32], &THREE),
    (&[16, 16, 16, 16], &SEVEN),
    (&[32, 32, 32], &THREE),
    (&[32, 32, 32, 32], &THREE),
];

impl Format {
    /// The format of a number; `None` for 0, which reads as zeros.
    pub(crate) fn find(number: u32) -> Result<Option<Self>, &'static str> {
        if number == 0 {
            return Ok(None);
        }
        let all = TABLE.iter().flat_map(|&(bits, kinds)| kinds.iter().map(move |&kind| Self { bits, kind }));
        match (1..).zip(all).find_map(|(at, format)| (at == number).then_some(format)) {
            Some(format) => Ok(Some(format)),
            None => Err("this buffer format"),
        }
    }

    /// Bytes of an element.
    pub(crate) fn bytes(&self) -> u32 {
        self.bits.iter().map(|&bits| u32::from(bits)).sum::<u32>() / 8
    }

    /// The selection that `TBUFFER_*` have: each channel of the format as it is, and 0 for the others.
    /// Source: guide, section 9.3, "DST_SEL identity".
    pub(crate) fn identity(&self) -> u32 {
        (0..).zip(self.bits).fold(0, |selects, (at, _)| selects | (4 + at) << (at * 3))
    }

    /// Channels of an element as a load returns them, after the resource's selection. Out of range (`None`) all
    /// channels are 0 but those that the selection makes 1.
    /// Source: guide, sections 9.3.1 (floats of 32 bits are cut to 16) and 9.4.1, note 1.
    pub(crate) fn decode(&self, bytes: Option<&[u8; 16]>, selects: u32, half: bool) -> [u32; 4] {
        let mut raw = bytes.map_or(0, |bytes| u128::from_le_bytes(*bytes));
        let integer = matches!(self.kind, Kind::Uint | Kind::Sint);
        let one = if integer { 1 } else { 1.0f32.to_bits() };
        let mut channels = [0, 0, 0, if bytes.is_some() { one } else { 0 }];
        for (channel, &bits) in channels.iter_mut().zip(self.bits) {
            let field = (raw & ((1 << bits) - 1)) as u32; // CAST: at most 32 bits
            raw >>= bits;
            *channel = self.value(field, bits);
        }
        let mode = if self.kind == Kind::Float { Mode { round_f16_f64: Round::Zero, ..MODE } } else { MODE };
        [0, 1, 2, 3].map(|at| {
            let value = match selects >> (at * 3) & 7 {
                1 => one,
                select @ 4..=7 => channels.get(select as usize - 4).copied().unwrap_or(0), // CAST: below 8
                _ => 0,
            };
            match (half, integer) {
                (true, false) => convert::f16_from_f32(mode, value).into(),
                (true, true) => value & 0xffff,
                _ => value,
            }
        })
    }

    /// A channel's field as f32 or integer.
    fn value(&self, field: u32, bits: u8) -> u32 {
        let signed = (field << (32 - bits)) as i32 >> (32 - bits); // CAST: sign extension
        let float = |x: f64| (x as f32).to_bits(); // CAST: rounds to nearest
        match self.kind {
            Kind::Uint => field,
            Kind::Sint => signed as u32, // CAST: two's complement
            Kind::Float if bits == 16 => convert::f32_from_f16(MODE, field as u16), // CAST: 16 bits
            // Without a sign, and with fewer bits than f16 below: an f16 but for these.
            Kind::Float if bits < 16 => convert::f32_from_f16(MODE, (field << (15 - bits)) as u16), // CAST: 15 bits
            Kind::Float => field,
            Kind::Uscaled => float(field.into()),
            Kind::Sscaled => float(signed.into()),
            Kind::Unorm => float(f64::from(field) / f64::from((1u32 << bits) - 1)),
            Kind::Snorm => float((f64::from(signed) / f64::from((1u32 << (bits - 1)) - 1)).max(-1.0)),
        }
    }

    /// The bytes of an element of these channels; the selection says which of them goes where, or what constant.
    /// Source: guide, section 9.3, table 42.
    pub(crate) fn encode(&self, channels: [u32; 4], selects: u32, half: bool) -> [u8; 16] {
        let integer = matches!(self.kind, Kind::Uint | Kind::Sint);
        let one = match (integer, half) {
            (true, _) => 1,
            (false, true) => 0x3c00,
            (false, false) => 1.0f32.to_bits(),
        };
        let mut raw = 0u128;
        let mut at = 0;
        for (channel, &bits) in (0..).zip(self.bits) {
            let channel = match selects >> (channel * 3) & 7 {
                1 => one,
                select @ 4..=7 => channels.get(select as usize - 4).copied().unwrap_or(0), // CAST: below 8
                _ => 0,
            };
            let channel = match (half, integer) {
                (true, false) => convert::f32_from_f16(MODE, channel as u16), // CAST: the low half holds the value
                (true, true) if self.kind == Kind::Sint => convert::i32_from_i16(channel as u16), // CAST: as above
                _ => channel,
            };
            let field = u128::from(self.field(channel, bits)) & ((1 << bits) - 1);
            raw |= field << at;
            at += u32::from(bits);
        }
        raw.to_le_bytes()
    }

    /// A channel's value as its field; floats saturate, integers too.
    fn field(&self, channel: u32, bits: u8) -> u32 {
        let x = f64::from(f32::from_bits(channel));
        let (top, half) = ((1u64 << bits) - 1, (1i64 << (bits - 1)) - 1);
        let limits = (-half as f64 - 1.0, half as f64); // CAST: exact
        match self.kind {
            Kind::Uint => channel.min(top as u32), // CAST: at most 32 bits
            Kind::Sint => i64::from(channel as i32).clamp(-half - 1, half) as u32, // CAST: two's complement
            Kind::Float if bits == 16 => convert::f16_from_f32(MODE, channel).into(),
            Kind::Float if bits < 16 => small_float(channel, bits),
            Kind::Float => channel,
            Kind::Uscaled => x.trunc().clamp(0.0, top as f64) as u32, // CAST: saturates; NaN is 0
            Kind::Sscaled => x.trunc().clamp(limits.0, limits.1) as i32 as u32, // CAST: saturates; two's complement
            Kind::Unorm => (x.clamp(0.0, 1.0) * top as f64).round_ties_even() as u32, // CAST: as above
            Kind::Snorm => (x.clamp(-1.0, 1.0) * limits.1).round_ties_even() as i32 as u32, // CAST: as above
        }
    }
}

/// A float without a sign, of 10 or 11 bits with f16's exponent: negative values become 0. Rounds to nearest even.
fn small_float(x: u32, bits: u8) -> u32 {
    let drop = 15 - bits;
    let number = f32::from_bits(x);
    if number.is_nan() {
        return (1 << bits) - 1;
    }
    // A multiple of what the format can hold, by adding and taking away a number whose last place is that.
    // Denormals have the last place of the least exponent; what is far above the greatest becomes infinite anyway.
    let exponent = (x >> 23 & 0xff).clamp(127 - 14, 200);
    let unit = f32::from_bits((exponent + 13 + u32::from(drop)) << 23);
    let rounded = if number.is_finite() { number.max(0.0) + unit - unit } else { number.max(0.0) };
    u32::from(convert::f16_from_f32(MODE, rounded.to_bits())) >> drop
}

/// Conversions of the texture unit: to nearest even, nothing flushed.
const MODE: Mode = Mode { denorm_f32: crate::shader::lane::Denorm::KEEP, ..Mode::BENCH };

/// Which channels an operation moves and how registers hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) store: bool,
    pub(crate) channels: u8,
    /// Two channels of 16 bits to a register.
    pub(crate) half: bool,
    /// The one channel is in the high half.
    high: bool,
}

impl Transfer {
    pub(crate) fn of(op: Op) -> Self {
        let name = op.mnemonic();
        let channels = name.rsplit_once('_').map_or(1, |(_, channels)| channels.len() as u8); // CAST: at most 4
        Self { store: name.contains("_store_"), channels, half: name.contains("d16"), high: name.contains("d16_hi") }
    }

    /// Registers of data.
    pub(crate) const fn dwords(self) -> u8 {
        if self.half { self.channels.div_ceil(2) } else { self.channels }
    }

    /// Channels from registers.
    pub(crate) fn gather(self, data: [u32; 4]) -> [u32; 4] {
        let [a, b, ..] = data;
        match (self.half, self.high) {
            (true, true) => [a >> 16, 0, 0, 0],
            (true, false) => [a & 0xffff, a >> 16, b & 0xffff, b >> 16],
            _ => data,
        }
    }

    /// Registers from channels; halves that no channel goes to stay.
    pub(crate) fn scatter(self, values: [u32; 4], old: [u32; 4], channels: usize) -> Vec<(u8, u32)> {
        if !self.half {
            return (0..).zip(values).take(channels).collect();
        }
        if self.high {
            return vec![(0, old[0] & 0xffff | values[0] << 16)];
        }
        let (pairs, _) = values.as_chunks::<2>();
        (0..)
            .zip(pairs)
            .zip(old)
            .take(channels.div_ceil(2))
            .map(|((register, [low, high]), old)| {
                let full = usize::from(register) * 2 + 1 < channels;
                (register, low & 0xffff | if full { high << 16 } else { old & 0xffff_0000 })
            })
            .collect()
    }
}
