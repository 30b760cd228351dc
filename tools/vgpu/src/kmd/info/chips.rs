//! The chips and the boards that they come on, as `INFO` describes them.
//!
//! The row of gfx1100 is what a Radeon RX 7900 XTX reports (Mesa `src/amd/drm-shim/amdgpu_devices.c`). No such record
//! was found for the others: ids, families and revisions are those of Linux (`soc21.c`, `amdgpu_discovery.c`) and Mesa
//! (`amdgpu_asic_addr.h`), units, clocks and memory those of the boards' data sheets, and `GB_ADDR_CONFIG` follows from
//! the number of pipes and packers. Firmware versions are such that no feature is held back by them on GC 11.0.

use std::time::Instant;

/// Memory that a chip is soldered to. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_VRAM_TYPE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Of graphics boards.
    Gddr6,
    /// Of notebooks.
    Lpddr5,
}

impl Memory {
    pub(crate) const fn raw(self) -> u32 {
        match self {
            Self::Gddr6 => 9,
            Self::Lpddr5 => 12,
        }
    }
}

/// A chip on its board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The name that compilers have for its instruction set.
    pub name: &'static str,
    /// The board.
    pub board: &'static str,
    /// PCI device id; the vendor is 0x1002.
    pub device_id: u32,
    /// PCI revision.
    pub pci_rev: u32,
    /// `AMDGPU_FAMILY_*`.
    pub family: u32,
    /// External revision, which tells the chips of a family apart.
    pub external_rev: u32,
    /// Version of the graphics core: major, minor, revision. Not in the order of `name`: 11.0.2 is gfx1102.
    pub gc: (u32, u32, u32),
    /// Version of the copy engine.
    pub sdma: (u32, u32, u32),
    /// Whether it shares its memory with a CPU.
    pub apu: bool,
    /// Shader engines.
    pub engines: u32,
    /// Shader arrays of an engine.
    pub arrays: u32,
    /// Compute units of an array, all of which work.
    pub units: u32,
    /// Render backends.
    pub backends: u32,
    /// Channels of the L2 cache.
    pub l2_channels: u32,
    /// Bytes of the L2 cache.
    pub l2_bytes: u32,
    /// Bytes of the last cache; 0 where the chip has none, and on gfx1102, whose firmware says so.
    pub mall_bytes: u64,
    /// Vector registers of a SIMD.
    pub vgprs: u32,
    /// kHz of the timestamp counter.
    pub counter_khz: u32,
    /// Highest clocks of engine and memory, in kHz.
    pub max_khz: (u64, u64),
    /// Kind of memory.
    pub memory: Memory,
    /// Bits of the memory bus.
    pub bus_bits: u32,
    /// Bytes of video memory, on an APU the usual carve-out.
    pub vram_bytes: u64,
    /// The register `GB_ADDR_CONFIG`.
    pub gb_addr_config: u32,
    /// Copy engines.
    pub dma_rings: u32,
}

const DGPU: Chip = Chip {
    name: "gfx1100",
    board: "Radeon RX 7900 XTX",
    device_id: 0x744c,
    pci_rev: 0xc8,
    family: 145,
    external_rev: 0x01,
    gc: (11, 0, 0),
    sdma: (6, 0, 0),
    apu: false,
    engines: 6,
    arrays: 2,
    units: 8,
    backends: 24,
    l2_channels: 24,
    l2_bytes: 6 << 20,
    mall_bytes: 96 << 20,
    vgprs: 1536,
    counter_khz: 100_000,
    max_khz: (2_371_000, 1_249_000),
    memory: Memory::Gddr6,
    bus_bits: 384,
    vram_bytes: 25_753_026_560,
    gb_addr_config: 0x545,
    dma_rings: 2,
};

const APU: Chip = Chip {
    name: "gfx1103",
    board: "Radeon 780M",
    device_id: 0x15bf,
    pci_rev: 0xc8,
    family: 148,
    external_rev: 0x01,
    gc: (11, 0, 1),
    sdma: (6, 0, 1),
    apu: true,
    engines: 1,
    arrays: 2,
    units: 6,
    backends: 4,
    l2_channels: 4,
    l2_bytes: 2 << 20,
    mall_bytes: 0,
    vgprs: 1024,
    counter_khz: 99_810,
    max_khz: (2_700_000, 2_800_000),
    memory: Memory::Lpddr5,
    bus_bits: 128,
    vram_bytes: 512 << 20,
    gb_addr_config: 0x242,
    dma_rings: 1,
};

impl Chip {
    /// Ticks of the counter since `started`.
    pub(crate) fn counter(&self, started: Instant) -> u64 {
        let ticks = started.elapsed().as_nanos() * u128::from(self.counter_khz) / 1_000_000;
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// All of them.
    pub const ALL: [Self; 6] = [
        DGPU,
        Self {
            name: "gfx1101",
            board: "Radeon RX 7800 XT",
            device_id: 0x747e,
            external_rev: 0x20,
            gc: (11, 0, 3),
            sdma: (6, 0, 3),
            engines: 3,
            units: 10,
            backends: 12,
            l2_channels: 16,
            l2_bytes: 4 << 20,
            mall_bytes: 64 << 20,
            max_khz: (2_565_000, 1_219_000),
            bus_bits: 256,
            vram_bytes: 16 << 30,
            gb_addr_config: 0x444,
            ..DGPU
        },
        Self {
            name: "gfx1102",
            board: "Radeon RX 7600",
            device_id: 0x7480,
            pci_rev: 0xcf,
            external_rev: 0x10,
            gc: (11, 0, 2),
            sdma: (6, 0, 2),
            engines: 2,
            backends: 8,
            l2_channels: 8,
            l2_bytes: 2 << 20,
            mall_bytes: 0,
            vgprs: 1024,
            max_khz: (2_655_000, 1_124_000),
            bus_bits: 128,
            vram_bytes: 8 << 30,
            gb_addr_config: 0x343,
            ..DGPU
        },
        APU,
        Self {
            name: "gfx1150",
            board: "Radeon 890M",
            device_id: 0x150e,
            pci_rev: 0xc1,
            family: 150,
            external_rev: 0x10,
            gc: (11, 5, 0),
            sdma: (6, 1, 0),
            units: 8,
            max_khz: (2_900_000, 2_800_000),
            ..APU
        },
        Self {
            name: "gfx1151",
            board: "Radeon 8060S",
            device_id: 0x1586,
            pci_rev: 0xc1,
            family: 150,
            external_rev: 0xc1,
            gc: (11, 5, 1),
            sdma: (6, 1, 1),
            engines: 2,
            units: 10,
            backends: 8,
            l2_channels: 8,
            mall_bytes: 32 << 20,
            vgprs: 1536,
            max_khz: (2_900_000, 2_800_000),
            bus_bits: 256,
            gb_addr_config: 0x343,
            ..APU
        },
    ];

    /// The chip with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chip| chip.name == name)
    }

    /// Compute units of the chip.
    #[must_use]
    pub const fn compute_units(&self) -> u32 {
        self.engines * self.arrays * self.units
    }
}

/// The version word of `HW_IP_INFO`.
pub(crate) const fn discovery(version: (u32, u32, u32)) -> u32 {
    version.0 << 16 | version.1 << 8 | version.2
}
