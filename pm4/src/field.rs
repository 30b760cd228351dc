//! What is wrong with a value that does not fit the bits that should hold it.

/// A value that does not fit its field. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{owner}.{field} = {value:#x} does not fit {bits} bits: the largest value is {max:#x}", max = max(*bits))]
pub struct FieldError {
    /// Packet or register, spelled as AMD's headers do.
    pub owner: &'static str,
    /// Field, spelled as AMD's headers do.
    pub field: &'static str,
    /// The value that was refused.
    pub value: u64,
    /// Width of the field, bits.
    pub bits: u32,
}

/// The largest value of a field of `bits` bits.
pub(crate) const fn max(bits: u32) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// Bits `hi..=lo` of `word`, shifted down.
pub(crate) const fn extract(word: u32, hi: u32, lo: u32) -> u32 {
    (word >> lo) & (max(hi - lo + 1) as u32) // CAST: at most 32 bits
}

/// `word` with bits `hi..=lo` replaced by the low bits of `value`.
pub(crate) const fn insert(word: u32, hi: u32, lo: u32, value: u32) -> u32 {
    let mask = (max(hi - lo + 1) as u32) << lo; // CAST: at most 32 bits
    (word & !mask) | ((value << lo) & mask)
}
