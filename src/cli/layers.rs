//! Layer files: one convolution a row, and the built-in ResNet-50 set.

use crate::cli::failure::Failure;
use crate::conv::{ConvProblem, ConvSpec, Padding, ProblemError};
use anyhow::Context;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::Path;

/// The 23 convolution shapes of ResNet-50 at batch 1.
const RESNET50: &str = include_str!("resnet50.csv");

/// A row of a layer file.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// What the row is called.
    pub(super) name: String,
    /// The network that it is from; rows of one network share a geometric mean.
    pub(super) network: String,
    /// The convolution, or why the row is none.
    pub(super) problem: Result<ConvProblem, ProblemError>,
}

/// The columns. `flops` is in the files too and not read: the problem says it.
#[derive(Deserialize)]
struct Row {
    name: String,
    n: usize,
    c: usize,
    h: usize,
    w: usize,
    k: usize,
    r: usize,
    s: usize,
    stride_h: usize,
    stride_w: usize,
    pad_h: usize,
    pad_w: usize,
    dil_h: usize,
    dil_w: usize,
    groups: usize,
    #[serde(default)]
    source_network: String,
}

impl From<Row> for Layer {
    fn from(row: Row) -> Self {
        let problem = ConvProblem::new(ConvSpec {
            batch: row.n,
            in_channels: row.c,
            input: [row.h, row.w],
            out_channels: row.k,
            kernel: [row.r, row.s],
            stride: [row.stride_h, row.stride_w],
            padding: Padding::symmetric(row.pad_h, row.pad_w),
            dilation: [row.dil_h, row.dil_w],
            groups: row.groups,
            ..ConvSpec::default()
        });
        Self { name: row.name, network: row.source_network, problem }
    }
}

/// Reads the layer file at `path`, or the built-in set.
///
/// # Errors
/// [`Failure::System`] where the file can't be read, [`Failure::Input`] where it is no layer file.
pub(super) fn load(path: Option<&Path>) -> Result<Vec<Layer>, Failure> {
    let Some(path) = path else {
        return parse(RESNET50.as_bytes()).map_err(Failure::Input);
    };
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the layer file {}", path.display()))
        .map_err(Failure::System)?;
    parse(&bytes).with_context(|| format!("{} is no layer file", path.display())).map_err(Failure::Input)
}

fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Layer>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let mut layers: Vec<Layer> = Vec::new();
    let mut names = HashSet::new();
    for row in reader.deserialize::<Row>() {
        let layer = Layer::from(row?);
        anyhow::ensure!(
            names.insert(layer.name.clone()),
            "two rows are called {:?}; give each a name of its own",
            layer.name
        );
        layers.push(layer);
    }
    anyhow::ensure!(!layers.is_empty(), "it has no rows");
    Ok(layers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;

    const HEADER: &str = "name,n,c,h,w,k,r,s,stride_h,stride_w,pad_h,pad_w,dil_h,dil_w,groups,flops,source_network\n";

    #[test]
    fn the_built_in_set_is_resnet50s_23_shapes_with_the_flops_of_the_file() {
        let layers = load(None).expect("the built-in set");
        assert_eq!(layers.len(), 23);
        let flops = RESNET50.lines().skip(1).filter_map(|row| row.split(',').nth(15)?.parse().ok());
        for (layer, flops) in layers.iter().zip(flops.chain(std::iter::repeat(0_u64))) {
            assert_eq!(layer.problem.as_ref().map(ConvProblem::flops), Ok(flops), "{}", layer.name);
        }
    }

    #[test]
    fn a_bad_row_is_named_by_line() {
        let text = format!("{HEADER}a,1,1,8,8,x,3,3,1,1,0,0,1,1,1,0,net\n");
        let error = parse(text.as_bytes()).expect_err("x is no number");
        assert!(format!("{error:#}").contains("line: 2"), "{error:#}");
        assert!(parse(HEADER.as_bytes()).is_err());
        let row = "a,1,1,8,8,1,3,3,1,1,0,0,1,1,1,0,net\n";
        assert!(parse(format!("{HEADER}{row}{row}").as_bytes()).is_err());
        assert!(parse(b"name,n\na,1\n").is_err());
    }

    #[test]
    fn a_row_that_is_no_convolution_is_kept_with_its_reason() {
        let text = format!("{HEADER}big,1,1,2,2,1,3,3,1,1,0,0,1,1,1,0,net\n");
        let layers = parse(text.as_bytes()).expect("the file is well formed");
        assert!(matches!(layers[0].problem, Err(ProblemError::KernelTooLarge { .. })));
    }
}
