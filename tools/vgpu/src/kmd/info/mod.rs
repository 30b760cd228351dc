//! `INFO`: questions about the device. Source: Linux `amdgpu_kms.c`, `amdgpu_info_ioctl`.

mod chips;
mod device;
mod engine;

use std::sync::atomic::Ordering;

pub use chips::Chip;

use super::bytes::Block;
use super::config::Flavour;
use super::cs::most_ibs;
use super::errno::Errno;
use super::file::File;
use super::gpu::Gpu;
use super::job::Ip;
use super::sync::lock;
use super::user::UserMemory;

/// `INFO`. The answer goes to a pointer of the client, as much of it as the client has room for.
pub(crate) fn info(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (to, room, query) = (block.u64(0), block.u32(8), block.u32(12));
    if to == 0 || room == 0 {
        return Err(Errno::EINVAL);
    }
    let answer = answer(file, query, block)?;
    let room = usize::try_from(room).unwrap_or(usize::MAX).min(answer.0.len());
    let bytes = answer.0.get(..room).ok_or(Errno::EFAULT)?;
    if !bytes.is_empty() {
        user.write(to, bytes)?;
    }
    Ok(0)
}

fn dword(value: u32) -> Block {
    Block(value.to_le_bytes().to_vec())
}

fn long(value: u64) -> Block {
    Block(value.to_le_bytes().to_vec())
}

fn longs(values: &[u64]) -> Block {
    Block(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn answer(file: &File, query: u32, block: &Block) -> Result<Block, Errno> {
    let gpu = &file.gpu;
    let flavour = gpu.flavour();
    let usage = gpu.heap.usage();
    Ok(match query {
        0x00 => dword(u32::from(gpu.accel_working.load(Ordering::Acquire))),
        0x02 => engine::hw_ip_info(gpu, block.u32(16), block.u32(20))?,
        0x03 => engine::hw_ip_count(gpu, block.u32(16))?,
        0x05 => long(gpu.device.chip.counter(gpu.started)),
        0x0e => engine::firmware(gpu, block.u32(16), block.u32(20), block.u32(24))?,
        0x0f => long(gpu.heap.moved.load(Ordering::Relaxed)),
        0x10 => long(usage.vram),
        0x11 => long(usage.gtt),
        0x13 => engine::gds(),
        0x14 => longs(&[
            gpu.heap.vram_bytes - RESERVED,
            gpu.heap.visible_bytes.saturating_sub(RESERVED),
            gpu.heap.gtt_bytes,
        ]),
        0x15 => engine::registers(gpu, block)?,
        0x16 => device::device(gpu),
        0x17 => long(usage.visible),
        0x18 => long(0),
        0x19 => memory(gpu),
        0x1a => Block::zeroed(104),
        0x1d => engine::sensor(gpu, block.u32(16))?,
        0x1e => long(gpu.heap.cpu_faults.load(Ordering::Relaxed)),
        0x1f => dword(gpu.vram_lost.load(Ordering::Acquire)),
        // Codecs: the device has none, all entries are invalid.
        0x21 if block.u32(16) < 2 => Block::zeroed(8 * 24),
        0x22 if flavour != Flavour::V6_1 => {
            let other = most_ibs(Ip::Dma);
            let most =
                [most_ibs(Ip::Gfx), most_ibs(Ip::Compute), other, other, other, other, other, other, other, other];
            Block(most.iter().flat_map(|most| most.to_le_bytes()).collect())
        }
        0x23 if flavour != Flavour::V6_1 => {
            let fault = *lock(&file.vm.fault);
            let mut answer = Block::zeroed(16);
            answer.put_u64(0, fault.addr);
            answer.put_u32(8, fault.status);
            answer.put_u32(12, fault.hub);
            answer
        }
        0x24 if flavour == Flavour::V7_3 => return Err(Errno::EOPNOTSUPP),
        _ => return Err(Errno::EINVAL),
    })
}

/// Video memory that page tables are promised. Source: Linux `amdgpu_vm.h`, `AMDGPU_VM_RESERVED_VRAM`.
const RESERVED: u64 = 8 << 20;

/// Three heaps, each with its size, what of it is usable, what is used, and the largest object.
fn memory(gpu: &Gpu) -> Block {
    let (heap, usage) = (&gpu.heap, gpu.heap.usage());
    let rows = [
        (heap.vram_bytes, usage.vram, RESERVED),
        (heap.visible_bytes, usage.visible, RESERVED),
        (heap.gtt_bytes, usage.gtt, 0),
    ];
    let row = |(total, used, reserved): (u64, u64, u64)| {
        let usable = total.saturating_sub(reserved);
        [total, usable, used, usable / 4 * 3]
    };
    longs(&rows.into_iter().flat_map(row).collect::<Vec<_>>())
}
