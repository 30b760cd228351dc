//! Scratch: memory of waves for what their registers can't hold.
//!
//! Each stream has its own, as waves of two queues would take the same places in it.
//!
//! Source: Mesa `radv_queue.c` and `ac_gpu_info.c`, `ac_compute_scratch_wave_size`; on gfx11 both units are new: WAVESIZE
//! counts 256 bytes, and WAVES is for each shader engine (Mesa `ac_shader_util.c`, PAL `gfx9QueueContexts.cpp`).

use super::super::module::Kernel;
use super::super::{Core, Error};
use super::dispatch::Grid;
use super::kernarg::refuse;
use crate::amdgpu::{BufferObject, BufferRequest, GpuInfo, PageFlags, VaMapping};
use std::sync::Arc;

/// Bytes of a unit of WAVESIZE.
const UNIT_BYTES: u64 = 256;
/// The largest WAVESIZE: 15 bits.
const MOST_UNITS: u64 = 0x7fff;
/// The largest WAVES: 12 bits.
const MOST_WAVES: u64 = 0xfff;
/// Waves of a compute unit at most: two SIMDs of 16.
const WAVES_PER_UNIT: u64 = 32;
/// Memory that all scratch of a stream takes at most, bytes, unless one workgroup needs more. Fewer waves have scratch at
/// a time then, and the others wait.
const MOST_BYTES: u64 = 256 << 20;

/// Scratch memory of a stream.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) mapping: Arc<VaMapping>,
    /// WAVESIZE.
    pub(super) wave_units: u32,
    /// WAVES.
    pub(super) waves_per_engine: u32,
}

/// What a dispatch needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// Units of 256 bytes of a wave; odd, so that waves start on different memory channels.
    units: u64,
    /// Waves of a workgroup: all of them run at the same time.
    waves: u64,
}

impl Need {
    /// `None` for a kernel without scratch.
    pub(super) fn of(kernel: &Kernel, grid: &Grid) -> Option<Self> {
        let descriptor = kernel.descriptor();
        if descriptor.rsrc2.scratch_en() == 0 {
            return None;
        }
        let lanes = descriptor.wave_lanes();
        let bytes = u64::from(kernel.scratch_bytes()) * u64::from(lanes);
        let units = bytes.div_ceil(UNIT_BYTES) | 1;
        Some(Self { units, waves: grid.workgroup_items().div_ceil(lanes.into()) })
    }
}

/// How large scratch is that serves a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    units: u64,
    waves_per_engine: u64,
    bytes: u64,
}

/// `None` where a wave needs more than the hardware gives one.
fn size(need: Need, engines: u64, compute_units: u64) -> Option<Size> {
    if need.units > MOST_UNITS || need.waves > MOST_WAVES {
        return None;
    }
    let engines = engines.max(1);
    let all = compute_units.div_ceil(engines) * WAVES_PER_UNIT;
    let affordable = MOST_BYTES / (engines * need.units * UNIT_BYTES);
    let waves_per_engine = all.min(affordable).max(need.waves).min(MOST_WAVES);
    Some(Size { units: need.units, waves_per_engine, bytes: waves_per_engine * engines * need.units * UNIT_BYTES })
}

impl Scratch {
    /// Whether a dispatch with this need may use it.
    pub(super) fn serves(&self, need: Need) -> bool {
        u64::from(self.wave_units) >= need.units && u64::from(self.waves_per_engine) >= need.waves
    }

    /// Allocates for `need`, which is `kernel`'s.
    pub(super) fn new(core: &Core, kernel: &Kernel, need: Need) -> Result<Arc<Self>, Error> {
        let info: &GpuInfo = core.device.info();
        let Some(size) = size(need, info.shader_engines.into(), info.compute_units.into()) else {
            let bytes = need.units * UNIT_BYTES;
            let reason = format!("{bytes} bytes of scratch for a wave; the hardware has at most 8 MiB - 256");
            return Err(refuse(kernel, reason));
        };
        let buffer = BufferObject::new(&core.device, &BufferRequest::vram(size.bytes))?;
        let mapping = VaMapping::new(&buffer, PageFlags::DATA)?;
        // CAST: at most 15 and 12 bits.
        Ok(Arc::new(Self { mapping, wave_units: size.units as u32, waves_per_engine: size.waves_per_engine as u32 }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_the_hardwares() {
        // Navi 31: 6 engines, 96 compute units. 64 bytes of a lane in wave32: 8 units, 9 as an odd number.
        let small = size(Need { units: 9, waves: 8 }, 6, 96).unwrap();
        assert_eq!(small, Size { units: 9, waves_per_engine: 512, bytes: 512 * 6 * 9 * 256 });
        // 64 KiB of a lane: 256 MiB are not enough for all waves, and a workgroup needs its own.
        let large = size(Need { units: 8193, waves: 32 }, 6, 96).unwrap();
        assert_eq!(large.waves_per_engine, 32);
        assert_eq!(size(Need { units: 32769, waves: 1 }, 6, 96), None);
    }
}
