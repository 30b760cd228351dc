//! Reading a spec.

use serde_json::{Map, Value};
use sparkle_rdna3::{Target, WaveSize};
use thiserror::Error;

use crate::shader::{Chip, EXEC, M0, VCC};

/// A spec that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{key}`: {problem}")]
pub struct SpecError {
    key: String,
    problem: String,
}

impl SpecError {
    pub(super) fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

type Result<T> = std::result::Result<T, SpecError>;

/// Memory at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) va: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) nan: bool,
}

/// Registers by number with a value for each lane.
pub(super) type Vgprs = Vec<(u8, Vec<u32>)>;

/// What a run should leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) sgpr: Vec<(u8, u32)>,
    pub(super) vgpr: Vgprs,
    pub(super) vcc: Option<u64>,
    pub(super) exec: Option<u64>,
    pub(super) scc: Option<u32>,
    pub(super) m0: Option<u32>,
    pub(super) lds: Option<Vec<u8>>,
    pub(super) memory: Vec<Memory>,
    /// f32 NaNs are equal.
    pub(super) nan: bool,
}

/// What the spec names beside numbered registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// VCC, M0 and EXEC, by operand number.
    pub(super) scalars: u128,
    pub(super) scc: bool,
    /// Bytes of LDS.
    pub(super) lds: usize,
}

/// One spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub(super) name: Option<String>,
    pub(super) target: Target,
    pub(super) chip: Chip,
    pub(super) named: Named,
    pub(super) code: Vec<u32>,
    pub(super) sgpr: Vec<(u8, u32)>,
    pub(super) vgpr: Vgprs,
    pub(super) exec: u64,
    pub(super) vcc: u64,
    pub(super) scc: bool,
    pub(super) m0: u32,
    pub(super) mode: u32,
    pub(super) lds: Vec<u8>,
    pub(super) scratch_bytes: usize,
    pub(super) memory: Vec<Memory>,
    pub(super) want: Option<Want>,
}

/// MODE where the spec has none: the assembler's defaults.
const DEFAULT_MODE: u32 = 0x3c0;
/// The most LDS a workgroup has, in bytes.
const MAX_LDS: u64 = 128 << 10;
/// The most scratch a lane may be given, in bytes.
const MAX_SCRATCH: u64 = 16 << 20;
/// The most memory of one entry given by its size, in bytes.
const MAX_MEMORY: u64 = 1 << 32;

impl Spec {
    /// Reads a spec.
    ///
    /// # Errors
    /// The first key whose value can't be used.
    pub fn parse(value: &Value) -> Result<Self> {
        let map = value.as_object().ok_or_else(|| SpecError::new("spec", "is no JSON object"))?;
        let wave = match number(map, "wave_size")?.unwrap_or(32) {
            32 => WaveSize::Wave32,
            64 => WaveSize::Wave64,
            other => return Err(SpecError::new("wave_size", format!("{other} is neither 32 nor 64"))),
        };
        let chip = match map.get("gfx").map_or(Some("gfx1100"), Value::as_str) {
            Some("gfx1152") => Chip::find("gfx1150"),
            name => name.and_then(Chip::find),
        };
        let chip = chip.ok_or_else(|| SpecError::new("gfx", "is none of gfx1100 to gfx1103, gfx1150 to gfx1152"))?;
        let lanes = if wave == WaveSize::Wave64 { 64 } else { 32 };
        let mut lds = bytes(map, "lds")?.unwrap_or_default();
        let has = |key: &str| map.get(key).is_some_and(|value| !value.is_null());
        let mask = |key, first: u8| if has(key) { 0b11u128 << first } else { 0 };
        let named = Named {
            scalars: mask("vcc", VCC) | mask("exec", EXEC) | if has("m0") { 1 << M0 } else { 0 },
            scc: has("scc"),
            lds: lds.len(),
        };
        let lds_bytes = within(map, "lds_bytes", MAX_LDS)?.max(lds.len());
        lds.resize(lds_bytes, 0);
        Ok(Self {
            name: map.get("name").and_then(Value::as_str).map(str::to_owned),
            target: chip.target(wave),
            chip,
            named,
            code: words(&bytes(map, "code")?.ok_or_else(|| SpecError::new("code", "is missing"))?)?,
            sgpr: scalars(map)?,
            vgpr: vectors(map, lanes)?,
            exec: number(map, "exec")?.unwrap_or(0),
            vcc: number(map, "vcc")?.unwrap_or(0),
            scc: flag(map, "scc")?.unwrap_or(0) != 0,
            m0: dword(map, "m0")?.unwrap_or(0),
            mode: dword(map, "mode")?.unwrap_or(DEFAULT_MODE),
            lds,
            scratch_bytes: within(map, "scratch_bytes", MAX_SCRATCH)?,
            memory: memory(map)?,
            want: map
                .get("want")
                .filter(|want| !want.is_null())
                .map(|want| Want::parse(want, map, lanes))
                .transpose()?,
        })
    }
}

impl Spec {
    /// Whether it says what should come out.
    #[must_use]
    pub const fn has_want(&self) -> bool {
        self.want.is_some()
    }
}

