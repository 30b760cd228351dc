//! A GPU as `devices` and `doctor` tell of it.

use super::sysfs::{self, Link};
use crate::amdgpu::{Caches, Device, Firmware, Found, GpuInfo, Heap, MemoryState, Rings};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// A node of amdgpu.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct GpuReport {
    /// `/dev/dri/renderD128`.
    pub(in crate::cli) node: PathBuf,
    /// PCI address, where sysfs says one.
    pub(in crate::cli) pci: Option<String>,
    /// Why it can't be used, if it can't.
    pub(in crate::cli) obstacle: Option<String>,
    /// What it is, if it can.
    #[serde(flatten)]
    pub(in crate::cli) chip: Option<ChipReport>,
    /// Its PCI Express link.
    pub(in crate::cli) link: Option<Link>,
}

/// What a GPU is.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct ChipReport {
    chip: &'static str,
    gfx: String,
    family: u32,
    device_id: String,
    pci_revision: String,
    integrated: bool,
    /// Of the kernel driver's interface.
    drm: String,
    shader_engines: u32,
    arrays_per_engine: u32,
    compute_units: u32,
    wave_lanes: u32,
    vgprs: u32,
    engine_clock_mhz: f64,
    memory_clock_mhz: f64,
    counter_khz: u32,
    memory_bus_bits: u32,
    l2_channels: u32,
    caches: CachesReport,
    memory: MemoryReport,
    /// Whether the CPU reaches all of VRAM.
    all_vram_visible: bool,
    rings: RingsReport,
    firmware: FirmwareReport,
}

#[derive(Clone, Debug, Serialize)]
struct CachesReport {
    l0_kib: u32,
    scalar_kib: u32,
    instruction_kib: u32,
    l1_kib: u32,
    l2_kib: u32,
    mall_bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
struct MemoryReport {
    vram: HeapReport,
    visible_vram: HeapReport,
    gtt: HeapReport,
}

#[derive(Clone, Debug, Serialize)]
struct HeapReport {
    total_bytes: u64,
    used_bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
struct RingsReport {
    graphics: u32,
    compute: u32,
    dma: u32,
    ib_alignment: u32,
    ib_size_alignment: u32,
}

/// Versions as numbers that the driver prints in hexadecimal; 0 for what the chip hasn't got.
#[derive(Clone, Debug, Serialize)]
struct FirmwareReport {
    me: u32,
    pfp: u32,
    mec: u32,
    rlc: u32,
    mes: u32,
    smc: u32,
    imu: u32,
}

impl GpuReport {
    /// Of what was found.
    pub(in crate::cli) fn new(found: &Found) -> Self {
        let (chip, obstacle) = match &found.device {
            Ok(device) => (Some(ChipReport::new(device)), None),
            Err(reason) => (None, Some(reason.to_string())),
        };
        Self { node: found.node.clone(), pci: found.pci.clone(), obstacle, chip, link: sysfs::link(found) }
    }

