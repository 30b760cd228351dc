//! What a GPU is, read once when it is opened, and what it reports at any time.

use super::chips::{Chip, GfxVersion};
use super::ioctl;
use super::node::Node;
use super::submit::Ip;
use super::uapi::info::{
    FW_GFX_ME, FW_GFX_MEC, FW_GFX_PFP, FW_GFX_RLC, FW_IMU, FW_MES, FW_SMC, HeapInfo, IDS_FUSION, INFO_DEV_INFO,
    INFO_FW_VERSION, INFO_HW_IP_INFO, INFO_MEMORY, InfoDevice, InfoFirmware, InfoHwIp, MemoryInfo,
};
use nix::errno::Errno;

/// Rings of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rings {
    /// Software queues; 0 where the block is missing or has user queues alone.
    pub count: u32,
    /// Bytes that an indirect buffer's address is a multiple of.
    pub ib_alignment: u32,
    /// Bytes that an indirect buffer's size is a multiple of.
    pub ib_size_alignment: u32,
}

/// A firmware of the GPU. 0 where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Firmware {
    /// Micro engine.
    pub me: u32,
    /// Prefetch parser.
    pub pfp: u32,
    /// Compute micro engine.
    pub mec: u32,
    /// Run list controller.
    pub rlc: u32,
    /// Scheduler.
    pub mes: u32,
    /// Power management.
    pub smc: u32,
    /// Start-up.
    pub imu: u32,
}

/// Caches, in KiB unless said otherwise; 0 where the kernel doesn't say (before minor 52). Navi 33's are wrong on some
/// kernels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caches {
    /// Vector L0 of a compute unit.
    pub l0_kib: u32,
    /// Scalar data cache of a WGP.
    pub scalar_kib: u32,
    /// Instruction cache of a WGP.
    pub instruction_kib: u32,
    /// L1 of a shader array.
    pub l1_kib: u32,
    /// L2.
    pub l2_kib: u32,
    /// Infinity cache, bytes.
    pub mall_bytes: u64,
}

/// What a GPU is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuInfo {
    /// AMD's name of the chip, `Navi 31`.
    pub chip: &'static str,
    /// Its instruction set.
    pub gfx: GfxVersion,
    /// The kernel's family number, as captures keep it.
    pub family: u32,
    /// PCI device, for names only.
    pub device_id: u32,
    /// PCI revision.
    pub pci_revision: u32,
    /// An APU, whose VRAM is a part of the system's memory.
    pub integrated: bool,
    /// Minor version of the driver's interface.
    pub drm_minor: u32,
    /// Shader engines.
    pub shader_engines: u32,
    /// Shader arrays of an engine.
    pub arrays_per_engine: u32,
    /// Compute units that work; a WGP has two.
    pub compute_units: u32,
    /// A bit for each working compute unit of a shader array: see [`Self::cu_mask`].
    pub cu_bitmap: [[u32; 4]; 4],
    /// Highest shader clock, kHz.
    pub engine_clock_khz: u64,
    /// Highest memory clock, kHz.
    pub memory_clock_khz: u64,
    /// Rate of timestamps, kHz.
    pub counter_khz: u32,
    /// Lanes of a wave by default; gfx10 and later run 32 and 64.
    pub wave_lanes: u32,
    /// Vector registers of a lane of a SIMD.
    pub vgprs: u32,
    /// L2 channels.
    pub l2_channels: u32,
    /// Caches.
    pub caches: Caches,
    /// Bits of the memory bus.
    pub memory_bus_bits: u32,
    /// Memory as of opening.
    pub memory: MemoryState,
    /// Usable addresses of the low half, bytes: start and end.
    pub va_low: (u64, u64),
    /// Least alignment of a mapping, bytes.
    pub va_alignment: u64,
    /// Graphics rings.
    pub graphics: Rings,
    /// Compute rings.
    pub compute: Rings,
    /// DMA rings.
    pub dma: Rings,
    /// Firmware, for reports of bugs.
    pub firmware: Firmware,
}

impl GpuInfo {
    /// Asks the kernel. `None` inside for a chip that isn't in the table, with its version, family and revision.
    pub(super) fn query(node: &dyn Node, drm_minor: u32) -> Result<Result<Self, (u32, u32, u32)>, Errno> {
        let device: InfoDevice = ioctl::info(node, INFO_DEV_INFO, [0; 4])?;
        let ip = |ip: Ip| ioctl::info::<InfoHwIp>(node, INFO_HW_IP_INFO, [ip.number(), 0, 0, 0]);
        let (graphics, compute, dma) = (ip(Ip::Graphics)?, ip(Ip::Compute)?, ip(Ip::Dma)?);
        let version = compute.ip_discovery_version.max(graphics.ip_discovery_version);
        let Some(chip) = Chip::find(version, device.family, device.external_rev) else {
            return Ok(Err((version, device.family, device.external_rev)));
        };
        Ok(Ok(Self {
            chip: chip.name,
            gfx: chip.gfx,
            family: device.family,
            device_id: device.device_id,
            pci_revision: device.pci_rev,
            integrated: device.ids_flags & IDS_FUSION != 0,
            drm_minor,
            shader_engines: device.num_shader_engines,
            arrays_per_engine: device.num_shader_arrays_per_engine,
            compute_units: device.cu_active_number,
            cu_bitmap: bitmap(&device.cu_bitmap),
            engine_clock_khz: device.max_engine_clock,
            memory_clock_khz: device.max_memory_clock,
            counter_khz: device.gpu_counter_freq,
            wave_lanes: device.wave_front_size,
            vgprs: device.num_shader_visible_vgprs,
            l2_channels: device.num_tcc_blocks,
            caches: Caches {
                l0_kib: device.tcp_cache_size,
                scalar_kib: device.sqc_data_cache_size,
                instruction_kib: device.sqc_inst_cache_size,
                l1_kib: device.gl1c_cache_size,
                l2_kib: device.gl2c_cache_size,
                mall_bytes: device.mall_size,
            },
            memory_bus_bits: device.vram_bit_width,
            memory: MemoryState::query(node)?,
            va_low: (device.virtual_address_offset, device.virtual_address_max),
            va_alignment: device.virtual_address_alignment.into(),
            graphics: rings(&graphics),
            compute: rings(&compute),
            dma: rings(&dma),
            firmware: Firmware::query(node),
        }))
    }

