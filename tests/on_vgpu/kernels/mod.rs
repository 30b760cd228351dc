//! The kernels that the shader engine is tested with, launched by the backend instead: the same code objects, the same
//! expectations, the whole way from an ELF file through the driver's calls to the results.

mod device;

#[path = "../../../tools/vgpu/tests/kernels/atomics.rs"]
mod atomics;
#[path = "../../../tools/vgpu/tests/kernels/control.rs"]
mod control;
#[path = "../../../tools/vgpu/tests/kernels/conv.rs"]
mod conv;
#[path = "../../../tools/vgpu/tests/kernels/cross.rs"]
mod cross;
#[path = "../../../tools/vgpu/tests/kernels/grid.rs"]
mod grid;
#[path = "../../../tools/vgpu/tests/kernels/half.rs"]
mod half;
#[path = "../../../tools/vgpu/tests/kernels/integer.rs"]
mod integer;
#[path = "../../../tools/vgpu/tests/kernels/lds.rs"]
mod lds;
#[path = "../../../tools/vgpu/tests/kernels/math.rs"]
mod math;
#[path = "../../../tools/vgpu/tests/kernels/matrix.rs"]
mod matrix;
#[path = "../../../tools/vgpu/tests/kernels/memory.rs"]
mod memory;
#[path = "../../../tools/vgpu/tests/kernels/packed.rs"]
mod packed;

/// The variants of every source.
const BOTH: [&str; 2] = ["w32", "w64"];
