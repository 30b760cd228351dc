//! benchdnn's problem descriptors: `mb1ic64ih56iw56oc64oh56ow56kh3kw3sh1sw1ph1pw1dh0dw0g1n"name"`.
//!
//! Source: oneDNN, tests/benchdnn/conv/conv_aux.cpp (`str2desc`) and dnnl_common (`sanitize_desc`).
//!
//! A descriptor states the padding at the top and left, and the output. Several paddings at the bottom and right
//! may give that output, since a stride can leave rows unused; they all compute the same. [`parse`] takes the
//! symmetric one where it fits, else the smallest.

use super::{ProblemText, TextError, check_plain, number};
use crate::conv::{ConvProblem, ConvSpec, DType, Layout, Padding};
use std::fmt::Write as _;

const FORM: &str = "a benchdnn descriptor";
const KEYS: [&str; 22] = [
    "g", "mb", "ic", "oc", "ih", "iw", "oh", "ow", "kh", "kw", "sh", "sw", "ph", "pw", "dh", "dw", "id", "od", "kd",
    "sd", "pd", "dd",
];
const KEY_LIST: &str =
    "one of g, mb, ic, oc, ih, iw, oh, ow, kh, kw, sh, sw, ph, pw, dh, dw with its number, or n\"NAME\" at the end";
/// The keys of [`Axis`], in the order of its fields.
const HEIGHT_KEYS: [&str; 6] = ["ih", "kh", "sh", "dh", "oh", "ph"];
const WIDTH_KEYS: [&str; 6] = ["iw", "kw", "sw", "dw", "ow", "pw"];
/// How many of [`KEYS`] are 2-D; the rest is refused.
const PLANAR_KEYS: usize = 16;

/// Whether `text` begins as a descriptor does: with a key and a digit.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c == '_' || c.is_whitespace());
    key_at(text).is_some_and(|key| text[KEYS[key].len()..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Parses a descriptor. Layout, type and epilogue can't be said in one and have their defaults.
///
/// # Errors
/// [`TextError`] with the position or the key at fault.
pub fn parse(text: &str) -> Result<ProblemText, TextError> {
    let text = text.trim();
    let (keys, name) = scan(text)?;
    let mut notes = Vec::new();
    let batch = keys.get("mb").unwrap_or_else(|| {
        notes.push("no mb in the descriptor: the batch is 1 (benchdnn itself takes 2)".to_owned());
        1
    });
    let height = Axis::height(&keys)?;
    let width = Axis::width(&keys, &height, &mut notes)?;
    let ([top, bottom], [left, right]) = (height.padding("height")?, width.padding("width")?);
    let spec = ConvSpec {
        batch,
        in_channels: keys.require("ic")?,
        input: [height.input, width.input],
        out_channels: keys.require("oc")?,
        kernel: [height.kernel, width.kernel],
        stride: [height.stride, width.stride],
        padding: Padding { top, left, bottom, right },
        dilation: [height.step("dh")?, width.step("dw")?],
        groups: keys.get("g").unwrap_or(1),
        layout: Layout::default(),
        dtype: DType::default(),
        epilogue: Default::default(),
    };
    let problem = ConvProblem::with_output(spec, height.output, width.output)?;
    Ok(ProblemText { name, ..ProblemText::new(problem, notes) })
}

/// Prints the full descriptor, with the name where there is one.
///
/// # Errors
/// [`TextError::Inexpressible`] for a layout other than NCHW, a type other than f32, any epilogue, and padding at
/// the bottom or right that differs from what the output implies.
pub fn print(problem: &ConvProblem, name: Option<&str>) -> Result<String, TextError> {
    let s = problem.spec();
    let inexpressible = |what: String| Err(TextError::Inexpressible { what, form: FORM });
    check_plain(problem, FORM)?;
    if s.epilogue.bias {
        return inexpressible("a bias".into());
    }
    if s.layout != Layout::Nchw {
        return inexpressible(format!("the layout {}", s.layout));
    }
    if s.dtype != DType::F32 {
        return inexpressible(format!("the type {}", s.dtype));
    }
    let [oh, ow] = problem.output();
    let mut text =
        format!("mb{}ic{}ih{}iw{}oc{}oh{oh}ow{ow}", s.batch, s.in_channels, s.input[0], s.input[1], s.out_channels);
    let pairs = [
        ("k", s.kernel),
        ("s", s.stride),
        ("p", [s.padding.top, s.padding.left]),
        ("d", [s.dilation[0] - 1, s.dilation[1] - 1]),
    ];
    for (key, [h, w]) in pairs {
        let _ = write!(text, "{key}h{h}{key}w{w}"); // into a string, can't fail
    }
    let _ = write!(text, "g{}", s.groups);
    // What the form says of the bottom and right is exactly what reading it back gives.
    let implied = parse(&text)?.problem.spec().padding;
    for (side, stated, implied) in
        [("bottom", s.padding.bottom, implied.bottom), ("right", s.padding.right, implied.right)]
    {
        if stated != implied {
            return inexpressible(format!("padding {stated} at the {side} (its output implies {implied})"));
        }
    }
    if let Some(name) = name {
        let _ = write!(text, "n\"{name}\"");
    }
    Ok(text)
}

/// The numbers of a descriptor, in the order of [`KEYS`].
struct Keys([Option<usize>; PLANAR_KEYS]);

impl Keys {
    fn get(&self, key: &str) -> Option<usize> {
        let index = KEYS.iter().position(|known| *known == key)?;
        self.0.get(index).copied().flatten()
    }

    fn require(&self, key: &'static str) -> Result<usize, TextError> {
        self.get(key).ok_or(TextError::MissingKey { key })
    }

    fn any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.get(key).is_some())
    }
}

