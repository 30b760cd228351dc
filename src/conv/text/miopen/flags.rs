//! MIOpenDriver's commands and flags for convolution.
//!
//! Source: ROCm/rocm-libraries, projects/miopen/driver: conv_driver.hpp (`AddCmdLineArgs`), driver.cpp.

use crate::conv::DType;

/// What becomes of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Size(Size),
    Forward,
    Layout,
    FilterLayout,
    Mode,
    PadMode,
    Bias,
    Iters,
    Verify,
    SpatialDim,
    /// Only this value is supported; the text says what it is about.
    Only(&'static str, &'static str),
    /// A third dimension's.
    ThreeD,
    /// No meaning here; said in a note.
    Ignored,
}

/// The numbers of a problem, in the order of [`DEFAULTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Batch,
    InChannels,
    InHeight,
    InWidth,
    OutChannels,
    FilterHeight,
    FilterWidth,
    StrideHeight,
    StrideWidth,
    PadHeight,
    PadWidth,
    DilationHeight,
    DilationWidth,
    Groups,
}

/// MIOpen's value of each [`Size`] that a line leaves out.
pub(super) const DEFAULTS: [usize; 14] = [100, 3, 32, 32, 32, 3, 3, 1, 1, 0, 0, 1, 1, 1];

/// A row per flag: letter, long name, meaning. `Q` and `J` are one flag in different versions of the driver.
#[rustfmt::skip]
pub(super) const FLAGS: [(char, &str, Meaning); 56] = [
    ('n', "batchsize",          Meaning::Size(Size::Batch)),
    ('c', "in_channels",        Meaning::Size(Size::InChannels)),
    ('H', "in_h",               Meaning::Size(Size::InHeight)),
    ('W', "in_w",               Meaning::Size(Size::InWidth)),
    ('k', "out_channels",       Meaning::Size(Size::OutChannels)),
    ('y', "fil_h",              Meaning::Size(Size::FilterHeight)),
    ('x', "fil_w",              Meaning::Size(Size::FilterWidth)),
    ('u', "conv_stride_h",      Meaning::Size(Size::StrideHeight)),
    ('v', "conv_stride_w",      Meaning::Size(Size::StrideWidth)),
    ('p', "pad_h",              Meaning::Size(Size::PadHeight)),
    ('q', "pad_w",              Meaning::Size(Size::PadWidth)),
    ('l', "dilation_h",         Meaning::Size(Size::DilationHeight)),
    ('j', "dilation_w",         Meaning::Size(Size::DilationWidth)),
    ('g', "group_count",        Meaning::Size(Size::Groups)),
    ('F', "forw",               Meaning::Forward),
    ('I', "in_layout",          Meaning::Layout),
    ('O', "out_layout",         Meaning::Layout),
    ('f', "fil_layout",         Meaning::FilterLayout),
    ('m', "mode",               Meaning::Mode),
    ('z', "pad_mode",           Meaning::PadMode),
    ('b', "bias",               Meaning::Bias),
    ('i', "iter",               Meaning::Iters),
    ('V', "verify",             Meaning::Verify),
    ('_', "spatial_dim",        Meaning::SpatialDim),
    ('Z', "tensor_vect",        Meaning::Only("0", "tensors are never vectorized; leave it out")),
    ('L', "vector_length",      Meaning::Only("1", "tensors are never vectorized; leave it out")),
    ('U', "in_cast_type",       Meaning::Only("-1", "tensors are not cast; leave it out")),
    ('T', "out_cast_type",      Meaning::Only("-1", "tensors are not cast; leave it out")),
    ('R', "wei_cast_type",      Meaning::Only("-1", "tensors are not cast; leave it out")),
    ('r', "pad_val",            Meaning::Only("0", "padding is always zero; leave it out")),
    ('!', "in_d",               Meaning::ThreeD),
    ('@', "fil_d",              Meaning::ThreeD),
    ('#', "conv_stride_d",      Meaning::ThreeD),
    ('$', "pad_d",              Meaning::ThreeD),
    ('%', "trans_output_pad_d", Meaning::ThreeD),
    ('^', "dilation_d",         Meaning::ThreeD),
    ('Y', "trans_output_pad_h", Meaning::Ignored),
    ('X', "trans_output_pad_w", Meaning::Ignored),
    ('C', "verification_cache", Meaning::Ignored),
    ('t', "time",               Meaning::Ignored),
    ('w', "wall",               Meaning::Ignored),
    ('s', "search",             Meaning::Ignored),
    ('P', "printconv",          Meaning::Ignored),
    ('o', "dump_output",        Meaning::Ignored),
    ('d', "in_data",            Meaning::Ignored),
    ('e', "weights",            Meaning::Ignored),
    ('a', "in_bias",            Meaning::Ignored),
    ('D', "dout_data",          Meaning::Ignored),
    ('S', "solution",           Meaning::Ignored),
    ('G', "gpualloc",           Meaning::Ignored),
    ('~', "gpubuffer_check",    Meaning::Ignored),
    ('N', "init_output_nan",    Meaning::Ignored),
    ('&', "tuning_policy",      Meaning::Ignored),
    ('M', "math_type",          Meaning::Ignored),
    ('Q', "use_hip_graph",      Meaning::Ignored),
    ('J', "use_hip_graph",      Meaning::Ignored),
];

/// The driver's commands for convolution, with their type where it is supported.
pub(super) const COMMANDS: [(&str, Option<DType>); 6] = [
    ("conv", Some(DType::F32)),
    ("convfp16", Some(DType::F16)),
    ("convbfp16", None),
    ("convint8", None),
    ("convfp8", None),
    ("convbfp8", None),
];
