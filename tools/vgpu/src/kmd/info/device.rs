//! `DEV_INFO`: what the device is. Source: Linux `amdgpu_kms.c`, `AMDGPU_INFO_DEV_INFO`; offsets of
//! `include/uapi/drm/amdgpu_drm.h`, `struct drm_amdgpu_info_device`.

use crate::kmd::bytes::Block;
use crate::kmd::config::Flavour;
use crate::kmd::gpu::Gpu;
use crate::kmd::vm::{HOLE, PAGE, SPACE};

/// Bytes of the structure.
const fn size(flavour: Flavour) -> usize {
    match flavour {
        Flavour::V6_1 => 368,
        Flavour::V6_12 | Flavour::V7_3 => 440,
    }
}

/// The mask of working units, an entry for each array. Engines from the fifth on stand in the columns behind.
fn unit_bitmap(gpu: &Gpu, block: &mut Block) {
    let chip = &gpu.device.chip;
    for engine in 0..chip.engines {
        for array in 0..chip.arrays {
            let (row, column) = (engine % 4, engine / 4 * 2 + array);
            block.put_u32((56 + (row * 4 + column) * 4) as usize, (1 << chip.units) - 1); // CAST: within the block
        }
    }
}

pub(crate) fn device(gpu: &Gpu) -> Block {
    const FUSION: u64 = 1;
    const CONFORMANT_TRUNC: u64 = 8;
    const GANG: u64 = 0x10;
    let (chip, flavour) = (&gpu.device.chip, gpu.flavour());
    let mut block = Block::zeroed(size(flavour));
    let ids_flags =
        [(chip.apu, FUSION), (flavour != Flavour::V6_1, CONFORMANT_TRUNC), (flavour == Flavour::V7_3, GANG)];
    let ids_flags = ids_flags.iter().filter(|(on, _)| *on).map(|(_, flag)| flag).sum();
    let backends = if chip.backends < 32 { (1u32 << chip.backends) - 1 } else { u32::MAX };
    let revision = chip.external_rev & 0xf;
    let words = [
        (0, chip.device_id),
        (4, if revision == 1 { 0 } else { revision }),
        (8, chip.external_rev),
        (12, chip.pci_rev),
        (16, chip.family),
        (20, chip.engines),
        (24, chip.arrays),
        (28, chip.counter_khz),
        (48, chip.compute_units()),
        (120, backends),
        (124, chip.backends),
        (128, 8),
        (132, if flavour == Flavour::V6_1 { 0 } else { 4 }),
        (160, PAGE as u32), // CAST: 4096
        (164, 2 << 20),
        (168, PAGE as u32), // CAST: 4096
        (176, chip.memory.raw()),
        (180, chip.bus_bits),
        (240, 32),
        (244, chip.vgprs),
        (248, chip.units),
        (252, chip.l2_channels),
        (256, 32),
        (260, 1792),
        (264, 32),
        (268, if flavour == Flavour::V6_1 { 0 } else { 16 }),
        (384, 32),
        (388, 1),
        (392, 16),
        (396, 32),
        (400, 256),
        (404, chip.l2_bytes >> 10),
        (420, 0x11800),
        (424, 256),
        (428, 0x8000),
        (432, 256),
    ];
    words.iter().for_each(|(at, value)| block.put_u32(*at, *value));
    let longs = [
        (32, chip.max_khz.0),
        (40, chip.max_khz.1),
        (136, ids_flags),
        (144, flavour.va_start()),
        (152, HOLE.start),
        (336, HOLE.end),
        (344, HOLE.end | (SPACE - flavour.va_reserved_top())),
        (368, 500_000),
        (376, 96_000),
        (408, chip.mall_bytes),
    ];
    longs.iter().for_each(|(at, value)| block.put_u64(*at, *value));
    unit_bitmap(gpu, &mut block);
    block
}
