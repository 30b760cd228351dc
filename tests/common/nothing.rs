//! A device that does nothing and says that it did: what is left is this program's own time.

use memmap2::{MmapOptions, MmapRaw};
use sparkle::amdgpu::{Device, Errno, Node};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A node without a device: a gfx1100 with 8 GiB of memory.
#[derive(Debug, Default)]
struct Nothing {
    sequence: AtomicU64,
}

impl Node for Nothing {
    #[allow(unsafe_code)]
    // SAFETY: only INFO's and VERSION's answers are written through the caller's addresses, with the sizes given there.
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        let word = |at: usize| u64::from_le_bytes(argument[at..at + 8].try_into().unwrap());
        let put = |address: u64, value: &[u8]| {
            // SAFETY: as above.
            unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), address as *mut u8, value.len()) };
        };
        let number = match request {
            0xc040_6400 => {
                put(word(24), b"amdgpu");
                argument[..8].copy_from_slice(&[3, 0, 0, 0, 61, 0, 0, 0]);
                argument[16..24].copy_from_slice(&6_u64.to_le_bytes());
                return Ok(0);
            }
            0x4020_6445 => {
                match word(8) >> 32 {
                    0x00 => put(word(0), &1_u32.to_le_bytes()),
                    // available_rings@24, ip_discovery_version@28.
                    0x02 => put(word(0) + 24, &[15, 0, 0, 0, 0, 0, 11, 0]),
                    0x16 => {
                        // num_shader_engines@20, cu_active_number@48, virtual_address_max@152.
                        put(word(0) + 20, &6_u32.to_le_bytes());
                        put(word(0) + 48, &96_u32.to_le_bytes());
                        put(word(0) + 152, &(1_u64 << 47).to_le_bytes());
                    }
                    _ => {}
                }
                return Ok(0);
            }
            0xc010_640c => {
                argument[8..16].copy_from_slice(&1_u64.to_le_bytes());
                return Ok(0);
            }
            0xc018_6444 => self.sequence.fetch_add(1, Ordering::Relaxed) + 1,
            0xc020_6440 | 0xc010_6442 | 0xc008_64bf => 1,
            _ => 0,
        };
        argument[..8].copy_from_slice(&number.to_le_bytes());
        Ok(0)
    }

    fn map(&self, _offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        Ok(MmapOptions::new().len(length).map_anon().unwrap().into())
    }
}

/// Opens it.
pub fn device() -> Arc<Device> {
    Device::new(Box::new(Nothing::default()), "nothing").unwrap()
}
