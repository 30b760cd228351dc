//! Calls on buffer objects. Source: Linux `amdgpu_gem.c` and `amdgpu_object.c`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::bo::{Bo, Metadata, UserPages, create as flag};
use super::bytes::Block;
use super::config::Flavour;
use super::errno::Errno;
use super::file::File;
use super::heap::{Place, domain};
use super::memory::Pages;
use super::report::Kind;
use super::sync::lock;
use super::user::UserMemory;
use super::vm::PAGE;

/// Flags that a client may set. Source: Linux `amdgpu_object.h`, `AMDGPU_GEM_CREATE_SETTABLE_MASK`.
const fn settable(flavour: Flavour) -> u64 {
    let first = flag::CPU_ACCESS_REQUIRED | flag::NO_CPU_ACCESS | flag::CPU_GTT_USWC | flag::VRAM_CLEARED;
    let first = first | flag::VM_ALWAYS_VALID | flag::EXPLICIT_SYNC | flag::ENCRYPTED | flag::DISCARDABLE;
    match flavour {
        Flavour::V6_1 => first,
        Flavour::V6_12 => first | flag::GFX12_DCC,
        Flavour::V7_3 => {
            let coherence = flag::COHERENT | flag::UNCACHED | flag::EXT_COHERENT;
            first | flag::GFX12_DCC | flag::VRAM_WIPE_ON_RELEASE | coherence
        }
    }
}

/// What an object is to be.
pub(crate) struct Wanted {
    /// In bytes, whole pages.
    pub(crate) bytes: u64,
    pub(crate) alignment_pages: u32,
    pub(crate) domains: u32,
    pub(crate) flags: u64,
    /// Pages that exist already.
    pub(crate) pages: Option<Pages>,
    pub(crate) user: Option<UserPages>,
}

impl File {
    /// Makes an object where there is room, with the kernel's own second and third tries.
    pub(crate) fn make(&self, wanted: Wanted) -> Result<Arc<Bo>, Errno> {
        let Wanted { bytes, alignment_pages, mut domains, mut flags, pages, user } = wanted;
        self.gpu.shared.inject.memory()?;
        let most = self.gpu.shared.inject.most_memory();
        let place = loop {
            let cpu = flags & flag::CPU_ACCESS_REQUIRED != 0;
            let fits = self.gpu.heap.fits(bytes, domains);
            // Video memory may be evicted, so a full one is as if system memory were allowed too.
            let spill = if domains == domain::VRAM && flags & flag::DISCARDABLE == 0 && !cpu { domain::GTT } else { 0 };
            match fits.then(|| self.gpu.heap.take(bytes, domains | spill, cpu, most)).flatten() {
                Some(place) => break place,
                None if cpu => flags &= !flag::CPU_ACCESS_REQUIRED,
                None if domains == domain::VRAM => domains |= domain::GTT,
                None => return Err(Errno::ENOMEM),
            }
        };
        let release = || self.gpu.heap.release(bytes, place);
        let pages =
            pages.map_or_else(|| Pages::new(bytes, self.gpu.shared.arena.as_ref()), Ok).inspect_err(|_| release())?;
        let fake_offset = self.gpu.fake_offset(bytes, &pages);
        let always = flags & flag::VM_ALWAYS_VALID != 0;
        let bo = Arc::new(Bo {
            id: self.gpu.shared.number(),
            device: self.gpu.index,
            bytes,
            alignment_pages,
            preferred: AtomicU32::new(domains),
            flags: flags & !flag::CPU_ACCESS_REQUIRED,
            place: Mutex::new(place),
            pages,
            reservation: if always { self.vm.reservation.clone() } else { Arc::default() },
            always_valid_in: always.then_some(self.vm.id),
            user,
            fake_offset,
            metadata: Mutex::default(),
            heap: self.gpu.heap.clone(),
        });
        self.gpu.enlist(&bo);
        Ok(bo)
    }
}

/// Whole pages. Nothing, or more than can be, is an error.
fn pages_of(bytes: u64) -> Result<u64, Errno> {
    match bytes.checked_next_multiple_of(PAGE) {
        Some(0) => Err(Errno::EINVAL),
        Some(whole) => Ok(whole),
        None => Err(Errno::ENOMEM),
    }
}