fn key_at(text: &str) -> Option<usize> {
    KEYS.iter().position(|key| text.starts_with(key))
}

fn scan(text: &str) -> Result<(Keys, Option<String>), TextError> {
    let mut keys = Keys([None; PLANAR_KEYS]);
    let mut position = 0;
    while position < text.len() {
        let rest = &text[position..];
        if rest.starts_with('_') {
            position += 1;
            continue;
        }
        if let Some(name) = rest.strip_prefix('n') {
            return Ok((keys, parse_name(name)?));
        }
        let Some(index) = key_at(rest) else {
            let found = rest.chars().take(8).collect();
            return Err(TextError::UnknownKey { position, found, keys: KEY_LIST });
        };
        let key = KEYS[index];
        let Some(slot) = keys.0.get_mut(index) else {
            return Err(TextError::ThreeD { key: key.into() });
        };
        if slot.is_some() {
            return Err(TextError::DuplicateKey { key, position });
        }
        let digits = &rest[key.len()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        if end == 0 {
            let given = digits.chars().take(8).collect();
            return Err(TextError::Value { key: key.into(), expected: "a whole number", given });
        }
        *slot = Some(number(key, &digits[..end])?);
        position += key.len() + end;
    }
    Ok((keys, None))
}

fn parse_name(name: &str) -> Result<Option<String>, TextError> {
    match name.strip_prefix('"') {
        None if name.is_empty() => Ok(None),
        None => Ok(Some(name.into())),
        Some(quoted) => {
            let inner = quoted.strip_suffix('"');
            inner.map(|name| Some(name.into())).ok_or_else(|| TextError::UnclosedName { given: name.into() })
        }
    }
}

/// One spatial axis of a descriptor.
struct Axis {
    input: usize,
    kernel: usize,
    stride: usize,
    /// Rows or columns between taps, 0 = none: benchdnn's `d`.
    gap: usize,
    output: Option<usize>,
    /// Padding at the top or left.
    before: Option<usize>,
}

impl Axis {
    fn height(keys: &Keys) -> Result<Self, TextError> {
        if keys.any(&["iw", "kw"]) && !keys.any(&HEIGHT_KEYS) {
            // benchdnn's 1-D convolution: only the width is said, and the height is one row.
            return Ok(Self { input: 1, kernel: 1, stride: 1, gap: 0, output: None, before: None });
        }
        Self::stated(keys, HEIGHT_KEYS)
    }

    fn width(keys: &Keys, height: &Self, notes: &mut Vec<String>) -> Result<Self, TextError> {
        if !keys.any(&HEIGHT_KEYS) {
            return Self::stated(keys, WIDTH_KEYS);
        }
        let inherited: Vec<&str> = WIDTH_KEYS
            .into_iter()
            .zip(HEIGHT_KEYS)
            .filter(|(w, h)| keys.get(w).is_none() && keys.get(h).is_some())
            .map(|(w, _)| w)
            .collect();
        if !inherited.is_empty() && keys.any(&WIDTH_KEYS) {
            notes.push(format!(
                "{} taken from the height (benchdnn itself does so only where no key of the width is given)",
                inherited.join(", ")
            ));
        }
        Ok(Self {
            input: keys.get("iw").unwrap_or(height.input),
            kernel: keys.get("kw").unwrap_or(height.kernel),
            stride: keys.get("sw").unwrap_or(height.stride),
            gap: keys.get("dw").unwrap_or(height.gap),
            output: keys.get("ow").or(height.output),
            before: keys.get("pw").or(height.before),
        })
    }

    fn stated(keys: &Keys, names: [&'static str; 6]) -> Result<Self, TextError> {
        let [input, kernel, stride, gap, output, before] = names;
        Ok(Self {
            input: keys.require(input)?,
            kernel: keys.require(kernel)?,
            stride: keys.get(stride).unwrap_or(1),
            gap: keys.get(gap).unwrap_or(0),
            output: keys.get(output),
            before: keys.get(before),
        })
    }

    /// Step between taps, as a [`ConvSpec`] has it.
    fn step(&self, key: &str) -> Result<usize, TextError> {
        let overflow = || TextError::Overflow { key: key.into(), given: self.gap.to_string() };
        self.gap.checked_add(1).ok_or_else(overflow)
    }

    /// Padding before and after the input.
    fn padding(&self, name: &'static str) -> Result<[usize; 2], TextError> {
        // A stride of 0 is refused with the problem's other sizes.
        let Some(output) = self.output.filter(|_| self.stride > 0) else {
            let before = self.before.unwrap_or(0);
            return Ok([before, before]);
        };
        // Wide enough for any product of two sizes; the problem's own checks come later.
        let [input, kernel, stride, gap] = [self.input, self.kernel, self.stride, self.gap].map(|v| v as i128);
        let overflow = || TextError::Overflow { key: format!("output {name}"), given: output.to_string() };
        let reach = (kernel - 1).checked_mul(gap + 1).and_then(|span| span.checked_add(1));
        let spanned = (output as i128 - 1).checked_mul(stride);
        let total = reach.zip(spanned).and_then(|(reach, spanned)| reach.checked_add(spanned - input));
        let total = total.ok_or_else(overflow)?;
        let before = match self.before {
            Some(before) => before,
            None => usize::try_from((total / 2).max(0)).map_err(|_| overflow())?,
        };
        // Everything in `smallest..smallest + stride` gives this output.
        let smallest = total - before as i128;
        if smallest + stride <= 0 {
            let room = input + before as i128 - reach.unwrap_or(0);
            let limit = usize::try_from(room / stride + 1).unwrap_or(0);
            return Err(TextError::NegativePadding { axis: name, output, input: self.input, before, limit });
        }
        let symmetric = (smallest..smallest + stride).contains(&(before as i128));
        let after = if symmetric { before as i128 } else { smallest.max(0) };
        Ok([before, usize::try_from(after).map_err(|_| overflow())?])
    }
}
