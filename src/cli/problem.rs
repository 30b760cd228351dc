//! The problem of a command: what PROBLEM, the long options and the arrays' shapes say together.
//!
//! Each number is a [`Claim`] that any of them may make. Two that differ are an error that names both. What nobody
//! claims is ResNet-50's 64x56x56 3x3 layer, [`ConvSpec::default`].

use crate::cli::args::ShapeArgs;
use crate::cli::failure::Failure;
use crate::conv::text::{ProblemText, TextError, parse_problem_words};
use crate::conv::{ConvProblem, ConvSpec, DType, Layout, Padding};
use std::fmt::Display;

/// The shape and type of a given array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArrayShape {
    /// Where it is from, for messages.
    pub(super) source: String,
    pub(super) dims: Vec<usize>,
    pub(super) dtype: DType,
}

/// The given arrays.
#[derive(Clone, Debug, Default)]
pub(super) struct ArrayShapes {
    pub(super) input: Option<ArrayShape>,
    pub(super) weights: Option<ArrayShape>,
    pub(super) bias: Option<ArrayShape>,
    pub(super) residual: Option<ArrayShape>,
}

/// PROBLEM as text, and whether that text says a layout and a type.
#[derive(Clone, Debug)]
pub(super) struct Stated {
    pub(super) text: ProblemText,
    says_type: bool,
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        Self::Input(error.into())
    }
}

/// Joins a pasted MIOpenDriver line and the positional PROBLEM: at most one of them is there.
///
/// # Errors
/// [`Failure::Input`] where both are, or where PROBLEM is none.
pub(super) fn state(pasted: Option<ProblemText>, positional: Option<&str>) -> Result<Option<Stated>, Failure> {
    match (pasted, positional) {
        (Some(_), Some(word)) => {
            Err(Failure::input(format_args!("{word:?} stands beside a MIOpenDriver line; give one problem")))
        }
        (Some(text), None) => Ok(Some(Stated { text, says_type: true })),
        (None, Some(word)) => {
            let text = parse_problem_words(&[word.to_owned()], |_| false)?;
            Ok(Some(Stated { text, says_type: false }))
        }
        (None, None) => Ok(None),
    }
}

/// The problem, and what the user should know about how it came to be.
///
/// # Errors
/// [`Failure::Input`] for contradictions, arrays of the wrong rank or type, and what is no convolution.
pub(super) fn resolve(
    stated: Option<&Stated>,
    shape: &ShapeArgs,
    arrays: &ArrayShapes,
) -> Result<(ConvProblem, Vec<String>), Failure> {
    let mut claims = Claims::default();
    let mut notes = Vec::new();
    if let Some(stated) = stated {
        claims.text(stated)?;
        notes.extend(stated.text.notes.iter().cloned());
    }
    claims.options(shape)?;
    let layout = claims.layout.value.as_ref().map_or(Layout::default(), |(layout, _)| *layout);
    claims.arrays(arrays, layout)?;
    notes.extend(claims.assumed());

    let default = ConvSpec::default();
    let padding_default = if claims.kernel[0].value.is_some() { Padding::default() } else { default.padding };
    let mut spec = ConvSpec {
        batch: claims.batch.or(default.batch),
        in_channels: claims.in_channels.or(default.in_channels),
        input: pair(&claims.input, default.input),
        out_channels: claims.out_channels.or(default.out_channels),
        kernel: pair(&claims.kernel, default.kernel),
        stride: pair(&claims.stride, default.stride),
        dilation: pair(&claims.dilation, default.dilation),
        groups: claims.groups.or(default.groups),
        layout,
        dtype: claims.dtype.or(default.dtype),
        ..default
    };
    spec.padding = padding(stated, shape, &spec)?.unwrap_or(padding_default);
    spec.epilogue.activation = shape.activation.unwrap_or_default();
    spec.epilogue.bias = arrays.bias.is_some() || stated.is_some_and(|stated| stated.text.problem.spec().epilogue.bias);
    spec.epilogue.residual = arrays.residual.is_some();
    let problem = ConvProblem::new(spec)?;
    if let Some(residual) = &arrays.residual
        && residual.dims != problem.output_shape()
    {
        return Err(Failure::input(format_args!(
            "the residual ({}) is {:?}, the output is {:?}; they must have one shape",
            residual.source,
            residual.dims,
            problem.output_shape()
        )));
    }
    Ok((problem, notes))
}

