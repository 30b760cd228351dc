//! Borrowed tensor data of either stored type. Shapes are the problem's; these carry the elements alone.

use crate::conv::DType;
use half::f16;

/// Elements to read.
#[derive(Clone, Copy, Debug)]
pub enum TensorRef<'a> {
    /// f32 elements.
    F32(&'a [f32]),
    /// f16 elements.
    F16(&'a [f16]),
}

/// Elements to write.
#[derive(Debug)]
pub enum TensorMut<'a> {
    /// f32 elements.
    F32(&'a mut [f32]),
    /// f16 elements.
    F16(&'a mut [f16]),
}

impl TensorRef<'_> {
    /// How many elements there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::F32(data) => data.len(),
            Self::F16(data) => data.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored type.
    pub const fn dtype(&self) -> DType {
        match self {
            Self::F32(_) => DType::F32,
            Self::F16(_) => DType::F16,
        }
    }

    /// Element `index` widened to f32; both types widen exactly.
    ///
    /// # Panics
    /// Where `index` is out of range, as a slice does.
    pub fn get(&self, index: usize) -> f32 {
        match self {
            Self::F32(data) => data[index],
            Self::F16(data) => data[index].to_f32(),
        }
    }
}

impl TensorMut<'_> {
    /// How many elements there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::F32(data) => data.len(),
            Self::F16(data) => data.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored type.
    pub const fn dtype(&self) -> DType {
        match self {
            Self::F32(_) => DType::F32,
            Self::F16(_) => DType::F16,
        }
    }
}
