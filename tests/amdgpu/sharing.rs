//! Buffers that leave and enter: a dma-buf that is known gives the same handle, and only its last owner closes it.

use crate::fake::*;
use sparkle::amdgpu::{BufferObject, BufferRequest, Errno, Error};
use std::os::fd::AsFd;

#[test]
fn a_handle_with_two_owners_is_closed_once_by_the_last() {
    let fake = Fake::new();
    let device = fake.open();
    let one = BufferObject::new(&device, &BufferRequest::gtt(8192)).unwrap();
    let dma_buf = one.export().unwrap();
    // O_CLOEXEC | O_RDWR; fd@8 goes in as -1.
    assert_eq!(fake.last(PRIME_HANDLE_TO_FD).argument, block(12, &[(0, 4, 1), (4, 4, 0o2000002), (8, 4, 0xffff_ffff)]));
    let two = BufferObject::import(&device, dma_buf.as_fd()).unwrap();
    let three = BufferObject::import(&device, dma_buf.as_fd()).unwrap();
    assert_eq!((two.bytes(), two.placement()), (8192, None));
    drop(one);
    drop(three);
    assert!(fake.calls(GEM_CLOSE).is_empty());
    assert!(two.map().is_ok(), "the handle is still there");
    drop(two);
    assert_eq!(fake.calls(GEM_CLOSE).len(), 1);
    fake.assert_empty("the last owner");

    // Nothing is remembered of the handle: its number now belongs to another buffer.
    let again = BufferObject::new(&device, &BufferRequest::gtt(4096)).unwrap();
    drop(again);
    assert_eq!(fake.calls(GEM_CLOSE).len(), 2);
}

#[test]
fn a_foreign_buffer_has_its_size_and_is_closed() {
    let fake = Fake::new();
    let device = fake.open();
    let foreign = tempfile::tempfile().unwrap();
    foreign.set_len(16384).unwrap();
    let buffer = BufferObject::import(&device, foreign.as_fd()).unwrap();
    assert_eq!(buffer.bytes(), 16384);
    drop(buffer);
    fake.assert_empty("a foreign buffer");
    fake.state().fail.insert(GEM_OP, (1, Errno::EINVAL));
    assert!(BufferObject::import(&device, foreign.as_fd()).is_err());
    fake.assert_empty("an import that failed half way");
}

#[test]
fn private_buffers_do_not_leave() {
    let fake = Fake::new();
    let device = fake.open();
    let buffer = BufferObject::new(&device, &BufferRequest::gtt(4096).always_valid()).unwrap();
    assert!(matches!(buffer.export(), Err(Error::Permission { .. })));
    drop(buffer);
    fake.assert_empty("a private buffer");
}

/// An import that races with the drop of the last owner either keeps the handle or gets a new one.
#[test]
fn imports_and_drops_race_without_mistakes() {
    let fake = Fake::new();
    let device = fake.open();
    let foreign = tempfile::tempfile().unwrap();
    foreign.set_len(4096).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let buffer = BufferObject::import(&device, foreign.as_fd()).unwrap();
                    assert!(buffer.prefer(sparkle::amdgpu::Placement::Gtt).is_ok(), "the handle is open");
                }
            });
        }
    });
    fake.assert_empty("the race");
}