    /// The rings of a block.
    pub const fn rings(&self, ip: Ip) -> Rings {
        match ip {
            Ip::Graphics => self.graphics,
            Ip::Compute => self.compute,
            Ip::Dma => self.dma,
        }
    }

    /// A bit for each working compute unit of a shader array of gfx11, 0 for one that doesn't exist.
    ///
    /// Source: Linux `amdgpu_drm.h`, comment at `cu_bitmap`, and Mesa `ac_gpu_info.c`: engines 4 to 7 are in columns 2 and 3.
    pub fn cu_mask(&self, engine: u32, array: u32) -> u32 {
        let (row, column) = (engine as usize % 4, engine as usize / 4 * 2 + array as usize); // CAST: u32 fits.
        self.cu_bitmap.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0)
    }

    /// Whether the CPU reaches (nearly) all of VRAM: an APU, or a card with a resized BAR.
    ///
    /// Source: Mesa `ac_gpu_info.c`, `all_vram_visible`, takes nine tenths for all.
    pub const fn all_vram_visible(&self) -> bool {
        let MemoryState { vram, visible_vram, .. } = &self.memory;
        visible_vram.total_bytes >= vram.total_bytes / 10 * 9
    }
}

fn bitmap(flat: &[u32; 16]) -> [[u32; 4]; 4] {
    let mut rows = [[0; 4]; 4];
    for (row, words) in rows.iter_mut().zip(flat.as_chunks::<4>().0) {
        *row = *words;
    }
    rows
}

fn rings(ip: &InfoHwIp) -> Rings {
    Rings {
        count: ip.available_rings.count_ones(),
        ib_alignment: ip.ib_start_alignment,
        ib_size_alignment: ip.ib_size_alignment,
    }
}

impl Firmware {
    fn query(node: &dyn Node) -> Self {
        // Only for reports, and each chip lacks some.
        let version = |kind| ioctl::info::<InfoFirmware>(node, INFO_FW_VERSION, [kind, 0, 0, 0]).map_or(0, |fw| fw.ver);
        Self {
            me: version(FW_GFX_ME),
            pfp: version(FW_GFX_PFP),
            mec: version(FW_GFX_MEC),
            rlc: version(FW_GFX_RLC),
            mes: version(FW_MES),
            smc: version(FW_SMC),
            imu: version(FW_IMU),
        }
    }
}

/// A heap at some moment, of all processes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heap {
    /// Bytes.
    pub total_bytes: u64,
    /// Bytes in use by everybody.
    pub used_bytes: u64,
}

impl Heap {
    /// Bytes that are in nobody's use; a new buffer of more moves others out.
    pub const fn free_bytes(self) -> u64 {
        self.total_bytes.saturating_sub(self.used_bytes)
    }
}

/// The heaps at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryState {
    /// VRAM.
    pub vram: Heap,
    /// The part of it that the CPU sees.
    pub visible_vram: Heap,
    /// System memory that the GPU reaches.
    pub gtt: Heap,
}

impl MemoryState {
    pub(super) fn query(node: &dyn Node) -> Result<Self, Errno> {
        let info: MemoryInfo = ioctl::info(node, INFO_MEMORY, [0; 4])?;
        let heap = |heap: HeapInfo| Heap { total_bytes: heap.total_heap_size, used_bytes: heap.heap_usage };
        Ok(Self { vram: heap(info.vram), visible_vram: heap(info.cpu_accessible_vram), gtt: heap(info.gtt) })
    }
}

/// What a sensor measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sensor {
    /// Shader clock, MHz.
    EngineClock,
    /// Memory clock, MHz.
    MemoryClock,
    /// Thousandths of a degree Celsius.
    Temperature,
    /// Per cent.
    Load,
    /// Watts.
    AveragePower,
    /// Millivolts.
    Voltage,
}

impl Sensor {
    pub(super) const fn number(self) -> u32 {
        use super::uapi::info as uapi;
        match self {
            Self::EngineClock => uapi::SENSOR_GFX_SCLK,
            Self::MemoryClock => uapi::SENSOR_GFX_MCLK,
            Self::Temperature => uapi::SENSOR_GPU_TEMP,
            Self::Load => uapi::SENSOR_GPU_LOAD,
            Self::AveragePower => uapi::SENSOR_GPU_AVG_POWER,
            Self::Voltage => uapi::SENSOR_VDDGFX,
        }
    }
}