/// `GEM_CREATE`.
pub(crate) fn create(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const SPECIAL: u32 = domain::GDS | domain::GWS | domain::OA | domain::DOORBELL;
    let flavour = file.gpu.flavour();
    let (bytes, alignment, domains, mut flags) = (block.u64(0), block.u64(8), block.u64(16), block.u64(24));
    let known = if flavour == Flavour::V7_3 { 0x7f } else { 0x3f };
    if flags & !settable(flavour) != 0 || domains & !known != 0 || flags & flag::ENCRYPTED != 0 {
        return Err(Errno::EINVAL);
    }
    let domains = domains as u32; // CAST: seven bits
    let special = domains & SPECIAL;
    if special != 0 {
        let mixed = special != domains || special.count_ones() > 1;
        if flags & flag::VM_ALWAYS_VALID != 0 || (mixed && flavour != Flavour::V6_1) {
            return Err(Errno::EINVAL);
        }
        // None of these memories is modelled: the object is there, and what would use it is refused by name.
        flags |= flag::NO_CPU_ACCESS;
    }
    if bytes == 0 {
        file.report(Kind::Misuse, "GEM_CREATE of 0 bytes, which no kernel refuses in so many words".into());
    }
    let bytes = pages_of(bytes)?;
    match flavour {
        Flavour::V6_1 => {}
        Flavour::V6_12 => flags |= flag::VRAM_CLEARED,
        Flavour::V7_3 => flags |= flag::VRAM_CLEARED | flag::VRAM_WIPE_ON_RELEASE,
    }
    file.gpu.shared.inject.interruptible()?;
    let alignment_pages = (alignment as u32).div_ceil(4096); // CAST: the kernel drops the upper half too
    let bo = file.make(Wanted { bytes, alignment_pages, domains, flags, pages: None, user: None })?;
    if flags & flag::VRAM_CLEARED == 0 && matches!(*lock(&bo.place), Place::Vram { .. }) {
        bo.poison(file.gpu.shared.config.poison_bytes);
    }
    let handle = file.handle(bo, false);
    block.clear(32);
    block.put_u32(0, handle);
    Ok(0)
}

/// `GEM_MMAP`. The block is cleared before the look-up, so a failed call has lost its handle.
pub(crate) fn mmap(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let handle = block.u32(0);
    block.clear(8);
    let bo = file.bo(handle).ok_or(Errno::ENOENT)?;
    if bo.user.is_some() || bo.flags & flag::NO_CPU_ACCESS != 0 {
        return Err(Errno::EPERM);
    }
    block.put_u64(0, bo.fake_offset);
    Ok(0)
}

/// `GEM_CLOSE`. The last handle in a file takes the mappings of its address space along.
pub(crate) fn close(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let handle = {
        let mut tables = lock(&file.tables);
        let handle = tables.objects.remove(block.u32(0)).ok_or(Errno::EINVAL)?;
        tables.by_object.remove(&handle.bo.id);
        handle
    };
    file.vm.forget(&handle.bo);
    Ok(0)
}

/// `GEM_METADATA`. An unknown operation does nothing and succeeds.
pub(crate) fn metadata(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const MOST: u32 = 256;
    let bo = file.bo(block.u32(0)).ok_or(Errno::ENOENT)?;
    file.gpu.shared.inject.interruptible()?;
    let mut metadata = lock(&bo.metadata);
    match block.u32(4) {
        1 => {
            let bytes = block.u32(24);
            if bytes > MOST {
                return Err(Errno::EINVAL);
            }
            let data = block.0.get(28..).and_then(|data| data.get(..bytes as usize)); // CAST: at most 256
            let data = data.unwrap_or_default().to_vec();
            *metadata = Metadata { flags: block.u64(8), tiling: block.u64(16), data };
        }
        2 => {
            block.put_u64(8, metadata.flags);
            block.put_u64(16, metadata.tiling);
            block.put_u32(24, metadata.data.len() as u32); // CAST: at most 256
            block.put(28, &metadata.data);
        }
        _ => {}
    }
    Ok(0)
}

