//! Engines, firmware, registers and sensors. Source: Linux `amdgpu_kms.c`.

use super::chips::discovery;
use super::dword;
use crate::kmd::bytes::Block;
use crate::kmd::config::Flavour;
use crate::kmd::errno::Errno;
use crate::kmd::gpu::Gpu;
use crate::kmd::job::Ip;
use crate::kmd::ring::COMPUTE_RINGS;

/// Kinds of engines that the interface knows. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_HW_IP_NUM`.
const KINDS: u32 = 10;

/// `HW_IP_INFO`: zeros for an engine that the chip does not have.
pub(crate) fn hw_ip_info(gpu: &Gpu, kind: u32, instance: u32) -> Result<Block, Errno> {
    if kind >= KINDS || instance != 0 {
        return Err(Errno::EINVAL);
    }
    let mut answer = Block::zeroed(if gpu.flavour() == Flavour::V7_3 { 40 } else { 32 });
    let Some(ip) = Ip::from_raw(kind) else { return Ok(answer) };
    let chip = &gpu.device.chip;
    let ((major, minor), version, rings) = match ip {
        Ip::Gfx => ((11, 0), chip.gc, 1),
        Ip::Compute => ((11, 0), chip.gc, COMPUTE_RINGS.min(ip.entities())),
        Ip::Dma => ((6, 0), chip.sdma, chip.dma_rings.min(ip.entities())),
    };
    let (start, size) = ip.ib_alignment();
    let words = [(0, major), (4, minor), (16, start), (20, size), (24, (1 << rings) - 1), (28, discovery(version))];
    words.iter().for_each(|(at, value)| answer.put_u32(*at, *value));
    Ok(answer)
}

/// `HW_IP_COUNT`: how many engines of a kind there are.
pub(crate) fn hw_ip_count(gpu: &Gpu, kind: u32) -> Result<Block, Errno> {
    if kind >= KINDS {
        return Err(Errno::EINVAL);
    }
    match Ip::from_raw(kind) {
        Some(Ip::Gfx | Ip::Compute) => Ok(dword(1)),
        Some(Ip::Dma) => Ok(dword(gpu.device.chip.dma_rings)),
        None if gpu.flavour() == Flavour::V6_1 => Ok(dword(0)),
        None => Err(Errno::EINVAL),
    }
}

/// `FW_VERSION`: version and feature level.
pub(crate) fn firmware(gpu: &Gpu, kind: u32, instance: u32, index: u32) -> Result<Block, Errno> {
    if instance != 0 {
        return Err(Errno::EINVAL);
    }
    let (version, feature) = match (kind, index) {
        (0x04, _) => (2350, 35), // ME
        (0x05, _) => (2430, 35), // PFP
        (0x07, _) => (122, 1),   // RLC
        (0x08, 0 | 1) => (2460, 35),
        (0x0a, _) => (0x004e_7a00, 0), // SMC
        (0x0b, index) if index < gpu.device.chip.dma_rings => (21, 60),
        (0x0c, _) => (0x0031_003a, 0), // SOS
        (0x0d, _) => (0x2100_00c2, 0), // ASD
        (0x13, 0..=4) | (0x01..=0x03 | 0x06 | 0x0e..=0x12 | 0x14..=0x18, _) => (0, 0),
        (0x19, _) => (0x6c, 1),        // MES_KIQ
        (0x1a, _) => (0x4f, 1),        // MES
        (0x1b, _) => (0x0b1f_0200, 0), // IMU
        (0x1c, _) if gpu.flavour() != Flavour::V6_1 => (0, 0),
        _ => return Err(Errno::EINVAL),
    };
    let mut answer = Block::zeroed(8);
    answer.put_u32(0, version);
    answer.put_u32(4, feature);
    Ok(answer)
}

/// `GDS_CONFIG`. Source: Linux `gfx_v11_0.c`, `gfx_v11_0_set_gds_init`.
pub(crate) fn gds() -> Block {
    let words: [u32; 8] = [0x1000, 0x1000, 0x1000, 64, 64, 16, 16, 0];
    Block(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

/// `GB_ADDR_CONFIG`.
const GB_ADDR_CONFIG: u32 = 0x263e;
/// Registers that tell whether blocks are busy; all is idle between two calls.
/// Source: Linux `soc21.c`, `soc21_allowed_read_registers`; numbers of `gc_11_0_0_offset.h`.
const STATUS: [u32; 16] = [
    0x2002, 0x2004, 0x2005, 0x2006, 0x200e, 0x200f, 0x2084, 0x2085, 0x2086, 0x2087, 0x2088, 0x2089, 0x219c, 0x219d,
    0x219e, 0x21a0,
];

/// `READ_MMR_REG`.
pub(crate) fn registers(gpu: &Gpu, block: &Block) -> Result<Block, Errno> {
    const MOST: u32 = 128;
    const ENGINES: u32 = 8;
    const ARRAYS: u32 = 2;
    let (first, count, instance) = (block.u32(16), block.u32(20), block.u32(24));
    let (engine, array) = (instance & 0xff, instance >> 8 & 0xff);
    let selected = |number: u32, most: u32| number == 0xff || number < most;
    if count > MOST || !selected(engine, ENGINES) || !selected(array, ARRAYS) {
        return Err(Errno::EINVAL);
    }
    let mut answer = Block::zeroed(count as usize * 4); // CAST: at most 128
    for at in 0..count {
        let value = match first.wrapping_add(at) {
            GB_ADDR_CONFIG => gpu.device.chip.gb_addr_config,
            register if STATUS.contains(&register) => 0,
            _ => return Err(Errno::EFAULT),
        };
        answer.put_u32(at as usize * 4, value); // CAST: at most 128
    }
    Ok(answer)
}

/// `SENSOR`: a device at rest.
pub(crate) fn sensor(gpu: &Gpu, kind: u32) -> Result<Block, Errno> {
    let chip = &gpu.device.chip;
    let mhz = |khz: u64| u32::try_from(khz / 1000).unwrap_or(u32::MAX);
    let (engine, memory) = (mhz(chip.max_khz.0), mhz(chip.max_khz.1));
    let new = gpu.flavour() != Flavour::V6_1;
    let value = match kind {
        1 => 500,
        2 => 96,
        3 => 45_000,
        4 => 0,
        5 => 15,
        6 if chip.apu => 700,
        7 => 750,
        8 => engine / 4 * 3,
        9 => memory,
        10 if new => engine,
        11 if new => memory,
        12 if new && chip.apu => 18,
        _ => return Err(Errno::EINVAL),
    };
    Ok(dword(value))
}
