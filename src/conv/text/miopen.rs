//! MIOpenDriver lines, as MIOpen's log prints them: `./bin/MIOpenDriver conv -n 1 -c 64 -H 56 -W 56 -k 64 -y 3 -x 3 ...`.
//!
//! Source: ROCm/rocm-libraries, projects/miopen/driver: InputFlags.cpp (`Parse`), conv_driver.hpp
//! (`SetConvDescriptorFromCmdLineArgs`: padding modes).
//!
//! MIOpen's names, short and long, take a value and are MIOpen's; any other `--` option is ours and passes through.
//! Three long names are in both. `--verify` and `--bias` are MIOpen's with 0 or 1 and ours otherwise; `--weights`
//! names a file in both and is ours.

mod flags;

use self::flags::{COMMANDS, DEFAULTS, FLAGS, Meaning, Size};
use super::{ProblemText, TextError, check_plain, number};
use crate::conv::{ConvProblem, ConvSpec, DType, Epilogue, Layout, Padding};

const FORM: &str = "a MIOpenDriver line";

/// Splits a pasted line into words at whitespace; a word in quotes may contain some.
pub fn split_line(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        // A quote without its partner, as in a log's prose, is an ordinary character.
        let quoted = rest.strip_prefix(['"', '\'']).and_then(|inner| inner.split_once(first));
        let (word, tail) = quoted.unwrap_or_else(|| rest.split_once(char::is_whitespace).unwrap_or((rest, "")));
        words.push(word.to_owned());
        rest = tail.trim_start();
    }
    words
}

/// Whether one of `words`, or of the words of a quoted line among them, is a command of MIOpenDriver.
pub fn is_line(words: &[String]) -> bool {
    find_command(words).is_some()
}

/// Parses a line; everything before its command (`conv`, `convfp16`) is ignored.
///
/// `takes_value` tells which of our own options (named without their dashes) are followed by a value.
///
/// # Errors
/// [`TextError`] with the flag at fault; anything but a forward 2-D convolution in f32 or f16 is refused.
pub fn parse(words: &[String], takes_value: impl Fn(&str) -> bool) -> Result<ProblemText, TextError> {
    let Some((command, arguments)) = find_command(words) else {
        return Err(TextError::NoProblem { word: words.first().cloned().unwrap_or_default() });
    };
    let dtype = COMMANDS.iter().find(|(name, _)| *name == command).and_then(|(_, dtype)| *dtype);
    let Some(dtype) = dtype else {
        return Err(TextError::Unsupported { what: command, why: "use conv (f32) or convfp16 (f16)" });
    };
    let mut line = Line::default();
    let mut ours = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(word) = arguments.next() {
        match classify(&word, arguments.peek().map(String::as_str))? {
            Word::Flag { flag, meaning, value } => {
                let value = match value {
                    Some(value) => value,
                    None => arguments.next().ok_or(TextError::MissingValue { flag: flag.clone() })?,
                };
                line.set(flag, meaning, value)?;
            }
            Word::Ours { name, has_value } => {
                let value = if !has_value && takes_value(&name) { arguments.next() } else { None };
                ours.push(word);
                ours.extend(value);
            }
        }
    }
    Ok(ProblemText { ours, ..line.finish(dtype)? })
}

/// Prints the line from its command on.
///
/// # Errors
/// [`TextError::Inexpressible`] for padding that differs between opposite sides, an activation, and a residual.
pub fn print(problem: &ConvProblem) -> Result<String, TextError> {
    check_plain(problem, FORM)?;
    let s = problem.spec();
    let Padding { top, left, bottom, right } = s.padding;
    if (top, left) != (bottom, right) {
        let what = format!("asymmetric padding {top},{left},{bottom},{right}");
        return Err(TextError::Inexpressible { what, form: FORM });
    }
    let command = match s.dtype {
        DType::F32 => "conv",
        DType::F16 => "convfp16",
    };
    let ([h, w], [y, x], [u, v], [l, j]) = (s.input, s.kernel, s.stride, s.dilation);
    let layout = match s.layout {
        Layout::Nchw => "",
        Layout::Nhwc => " -I NHWC -O NHWC -f NHWC",
    };
    let bias = if s.epilogue.bias { " -b 1" } else { "" };
    Ok(format!(
        "{command} -n {} -c {} -H {h} -W {w} -k {} -y {y} -x {x} -p {top} -q {left} -u {u} -v {v} -l {l} -j {j} -g {} -F 1{layout}{bias}",
        s.batch, s.in_channels, s.out_channels, s.groups
    ))
}

