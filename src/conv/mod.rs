//! WHAT is computed: the problem, its text forms, the exact maths, and a slow reference. Pure: no I/O, no threads.

pub mod epilogue;
mod layout;
mod problem;
pub mod reference;
mod tensor;
pub mod text;
pub mod verify;
mod winograd;

pub use epilogue::{Activation, Epilogue};
pub use layout::{DType, Layout, Strides};
pub use problem::{ConvProblem, ConvSpec, Padding, ProblemError};
pub use tensor::{TensorMut, TensorRef};
pub use winograd::{Maths, WinogradTile};

/// Input channels are summed in blocks of this many: within a block all taps come before the next block starts.
/// Part of the exact maths, so it is the same on every device and never tuned.
pub const CHANNEL_BLOCK: usize = 16;
