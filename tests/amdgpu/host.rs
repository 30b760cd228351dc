//! The process's own memory as a buffer.

use crate::fake::*;
use sparkle::amdgpu::{BufferObject, Errno, Error, HostMemory, PageFlags, VaMapping};

#[test]
fn host_memory_is_given_as_it_is() {
    let fake = Fake::new();
    let device = fake.open();
    let mut memory = HostMemory::new(10_000).unwrap();
    memory.write_at(0, &[1, 2, 3]).unwrap();
    let (address, len) = (memory.as_ptr().addr() as u64, memory.len() as u64);
    let buffer = BufferObject::from_host(&device, memory, true).unwrap();
    // addr@0, size@8, flags@16: READONLY 1, ANONONLY 2, VALIDATE 4, REGISTER 8.
    assert_eq!(fake.last(GEM_USERPTR).argument, block(24, &[(0, 8, address), (8, 8, len), (16, 4, 15)]));
    assert_eq!(buffer.bytes(), len);
    assert_eq!(buffer.host().unwrap().load_u32(0).unwrap(), 0x0003_0201);
    let mapping = VaMapping::new(&buffer, PageFlags::READ).unwrap();
    assert_eq!((fake.last(GEM_VA).u32(0), fake.last(GEM_VA).u64(32)), (1, len));
    assert!(matches!(buffer.map(), Err(Error::NoCpuAccess { .. })));
    assert!(matches!(buffer.export(), Err(Error::Permission { .. })));
    drop((mapping, buffer));
    fake.assert_empty("host memory");

    let buffer = BufferObject::from_host(&device, HostMemory::new(1).unwrap(), false).unwrap();
    assert_eq!(fake.last(GEM_USERPTR).u32(16), 14);
    drop(buffer);
    let buffer = BufferObject::from_host(&device, HostMemory::new(1).unwrap(), false).unwrap();
    fake.state().waits = vec![Ok(1); 20].into();
    fake.forget();
    drop(buffer);
    let requests: Vec<u32> = fake.state().log.iter().map(|call| call.request).collect();
    assert_eq!(
        requests[..],
        [vec![GEM_WAIT_IDLE; 21], vec![GEM_CLOSE]].concat(),
        "first the GPU is done, then it goes"
    );
    fake.state().fail.insert(GEM_USERPTR, (1, Errno::EFAULT));
    let refused = BufferObject::from_host(&device, HostMemory::new(1).unwrap(), false);
    assert!(matches!(refused, Err(Error::Call { errno: Errno::EFAULT, .. })));
}

fn is_mapped(address: usize) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().any(|line| {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        (number(start)..number(end)).contains(&address)
    })
}

/// Pages that the GPU may still write are never given back.
#[test]
fn host_memory_that_stays_busy_is_kept() {
    let fake = Fake::new();
    let device = fake.open();
    let memory = HostMemory::new(1).unwrap();
    let address = memory.as_ptr().addr();
    let buffer = BufferObject::from_host(&device, memory, false).unwrap();
    fake.state().waits = vec![Ok(1); 1_000_000].into();
    drop(buffer);
    assert!(is_mapped(address));
    fake.assert_empty("the handle all the same");
}