impl Want {
    fn parse(value: &Value, spec: &Map<String, Value>, lanes: usize) -> Result<Self> {
        let map = value.as_object().ok_or_else(|| SpecError::new("want", "is no JSON object"))?;
        Ok(Self {
            sgpr: scalars(map)?,
            vgpr: vectors(map, lanes)?,
            vcc: number(map, "vcc")?,
            exec: number(map, "exec")?,
            scc: flag(map, "scc")?,
            m0: dword(map, "m0")?,
            lds: bytes(map, "lds")?,
            memory: memory(map)?,
            nan: is_true(map, "nan") || is_true(spec, "nan"),
        })
    }
}

fn is_true(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A number, or text with a number in decimal or, with `0x`, in hexadecimal.
fn value(key: &str, value: &Value) -> Result<u64> {
    let found = match value {
        Value::String(text) => match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
        Value::Bool(set) => Some(u64::from(*set)),
        other => other.as_u64(),
    };
    found.ok_or_else(|| SpecError::new(key, format!("{value} is no number of 0 to 2^64 - 1")))
}

fn number(map: &Map<String, Value>, key: &str) -> Result<Option<u64>> {
    map.get(key).filter(|found| !found.is_null()).map(|found| value(key, found)).transpose()
}

fn to_dword(key: &str, found: u64) -> Result<u32> {
    u32::try_from(found).map_err(|_| SpecError::new(key, format!("{found} does not fit into a dword")))
}

fn dword(map: &Map<String, Value>, key: &str) -> Result<Option<u32>> {
    number(map, key)?.map(|found| to_dword(key, found)).transpose()
}

fn flag(map: &Map<String, Value>, key: &str) -> Result<Option<u32>> {
    match dword(map, key)? {
        Some(found) if found > 1 => Err(SpecError::new(key, format!("{found} is neither 0 nor 1"))),
        found => Ok(found),
    }
}

fn within(map: &Map<String, Value>, key: &str, limit: u64) -> Result<usize> {
    let found = number(map, key)?.unwrap_or(0);
    match usize::try_from(found) {
        Ok(found_bytes) if found <= limit => Ok(found_bytes),
        _ => Err(SpecError::new(key, format!("{found} bytes are more than {limit}"))),
    }
}

/// Text of hexadecimal digits, blanks allowed between bytes.
fn hex(key: &str, text: &str) -> Result<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).map(|digit| digit as u8)) // CAST: below 16
        .collect::<Option<_>>()
        .ok_or_else(|| SpecError::new(key, "holds something else than hexadecimal digits"))?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(SpecError::new(key, "has an odd number of hexadecimal digits"));
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn bytes(map: &Map<String, Value>, key: &str) -> Result<Option<Vec<u8>>> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => hex(key, text).map(Some),
        Some(_) => Err(SpecError::new(key, "is no text of hexadecimal digits")),
    }
}

fn words(code: &[u8]) -> Result<Vec<u32>> {
    let (words, rest) = code.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(SpecError::new("code", format!("{} bytes are no whole number of dwords", code.len())));
    }
    Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

fn registers<'a>(map: &'a Map<String, Value>, key: &str, limit: u8) -> Result<Vec<(u8, &'a Value)>> {
    let Some(found) = map.get(key).filter(|found| !found.is_null()) else { return Ok(Vec::new()) };
    let entries = found.as_object().ok_or_else(|| SpecError::new(key, "is no JSON object"))?;
    entries
        .iter()
        .map(|(name, value)| match name.parse::<u8>() {
            Ok(index) if index <= limit => Ok((index, value)),
            _ => Err(SpecError::new(key, format!("{name} is no register of 0 to {limit}"))),
        })
        .collect()
}

fn scalars(map: &Map<String, Value>) -> Result<Vec<(u8, u32)>> {
    registers(map, "sgpr", 127)?
        .into_iter()
        .map(|(index, found)| Ok((index, to_dword("sgpr", value("sgpr", found)?)?)))
        .collect()
}

fn vectors(map: &Map<String, Value>, lanes: usize) -> Result<Vgprs> {
    registers(map, "vgpr", 255)?
        .into_iter()
        .map(|(index, found)| {
            let values = match found {
                Value::Array(list) => {
                    list.iter().map(|one| to_dword("vgpr", value("vgpr", one)?)).collect::<Result<Vec<_>>>()?
                }
                one => vec![to_dword("vgpr", value("vgpr", one)?)?; lanes],
            };
            if values.len() == lanes {
                Ok((index, values))
            } else {
                Err(SpecError::new("vgpr", format!("v{index} has {} values for {lanes} lanes", values.len())))
            }
        })
        .collect()
}

fn memory(map: &Map<String, Value>) -> Result<Vec<Memory>> {
    let Some(found) = map.get("memory").filter(|found| !found.is_null()) else { return Ok(Vec::new()) };
    let list = found.as_array().ok_or_else(|| SpecError::new("memory", "is no list"))?;
    list.iter()
        .map(|entry| {
            let entry = entry.as_object().ok_or_else(|| SpecError::new("memory", "has an entry that is no object"))?;
            let va = number(entry, "va")?.ok_or_else(|| SpecError::new("memory", "has an entry with no va"))?;
            let mut contents = bytes(entry, "hex")?.unwrap_or_default();
            let size = within(entry, "size", MAX_MEMORY)?.max(contents.len());
            contents.resize(size, 0);
            Ok(Memory { va, bytes: contents, nan: is_true(entry, "nan") })
        })
        .collect()
}