    /// One line: which it is.
    pub(in crate::cli) fn title(&self) -> String {
        let pci = self.pci.as_deref().unwrap_or("no PCI address");
        match &self.chip {
            Some(chip) => format!("{} ({}), {} ({pci})", chip.chip, chip.gfx, self.node.display()),
            None => format!("{} ({pci})", self.node.display()),
        }
    }
}

impl ChipReport {
    fn new(device: &Device) -> Self {
        let info = device.info();
        let heap = |heap: Heap| HeapReport { total_bytes: heap.total_bytes, used_bytes: heap.used_bytes };
        // As of now, or of opening where the kernel doesn't say.
        let MemoryState { vram, visible_vram, gtt } = device.memory().unwrap_or(info.memory);
        let Caches { l0_kib, scalar_kib, instruction_kib, l1_kib, l2_kib, mall_bytes } = info.caches;
        let Firmware { me, pfp, mec, rlc, mes, smc, imu } = info.firmware;
        let Rings { count: compute, ib_alignment, ib_size_alignment } = info.compute;
        let GpuInfo { family, integrated, shader_engines, arrays_per_engine, compute_units, .. } = *info;
        let GpuInfo { wave_lanes, vgprs, counter_khz, memory_bus_bits, l2_channels, .. } = *info;
        Self {
            chip: info.chip,
            gfx: info.gfx.to_string(),
            family,
            device_id: format!("{:#06x}", info.device_id),
            pci_revision: format!("{:#04x}", info.pci_revision),
            integrated,
            drm: format!("3.{}", info.drm_minor),
            shader_engines,
            arrays_per_engine,
            compute_units,
            wave_lanes,
            vgprs,
            engine_clock_mhz: megahertz(info.engine_clock_khz),
            memory_clock_mhz: megahertz(info.memory_clock_khz),
            counter_khz,
            memory_bus_bits,
            l2_channels,
            caches: CachesReport { l0_kib, scalar_kib, instruction_kib, l1_kib, l2_kib, mall_bytes },
            memory: MemoryReport { vram: heap(vram), visible_vram: heap(visible_vram), gtt: heap(gtt) },
            all_vram_visible: info.all_vram_visible(),
            rings: RingsReport {
                graphics: info.graphics.count,
                compute,
                dma: info.dma.count,
                ib_alignment,
                ib_size_alignment,
            },
            firmware: FirmwareReport { me, pfp, mec, rlc, mes, smc, imu },
        }
    }
}

fn megahertz(kilohertz: u64) -> f64 {
    kilohertz as f64 / 1000.0 // CAST: clocks are far below 2^53 kHz.
}

/// Large memory for people: `24.0 GiB`, or `512 MiB`.
fn large(bytes: u64) -> String {
    match bytes {
        0..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0), // CAST: for people.
    }
}

/// The lines below the title.
impl fmt::Display for GpuReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(obstacle) = &self.obstacle {
            writeln!(f, "can't be used: {obstacle}")?;
        }
        if let Some(chip) = &self.chip {
            write!(f, "{chip}")?;
        }
        if let Some(Link { speed, width, max_speed, max_width }) = &self.link {
            let most = max_speed.as_ref().zip(max_width.as_ref());
            let most = most.map(|(speed, width)| format!(", at most {speed} x{width}")).unwrap_or_default();
            writeln!(f, "link      {speed} x{width}{most}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ChipReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.integrated { "integrated" } else { "discrete" };
        let Self { compute_units, shader_engines, arrays_per_engine, engine_clock_mhz, memory_clock_mhz, .. } = self;
        writeln!(
            f,
            "chip      {kind}, {compute_units} CUs in {shader_engines} shader engines of {arrays_per_engine} arrays, up to {engine_clock_mhz:.0} MHz"
        )?;
        let MemoryReport { vram, visible_vram, gtt } = &self.memory;
        let seen = match self.all_vram_visible {
            true => "all of it visible to the CPU".to_owned(),
            false => format!("{} of it visible to the CPU", large(visible_vram.total_bytes)),
        };
        let (vram, gtt) = (large(vram.total_bytes), large(gtt.total_bytes));
        writeln!(
            f,
            "memory    VRAM {vram}, {seen}; GTT {gtt}; {}-bit bus, up to {memory_clock_mhz:.0} MHz",
            self.memory_bus_bits
        )?;
        let CachesReport { l0_kib, scalar_kib, instruction_kib, l1_kib, l2_kib, mall_bytes } = &self.caches;
        if *l2_kib > 0 {
            let mall = large(*mall_bytes);
            writeln!(
                f,
                "caches    L0 {l0_kib}, scalar {scalar_kib}, instruction {instruction_kib}, L1 {l1_kib}, L2 {l2_kib} KiB; infinity cache {mall}"
            )?;
        }
        let RingsReport { graphics, compute, dma, .. } = &self.rings;
        writeln!(f, "rings     {compute} compute, {graphics} graphics, {dma} DMA; amdgpu {}", self.drm)?;
        let FirmwareReport { me, pfp, mec, rlc, mes, smc, imu } = &self.firmware;
        writeln!(
            f,
            "firmware  ME {me:#x}, PFP {pfp:#x}, MEC {mec:#x}, RLC {rlc:#x}, MES {mes:#x}, SMC {smc:#x}, IMU {imu:#x}"
        )
    }
}