/// `--padding` in pixels, or PROBLEM's, which must agree where both are given.
fn padding(stated: Option<&Stated>, shape: &ShapeArgs, spec: &ConvSpec) -> Result<Option<Padding>, Failure> {
    let from_text = stated.map(|stated| stated.text.problem.spec().padding);
    let Some(option) = shape.padding else {
        return Ok(from_text);
    };
    let padding = option.resolve(spec.input, spec.kernel, spec.stride, spec.dilation)?;
    match from_text {
        Some(text) if text != padding => Err(Failure::input(format_args!(
            "the padding (top, left, bottom, right) is {} by PROBLEM and {} by --padding; make them agree or drop one",
            sides(text),
            sides(padding)
        ))),
        _ => Ok(Some(padding)),
    }
}

fn sides(p: Padding) -> String {
    format!("{},{},{},{}", p.top, p.left, p.bottom, p.right)
}

/// A number that several may state, and who did first.
#[derive(Clone, Debug)]
struct Claim<T> {
    what: &'static str,
    value: Option<(T, String)>,
}

impl<T: Copy + PartialEq + Display> Claim<T> {
    const fn new(what: &'static str) -> Self {
        Self { what, value: None }
    }

    fn state(&mut self, value: T, by: &str) -> Result<(), Failure> {
        match &self.value {
            Some((known, who)) if *known != value => Err(Failure::input(format_args!(
                "the {} is {known} by {who} and {value} by {by}; make them agree or drop one",
                self.what
            ))),
            Some(_) => Ok(()),
            None => {
                self.value = Some((value, by.to_owned()));
                Ok(())
            }
        }
    }

    fn option(&mut self, value: Option<T>, by: &str) -> Result<(), Failure> {
        value.map_or(Ok(()), |value| self.state(value, by))
    }

    fn or(&self, default: T) -> T {
        self.value.as_ref().map_or(default, |(value, _)| *value)
    }
}

fn pair(claims: &[Claim<usize>; 2], default: [usize; 2]) -> [usize; 2] {
    [claims[0].or(default[0]), claims[1].or(default[1])]
}

#[derive(Debug)]
struct Claims {
    batch: Claim<usize>,
    in_channels: Claim<usize>,
    input: [Claim<usize>; 2],
    out_channels: Claim<usize>,
    kernel: [Claim<usize>; 2],
    stride: [Claim<usize>; 2],
    dilation: [Claim<usize>; 2],
    groups: Claim<usize>,
    layout: Claim<Layout>,
    dtype: Claim<DType>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            batch: Claim::new("batch"),
            in_channels: Claim::new("number of input channels"),
            input: [Claim::new("input height"), Claim::new("input width")],
            out_channels: Claim::new("number of output channels"),
            kernel: [Claim::new("filter height"), Claim::new("filter width")],
            stride: [Claim::new("stride (height)"), Claim::new("stride (width)")],
            dilation: [Claim::new("dilation (height)"), Claim::new("dilation (width)")],
            groups: Claim::new("number of groups"),
            layout: Claim::new("layout"),
            dtype: Claim::new("type"),
        }
    }
}

impl Claims {
    fn text(&mut self, stated: &Stated) -> Result<(), Failure> {
        const BY: &str = "PROBLEM";
        let spec = stated.text.problem.spec();
        self.batch.state(spec.batch, BY)?;
        self.in_channels.state(spec.in_channels, BY)?;
        self.out_channels.state(spec.out_channels, BY)?;
        self.groups.state(spec.groups, BY)?;
        for axis in [0, 1] {
            self.input[axis].state(spec.input[axis], BY)?;
            self.kernel[axis].state(spec.kernel[axis], BY)?;
            self.stride[axis].state(spec.stride[axis], BY)?;
            self.dilation[axis].state(spec.dilation[axis], BY)?;
        }
        if stated.says_type {
            self.layout.state(spec.layout, BY)?;
            self.dtype.state(spec.dtype, BY)?;
        }
        Ok(())
    }