/// The command of a line and the words after it. Only the word that has the command in it is split.
fn find_command(words: &[String]) -> Option<(String, Vec<String>)> {
    words.iter().enumerate().find_map(|(index, word)| {
        let mut parts = split_line(word);
        let at = parts.iter().position(|part| COMMANDS.iter().any(|(name, _)| name == part))?;
        let mut arguments = parts.split_off(at);
        let command = arguments.remove(0);
        arguments.extend_from_slice(&words[index + 1..]);
        Some((command, arguments))
    })
}

/// Whose a word is.
enum Word {
    /// MIOpen's; `value` where it came with `=`, else the next word has it.
    Flag { flag: String, meaning: Meaning, value: Option<String> },
    /// Ours; `name` is without dashes and value.
    Ours { name: String, has_value: bool },
}

fn classify(word: &str, next: Option<&str>) -> Result<Word, TextError> {
    let unexpected = |advice| Err(TextError::UnexpectedWord { word: word.into(), advice });
    let Some(flag) = word.strip_prefix('-') else {
        return unexpected("after conv come flags with their values");
    };
    if let Some(long) = flag.strip_prefix('-') {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        if name.is_empty() {
            return unexpected("give an option's name");
        }
        let row = FLAGS.iter().find(|(_, known, _)| *known == name);
        let is_switch = matches!(value.or(next), Some("0" | "1"));
        let ours = name == "weights" || (matches!(name, "verify" | "bias") && !is_switch);
        return Ok(match row.filter(|_| !ours) {
            Some((_, _, meaning)) => {
                Word::Flag { flag: format!("--{name}"), meaning: *meaning, value: value.map(str::to_owned) }
            }
            None => Word::Ours { name: name.into(), has_value: value.is_some() },
        });
    }
    let mut letters = flag.chars();
    match (letters.next(), letters.next()) {
        (Some('h' | '?'), None) => unexpected("leave it out; `sparkle-run --help` has the help"),
        (Some(letter), None) => match FLAGS.iter().find(|(known, ..)| *known == letter) {
            Some((_, _, meaning)) => Ok(Word::Flag { flag: word.into(), meaning: *meaning, value: None }),
            None => unexpected("MIOpenDriver has no such flag for conv"),
        },
        // MIOpen reads `-n1 2` as `-n 2`; nobody means that.
        _ => unexpected("a one-letter flag and its value are two words, as in -n 1"),
    }
}

