//! Our own long options: their values, and a problem written with them.
//!
//! A bias and a residual are no options: the files that hold them say that they are there.

use super::{TextError, number};
use crate::conv::{Activation, ConvProblem, DType, Layout, Padding};
use std::str::FromStr;

const FORM: &str = "options";

/// The value of `--padding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaddingOption {
    /// `P`, `PH,PW` or `TOP,LEFT,BOTTOM,RIGHT`, pixels.
    Explicit(Padding),
    /// `valid`: none.
    Valid,
    /// `same`: ONNX `SAME_UPPER`.
    Same,
}

impl FromStr for PaddingOption {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        const KEY: &str = "--padding";
        let parsed = match text {
            "valid" => return Ok(Self::Valid),
            "same" => return Ok(Self::Same),
            _ => numbers(KEY, text, ',')?,
        };
        match parsed[..] {
            [all] => Ok(Self::Explicit(Padding::symmetric(all, all))),
            [height, width] => Ok(Self::Explicit(Padding::symmetric(height, width))),
            [top, left, bottom, right] => Ok(Self::Explicit(Padding { top, left, bottom, right })),
            _ => {
                let expected = "P, PH,PW, TOP,LEFT,BOTTOM,RIGHT, valid or same";
                Err(TextError::Value { key: KEY.into(), expected, given: text.into() })
            }
        }
    }
}

impl PaddingOption {
    /// The padding in pixels for a problem with these `[height, width]` pairs.
    ///
    /// # Errors
    /// [`TextError::Overflow`] where `same` has no padding that fits the address space.
    pub fn resolve(
        self,
        input: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
    ) -> Result<Padding, TextError> {
        match self {
            Self::Explicit(padding) => Ok(padding),
            Self::Valid => Ok(Padding::default()),
            Self::Same => Padding::same_upper(input, kernel, stride, dilation)
                .ok_or_else(|| TextError::Overflow { key: "--padding".into(), given: "same".into() }),
        }
    }
}

/// The value of `--stride`: `N` or `H,W`, at least 1.
///
/// # Errors
/// [`TextError`] naming the option.
pub fn parse_stride(text: &str) -> Result<[usize; 2], TextError> {
    pair("--stride", text, ',', "N or H,W, at least 1")
}

/// The value of `--dilation`: `N` or `H,W`, 1 = dense.
///
/// # Errors
/// [`TextError`] naming the option.
pub fn parse_dilation(text: &str) -> Result<[usize; 2], TextError> {
    pair("--dilation", text, ',', "N or H,W, at least 1 (1 = no dilation)")
}

/// The value of `--kernel`: `RxS`, or `N` for a square filter.
///
/// # Errors
/// [`TextError`] naming the option.
pub fn parse_kernel(text: &str) -> Result<[usize; 2], TextError> {
    pair("--kernel", text, 'x', "RxS (height x width) or N, at least 1")
}

/// The value of `--activation`: `none`, `relu`, `relu6`, `silu`, `gelu`, or `leaky-relu:A` with a finite slope.
///
/// # Errors
/// [`TextError::Value`] for anything else.
pub fn parse_activation(text: &str) -> Result<Activation, TextError> {
    let wrong = |expected| TextError::Value { key: "--activation".into(), expected, given: text.into() };
    Ok(match text {
        "none" => Activation::None,
        "relu" => Activation::Relu,
        "relu6" => Activation::Relu6,
        "silu" => Activation::Silu,
        "gelu" => Activation::Gelu,
        _ => {
            let slope = text.strip_prefix("leaky-relu:");
            let slope = slope.ok_or_else(|| wrong("none, relu, relu6, silu, gelu or leaky-relu:A"))?;
            let slope = slope.parse().ok().filter(|slope: &f32| slope.is_finite());
            Activation::LeakyRelu(
                slope.ok_or_else(|| wrong("leaky-relu:A with a finite number A, as leaky-relu:0.01"))?,
            )
        }
    })
}

/// What [`parse_activation`] reads; `None` for a slope that isn't finite.
pub fn print_activation(activation: Activation) -> Option<String> {
    Some(match activation {
        Activation::None => "none".into(),
        Activation::Relu => "relu".into(),
        Activation::Relu6 => "relu6".into(),
        Activation::Silu => "silu".into(),
        Activation::Gelu => "gelu".into(),
        Activation::LeakyRelu(slope) if slope.is_finite() => format!("leaky-relu:{slope}"),
        Activation::LeakyRelu(_) => return None,
    })
}

/// The value of `--layout`.
///
/// # Errors
/// [`TextError::Value`] for anything but `nchw` and `nhwc`.
pub fn parse_layout(text: &str) -> Result<Layout, TextError> {
    match text {
        "nchw" => Ok(Layout::Nchw),
        "nhwc" => Ok(Layout::Nhwc),
        _ => Err(TextError::Value { key: "--layout".into(), expected: "nchw or nhwc", given: text.into() }),
    }
}

/// The value of `--dtype`.
///
/// # Errors
/// [`TextError::Value`] for anything but `f32` and `f16`.
pub fn parse_dtype(text: &str) -> Result<DType, TextError> {
    match text {
        "f32" => Ok(DType::F32),
        "f16" => Ok(DType::F16),
        _ => Err(TextError::Value { key: "--dtype".into(), expected: "f32 or f16", given: text.into() }),
    }
}

/// Prints the problem as options, every one of them.
///
/// # Errors
/// [`TextError::Inexpressible`] for a bias, a residual, and a leaky-relu whose slope isn't finite.
pub fn print(problem: &ConvProblem) -> Result<String, TextError> {
    let s = problem.spec();
    let inexpressible = |what: &str| TextError::Inexpressible { what: what.into(), form: FORM };
    if s.epilogue.bias {
        return Err(inexpressible("a bias (the file given with --bias says it)"));
    }
    if s.epilogue.residual {
        return Err(inexpressible("a residual (the file given with --residual says it)"));
    }
    let activation = print_activation(s.epilogue.activation)
        .ok_or_else(|| inexpressible("a leaky-relu whose slope is not finite"))?;
    let ([h, w], [r, c], [sh, sw], [dh, dw]) = (s.input, s.kernel, s.stride, s.dilation);
    let Padding { top, left, bottom, right } = s.padding;
    Ok(format!(
        "--batch {} --in-channels {} --height {h} --width {w} --out-channels {} --kernel {r}x{c} --stride {sh},{sw} \
         --padding {top},{left},{bottom},{right} --dilation {dh},{dw} --groups {} --layout {} --dtype {} \
         --activation {activation}",
        s.batch, s.in_channels, s.out_channels, s.groups, s.layout, s.dtype
    ))
}

/// One positive number for both axes, or two.
fn pair(key: &str, text: &str, separator: char, expected: &'static str) -> Result<[usize; 2], TextError> {
    let parsed = numbers(key, text, separator)?;
    let pair = match parsed[..] {
        [both] => Some([both, both]),
        [height, width] => Some([height, width]),
        _ => None,
    };
    let wrong = || TextError::Value { key: key.into(), expected, given: text.into() };
    pair.filter(|pair| !pair.contains(&0)).ok_or_else(wrong)
}

fn numbers(key: &str, text: &str, separator: char) -> Result<Vec<usize>, TextError> {
    text.split(separator).map(|part| number(key, part)).collect()
}
