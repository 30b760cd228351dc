//! Buffers of all kinds, on cards that show all of their memory and on those that don't.

use super::machine::Machine;
use sparkle::amdgpu::{Error as DriverError, Placement};
use sparkle::backend::gpu::{Error, Memory};
use sparkle_vgpu::kmd::Flavour;

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn bytes_go_in_and_out_of_all_memory() {
    for (flavour, chip, visible) in [
        (Flavour::V6_1, "gfx1100", None),
        (Flavour::V6_12, "gfx1100", Some(256 << 20)),
        (Flavour::V7_3, "gfx1102", Some(256 << 20)),
        (Flavour::V7_3, "gfx1103", None),
    ] {
        let machine = Machine::with(flavour, chip, |config| {
            let device = &mut config.devices[0];
            device.visible_vram_bytes = visible.unwrap_or(device.vram_bytes);
        });
        let gpu = machine.gpu();
        for memory in [Memory::Device, Memory::Upload, Memory::Host] {
            let mut buffer = gpu.buffer(memory, 4_200_019).unwrap();
            let hidden = memory == Memory::Device && visible.is_some();
            assert_eq!(buffer.mapped().is_none(), hidden, "{chip}, {memory:?}");
            let wanted = if memory == Memory::Device { Placement::Vram } else { Placement::Gtt };
            assert_eq!(buffer.placement(), Some(wanted));
            for (offset, bytes) in [(0, 4_200_019), (3, 1), (5, 70_001), (16, 4096), (4_200_000, 19)] {
                let data = pattern(bytes);
                buffer.write(offset, data.as_slice()).unwrap();
                assert!(
                    buffer.read_vec::<u8>(offset, bytes).unwrap() == data,
                    "{chip}, {memory:?}: {bytes} at {offset}"
                );
            }
            buffer.write(0, &[1_u32, 2, 3]).unwrap();
            assert_eq!(buffer.read_vec::<u32>(4, 2).unwrap(), [2, 3]);
            for outside in [buffer.write(4_200_018, &[0_u8; 2]), buffer.read(u64::MAX, &mut [0_u8; 2])] {
                assert!(matches!(outside, Err(Error::Driver(DriverError::OutOfBounds { .. }))), "{outside:?}");
            }
        }
        drop(gpu);
        assert_eq!(machine.findings(), [""; 0], "{chip}, {flavour:?}");
    }
}