/// What a line says, flag by flag; a later one replaces an earlier one, as in MIOpen.
#[derive(Default)]
struct Line {
    sizes: [Option<usize>; DEFAULTS.len()],
    layout: Option<Layout>,
    pad_mode: PadMode,
    bias: bool,
    iters: Option<usize>,
    verify: Option<bool>,
    ignored: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum PadMode {
    #[default]
    Explicit,
    Same,
    Valid,
}

impl Line {
    fn set(&mut self, flag: String, meaning: Meaning, value: String) -> Result<(), TextError> {
        let unsupported = |why| Err(TextError::Unsupported { what: format!("{flag} {value}"), why });
        let wrong = |expected| TextError::Value { key: flag.clone(), expected, given: value.clone() };
        match meaning {
            Meaning::Size(size) => self.sizes[size as usize] = Some(number(&flag, &value)?),
            Meaning::Forward => match number(&flag, &value)? {
                0 | 1 => {}
                2..=7 => return unsupported("only forward convolution is computed; write -F 1"),
                _ => return Err(wrong("0 or 1")),
            },
            Meaning::Layout => {
                let layout = match value.to_ascii_uppercase().as_str() {
                    "NCHW" => Layout::Nchw,
                    "NHWC" => Layout::Nhwc,
                    _ => return unsupported("layouts are NCHW and NHWC"),
                };
                if self.layout.is_some_and(|other| other != layout) {
                    return unsupported("input and output have one layout");
                }
                self.layout = Some(layout);
            }
            Meaning::FilterLayout => match value.to_ascii_uppercase().as_str() {
                // Weights are handed over as KCRS whatever the activations' layout.
                "NCHW" | "NHWC" => {}
                _ => return unsupported("layouts are NCHW and NHWC"),
            },
            Meaning::Mode if value == "conv" => {}
            Meaning::Mode => return unsupported("only plain convolution is computed; write -m conv"),
            Meaning::PadMode => {
                self.pad_mode = match value.as_str() {
                    "default" => PadMode::Explicit,
                    "same" => PadMode::Same,
                    "valid" => PadMode::Valid,
                    _ => return Err(wrong("same, valid or default")),
                }
            }
            Meaning::Bias => self.bias = number(&flag, &value)? != 0,
            Meaning::Iters => match number(&flag, &value)? {
                0 => return Err(wrong("a count of at least 1")),
                iters => self.iters = Some(iters),
            },
            Meaning::Verify => self.verify = Some(number(&flag, &value)? != 0),
            Meaning::SpatialDim if value == "2" => {}
            Meaning::SpatialDim | Meaning::ThreeD => {
                return Err(TextError::ThreeD { key: format!("{flag} {value}") });
            }
            Meaning::Only(only, _) if value == only => {}
            Meaning::Only(_, why) => return unsupported(why),
            Meaning::Ignored => {
                let said = format!("{flag} {value}");
                if !self.ignored.contains(&said) {
                    self.ignored.push(said);
                }
            }
        }
        Ok(())
    }

    fn size(&self, size: Size) -> usize {
        self.sizes[size as usize].unwrap_or(DEFAULTS[size as usize])
    }

    fn finish(self, dtype: DType) -> Result<ProblemText, TextError> {
        let pair = |height, width| [self.size(height), self.size(width)];
        let mut notes = Vec::new();
        if !self.ignored.is_empty() {
            notes.push(format!("flags without a meaning here: {}", self.ignored.join(", ")));
        }
        let mut spec = ConvSpec {
            batch: self.size(Size::Batch),
            in_channels: self.size(Size::InChannels),
            input: pair(Size::InHeight, Size::InWidth),
            out_channels: self.size(Size::OutChannels),
            kernel: pair(Size::FilterHeight, Size::FilterWidth),
            stride: pair(Size::StrideHeight, Size::StrideWidth),
            padding: Padding::symmetric(self.size(Size::PadHeight), self.size(Size::PadWidth)),
            dilation: pair(Size::DilationHeight, Size::DilationWidth),
            groups: self.size(Size::Groups).max(1), // as MIOpen
            layout: self.layout.unwrap_or_default(),
            dtype,
            epilogue: Epilogue { bias: self.bias, ..Epilogue::default() },
        };
        if self.pad_mode != PadMode::Explicit {
            apply_pad_mode(self.pad_mode, &mut spec, &mut notes);
        }
        let problem = ConvProblem::new(spec)?;
        Ok(ProblemText { iters: self.iters, verify: self.verify, ..ProblemText::new(problem, notes) })
    }
}

/// MIOpen's padding modes: they do nothing to a dilated filter, and `same` halves an odd total down on both sides.
fn apply_pad_mode(mode: PadMode, spec: &mut ConvSpec, notes: &mut Vec<String>) {
    if spec.dilation != [1, 1] && spec.kernel != [1, 1] {
        notes.push("-z has no effect on a dilated filter in MIOpen: the padding is -p and -q".to_owned());
        return;
    }
    if mode == PadMode::Valid {
        spec.padding = Padding::default();
        return;
    }
    let total = [0, 1].map(|axis: usize| {
        // A stride of 0 is refused later.
        let covered = match spec.input[axis] % spec.stride[axis].max(1) {
            0 => spec.stride[axis],
            remainder => remainder,
        };
        spec.kernel[axis].saturating_sub(covered)
    });
    if total.iter().any(|total| total % 2 == 1) {
        notes.push(format!(
            "-z same pads {},{} on both sides as MIOpen does; --padding same would add the odd pixel at the bottom and right",
            total[0] / 2,
            total[1] / 2
        ));
    }
    spec.padding = Padding::symmetric(total[0] / 2, total[1] / 2);
}