/// `GEM_OP`.
pub(crate) fn op(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let new = file.gpu.flavour() == Flavour::V7_3;
    if new && block.u32(20) != 0 {
        return Err(Errno::EINVAL);
    }
    let handle = {
        let tables = lock(&file.tables);
        tables.objects.get(block.u32(0)).cloned().ok_or(Errno::ENOENT)?
    };
    file.gpu.shared.inject.interruptible()?;
    let (bo, value) = (&handle.bo, block.u64(8));
    match block.u32(4) {
        0 => {
            let mut answer = Block::zeroed(32);
            answer.put_u64(0, bo.bytes);
            answer.put_u64(8, u64::from(bo.alignment_pages) * PAGE);
            answer.put_u64(16, u64::from(bo.preferred()));
            answer.put_u64(24, bo.flags);
            user.write(value, &answer.0)?;
        }
        1 => {
            if handle.imported && value & u64::from(domain::VRAM) != 0 {
                return Err(Errno::EINVAL);
            }
            if bo.user.is_some() {
                return Err(Errno::EPERM);
            }
            let domains = value as u32 & (domain::CPU | domain::GTT | domain::VRAM); // CAST: three bits
            bo.preferred.store(domains, Ordering::Relaxed);
        }
        2 if new => {
            let rows = file.vm.of(bo);
            let room = block.u32(16) as usize; // CAST: 32 bits fit
            if rows.len() <= room {
                let mut answer = Block::zeroed(rows.len() * 32);
                for (at, (addr, bytes, offset, flags)) in rows.iter().enumerate() {
                    for (word, value) in [*addr, *bytes, *offset, u64::from(*flags)].into_iter().enumerate() {
                        answer.put_u64(at * 32 + word * 8, value);
                    }
                }
                if !rows.is_empty() {
                    user.write(value, &answer.0)?;
                }
            }
            block.put_u32(16, rows.len() as u32); // CAST: mappings of one object
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

/// `GEM_USERPTR`.
pub(crate) fn userptr(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const READONLY: u32 = 1;
    const VALIDATE: u32 = 4;
    const REGISTER: u32 = 8;
    const ALL: u32 = 15;
    let (addr, bytes, flags) = (block.u64(0), block.u64(8), block.u32(16));
    if !addr.is_multiple_of(PAGE) || !bytes.is_multiple_of(PAGE) || flags & !ALL != 0 {
        return Err(Errno::EINVAL);
    }
    if flags & (READONLY | REGISTER) == 0 {
        return Err(Errno::EACCES);
    }
    let bytes = pages_of(bytes)?;
    addr.checked_add(bytes).ok_or(Errno::EFAULT)?;
    if user.address_space() != file.client.memory.address_space() {
        file.report(Kind::NotModelled, "GEM_USERPTR from another process than the one that opened the node".into());
        return Err(Errno::EFAULT);
    }
    let pages = UserPages::new(addr, flags & READONLY != 0, file.client.memory.clone());
    let wanted = Wanted { bytes, alignment_pages: 0, domains: domain::GTT, flags: 0, pages: None, user: Some(pages) };
    let bo = file.make(wanted)?;
    if flags & VALIDATE != 0 {
        bo.pull()?;
    }
    block.put_u32(20, file.handle(bo, false));
    Ok(0)
}

/// `GEM_LIST_HANDLES`.
pub(crate) fn list_handles(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const IMPORTED: u32 = 1;
    let (entries, room) = (block.u64(0), block.u32(8) as usize); // CAST: 32 bits fit
    let rows: Vec<_> = {
        let tables = lock(&file.tables);
        tables.objects.iter().map(|(handle, object)| (handle, object.clone())).collect()
    };
    block.put_u32(8, rows.len() as u32); // CAST: handles have 32 bits
    if room < rows.len() || rows.is_empty() {
        return Ok(0);
    }
    let mut answer = Block::zeroed(rows.len() * 40);
    for (at, (handle, object)) in rows.iter().enumerate() {
        let at = at * 40;
        answer.put_u32(at, *handle);
        answer.put_u32(at + 4, if object.imported { IMPORTED } else { 0 });
        answer.put_u64(at + 8, object.bo.bytes);
        answer.put_u64(at + 16, u64::from(object.bo.preferred()));
        answer.put_u64(at + 24, object.bo.flags & settable(Flavour::V7_3));
        answer.put_u64(at + 32, u64::from(object.bo.alignment_pages));
    }
    user.write(entries, &answer.0)?;
    Ok(0)
}
