//! Calls of the DRM core that say what the driver is, and those that it refuses.

use super::bytes::Block;
use super::config::Flavour;
use super::errno::Errno;
use super::file::File;
use super::sync::lock;
use super::user::{UserMemory, read_bytes};

/// `VERSION`. Source: Linux `drm_ioctl.c`, `drm_version`; the strings of `amdgpu_drv.c`.
pub(crate) fn version(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let flavour = file.gpu.flavour();
    block.put_u32(0, 3);
    block.put_u32(4, flavour.minor());
    block.put_u32(8, 0);
    let date = if flavour == Flavour::V7_3 { "0" } else { "20150101" };
    for (length_at, text) in [(16, "amdgpu"), (32, date), (48, "AMD GPU")] {
        let (room, addr) = (block.u64(length_at), block.u64(length_at + 8));
        let bytes = text.as_bytes();
        block.put_u64(length_at, bytes.len() as u64); // CAST: short texts
        let copied = bytes.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(bytes);
        if addr != 0 && !copied.is_empty() {
            user.write(addr, copied)?;
        }
    }
    Ok(0)
}

/// `GET_CAP`. Source: Linux `drm_ioctl.c`, `drm_getcap`; what amdgpu sets in `amdgpu_display.c`.
pub(crate) fn get_cap(_: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let capability = block.u64(0);
    block.put_u64(8, 0);
    let value = match capability {
        0x1 | 0x2 | 0x4 | 0x6 | 0x7 | 0x10 | 0x12 | 0x13 | 0x14 => 1,
        0x3 => 24,
        0x5 => 3,
        0x8 | 0x9 => 256,
        0x11 => 0,
        _ => return Err(Errno::EINVAL),
    };
    block.put_u64(8, value);
    Ok(0)
}

/// `SET_CLIENT_NAME`. Source: Linux `drm_ioctl.c`, `drm_set_client_name`.
pub(crate) fn set_client_name(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const LONGEST: u64 = 64;
    let (length, addr) = (block.u64(0), block.u64(8));
    if length > LONGEST {
        return Err(Errno::EINVAL);
    }
    let name = read_bytes(user, addr, length)?;
    if !name.iter().all(u8::is_ascii_graphic) {
        return Err(Errno::EINVAL);
    }
    lock(&file.tables).name = name;
    Ok(0)
}

/// `USERQ` and its two companions on a device without user queues. Source: Linux `amdgpu_userq.c`.
pub(crate) fn userq(_: &File, _: &dyn UserMemory, _: &mut Block) -> Result<i32, Errno> {
    Err(Errno::ENOTSUPP)
}

/// `PROC_OPTIONS`, whose one option is about compute processes of the other driver.
pub(crate) fn proc_options(_: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    if block.u32(0) == 0 { Ok(0) } else { Err(Errno::EINVAL) }
}