    fn options(&mut self, shape: &ShapeArgs) -> Result<(), Failure> {
        self.batch.option(shape.batch, "--batch")?;
        self.in_channels.option(shape.in_channels, "--in-channels")?;
        self.input[0].option(shape.height, "--height")?;
        self.input[1].option(shape.width, "--width")?;
        self.out_channels.option(shape.out_channels, "--out-channels")?;
        self.groups.option(shape.groups, "--groups")?;
        for axis in [0, 1] {
            self.kernel[axis].option(shape.kernel.map(|pair| pair[axis]), "--kernel")?;
            self.stride[axis].option(shape.stride.map(|pair| pair[axis]), "--stride")?;
            self.dilation[axis].option(shape.dilation.map(|pair| pair[axis]), "--dilation")?;
        }
        self.layout.option(shape.layout, "--layout")?;
        self.dtype.option(shape.dtype, "--dtype")
    }

    fn arrays(&mut self, arrays: &ArrayShapes, layout: Layout) -> Result<(), Failure> {
        if let Some(input) = &arrays.input {
            let [n, c, h, w] = match layout {
                Layout::Nchw => dims(input, "input", "[n, c, h, w]")?,
                Layout::Nhwc => {
                    let [n, h, w, c] = dims(input, "input", "[n, h, w, c]")?;
                    [n, c, h, w]
                }
            };
            let by = &input.source;
            self.batch.state(n, by)?;
            self.in_channels.state(c, by)?;
            self.input[0].state(h, by)?;
            self.input[1].state(w, by)?;
        }
        if let Some(weights) = &arrays.weights {
            let [k, c, r, s] = dims(weights, "weights", "[out, in/groups, height, width]")?;
            let by = &weights.source;
            self.out_channels.state(k, by)?;
            self.kernel[0].state(r, by)?;
            self.kernel[1].state(s, by)?;
            self.group_channels(c, by)?;
        }
        if let Some(bias) = &arrays.bias {
            let [k] = dims(bias, "bias", "[out]")?;
            self.out_channels.state(k, &bias.source)?;
        }
        if let Some(residual) = &arrays.residual {
            dims::<4>(residual, "residual", "the output's shape")?;
        }
        let given = [&arrays.input, &arrays.weights, &arrays.bias, &arrays.residual];
        given.into_iter().flatten().try_for_each(|array| self.dtype.state(array.dtype, &array.source))
    }

    /// The weights say the input channels of one group: with the groups that gives all channels, or the reverse.
    fn group_channels(&mut self, channels: usize, by: &str) -> Result<(), Failure> {
        let all = self.in_channels.value.as_ref().map(|(all, _)| *all);
        match (&self.groups.value, all) {
            (None, Some(all)) if channels > 0 && all.is_multiple_of(channels) => self.groups.state(all / channels, by),
            (groups, _) => {
                let groups = groups.as_ref().map_or(1, |(groups, _)| *groups);
                let all = channels.checked_mul(groups).ok_or_else(|| {
                    Failure::input(format_args!("{groups} groups of {channels} input channels ({by}) are too many"))
                })?;
                self.in_channels.state(all, &format!("{by} with {groups} groups"))
            }
        }
    }

    /// A note about extents that nobody claimed, where somebody claimed some.
    fn assumed(&self) -> Option<String> {
        let [extents, steps]: [&[&Claim<usize>]; 2] = [
            &[
                &self.batch,
                &self.in_channels,
                &self.input[0],
                &self.input[1],
                &self.out_channels,
                &self.kernel[0],
                &self.kernel[1],
            ],
            &[&self.stride[0], &self.dilation[0], &self.groups],
        ];
        let missing: Vec<&str> = extents.iter().filter(|claim| claim.value.is_none()).map(|claim| claim.what).collect();
        let said_nothing = extents.iter().chain(steps).all(|claim| claim.value.is_none());
        (!missing.is_empty() && !said_nothing)
            .then(|| format!("taken from ResNet-50's 64x56x56 3x3 layer, as nothing says it: {}", missing.join(", ")))
    }
}

/// The extents of an array of rank `N`.
fn dims<const N: usize>(array: &ArrayShape, what: &str, wanted: &str) -> Result<[usize; N], Failure> {
    <[usize; N]>::try_from(array.dims.as_slice()).map_err(|_| {
        Failure::input(format_args!(
            "the {what} ({}) has {} axes, {:?}; it must have {N}: {wanted}",
            array.source,
            array.dims.len(),
            array.dims
        ))
    })
}

#[cfg(test)]
mod tests;
