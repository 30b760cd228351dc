//! The driver layer: the amdgpu kernel driver's ioctls, called directly.

pub mod uapi;
