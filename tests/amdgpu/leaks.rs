//! Nothing leaks: whatever call fails, and in whatever order things are dropped.

use crate::fake::*;
use crate::submissions::setup;
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, CpuAccess, Deadline, Device, Errno, Error, HostMemory, IbFlags, PageFlags,
    Priority, Queue, Residency, Submission, SyncObj, VaMapping,
};
use std::os::fd::AsFd;

/// A bit of everything; the first call that fails ends it.
fn life(fake: &Fake) -> Result<(), Error> {
    let device = Device::new(Box::new(fake.clone()), "node")?;
    let context = Context::new(&device, Priority::Normal)?;
    let vram = BufferObject::new(&device, &BufferRequest::vram(3 << 20))?;
    let commands = BufferObject::new(&device, &BufferRequest::gtt(4096).access(CpuAccess::Write))?;
    let mut map = commands.map()?;
    map.store_u32(0, 1)?;
    let host = BufferObject::from_host(
        &device,
        HostMemory::new(4096).map_err(|_| Error::Gone { device: device.name().clone() })?,
        false,
    )?;
    let ib = VaMapping::new(&commands, PageFlags::CODE)?;
    let mappings = [ib.clone(), VaMapping::new(&vram, PageFlags::DATA)?, VaMapping::new(&host, PageFlags::DATA)?];
    let residency = Residency::new(mappings);
    let binary = SyncObj::new(&device, false)?;
    let timeline = SyncObj::new(&device, false)?;
    let dma_buf = vram.export()?;
    let again = BufferObject::import(&device, dma_buf.as_fd())?;
    let mut submission = Submission::new(&context, Queue::compute(0))?;
    submission.residency(&residency)?.ib(ib.address(), 32, IbFlags::empty())?;
    submission.signal(&binary, 0)?.signal(&timeline, 5)?;
    let first = submission.submit()?;
    submission.clear();
    submission.residency(&residency)?.ib(ib.address(), 32, IbFlags::empty())?.after(&first)?;
    let second = submission.submit()?;
    drop((submission, residency, vram, commands, host));
    let from_fence = SyncObj::from_fence(&second)?;
    from_fence.wait(0, Deadline::NOW)?;
    drop(first.sync_file()?);
    second.wait(Deadline::NEVER)?;
    drop((again, map));
    context.state()?;
    Ok(())
}

fn is_excused(error: &Error, errno: Errno) -> bool {
    match error {
        Error::Gone { .. } => errno == Errno::ENODEV,
        Error::Call { errno: of, .. } => *of == errno,
        Error::OutOfMemory { .. } | Error::WorkingSet { .. } | Error::KernelMemory { .. } => errno == Errno::ENOMEM,
        Error::Hang { .. } | Error::ContextLost { .. } => matches!(errno, Errno::ECANCELED | Errno::ETIME),
        Error::SyncTimeout { .. } => errno == Errno::ETIME,
        Error::Permission { .. } => errno == Errno::EACCES,
        Error::Unusable { .. } => true,
        _ => false,
    }
}

#[test]
fn whatever_fails_everything_is_given_back() {
    let healthy = Fake::new();
    life(&healthy).unwrap();
    healthy.assert_empty("a life without failures");
    let calls = healthy.state().count;
    assert!(calls > 40, "{calls}");
    let mut failed = 0;
    for errno in [Errno::EINVAL, Errno::ENODEV, Errno::ENOMEM, Errno::ECANCELED, Errno::ETIME, Errno::EACCES] {
        for at in 0..calls {
            let fake = Fake::new();
            fake.state().fail_at = Some((at, errno));
            if let Err(error) = life(&fake) {
                assert!(is_excused(&error, errno), "call {at}, {errno}: {error:?}");
                assert!(!error.to_string().is_empty());
                failed += 1;
            }
            fake.assert_empty(&format!("call {at} failed with {errno}"));
        }
    }
    assert!(failed > calls * 4, "{failed} of {} failures were seen", calls * 6);
}

#[test]
fn interruptions_anywhere_change_nothing() {
    let calls = {
        let fake = Fake::new();
        life(&fake).unwrap();
        fake.state().count
    };
    for errno in [Errno::EINTR, Errno::EAGAIN] {
        for at in 0..calls {
            let fake = Fake::new();
            fake.state().fail_at = Some((at, errno));
            match life(&fake) {
                Ok(()) => {}
                // `mmap` isn't an ioctl and isn't interrupted.
                Err(Error::Call { call: "mmap", .. }) => {}
                Err(error) => panic!("call {at}, {errno}: {error:?}"),
            }
            fake.assert_empty(&format!("call {at} interrupted with {errno}"));
        }
    }
}

#[test]
fn a_release_that_fails_takes_nothing_else_with_it() {
    for request in [GEM_CLOSE, GEM_VA, CTX, SYNCOBJ_DESTROY] {
        let setup = setup();
        let semaphore = SyncObj::new(&setup.device, false).unwrap();
        let fake = setup.fake.clone();
        setup.submission().submit().unwrap().wait(Deadline::NEVER).unwrap();
        fake.state().fail.insert(request, (1, Errno::EIO));
        drop((setup, semaphore));
        let left = fake.held();
        assert_ne!(left, "[] {} {} {} []", "{request:#x}");
        let rest = left
            .replace("[1]", "[]")
            .replace("[2]", "[]")
            .replace("{1}", "{}")
            .replace("[\"close of 2 while it is mapped\"]", "[]");
        let rest = rest.replace("{4294967296: (2, 65536)}", "{}");
        assert_eq!(rest, "[] {} {} {} []", "{request:#x}: {left}");
    }
}

#[test]
fn addresses_that_were_not_mapped_are_given_back() {
    let setup = setup();
    let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(4096)).unwrap();
    let address = || VaMapping::new(&buffer, PageFlags::DATA).map(|mapping| mapping.address());
    let first = address().unwrap();
    setup.fake.state().fail.insert(GEM_VA, (1, Errno::EINVAL));
    assert!(address().is_err());
    assert_eq!(address().unwrap(), first);
}

/// Addresses that the kernel did not unmap are not given to others.
#[test]
fn addresses_that_stayed_mapped_stay_taken() {
    let setup = setup();
    let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(4096)).unwrap();
    let first = VaMapping::new(&buffer, PageFlags::DATA).unwrap().address();
    let second = VaMapping::new(&buffer, PageFlags::DATA).unwrap();
    assert_eq!(second.address(), first, "given back and used again");
    setup.fake.state().fail.insert(GEM_VA, (1, Errno::EIO));
    drop(second);
    assert_ne!(VaMapping::new(&buffer, PageFlags::DATA).unwrap().address(), first);
}

#[test]
fn a_fence_keeps_what_the_gpu_uses() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    let fake = setup.fake.clone();
    drop(setup);
    assert_eq!(fake.calls(GEM_CLOSE).len(), 0, "buffers, mapping, context and device are still there");
    fence.wait(Deadline::NEVER).unwrap();
    drop(fence);
    fake.assert_empty("the fence was the last");
    let order: Vec<u32> = fake.state().log.iter().rev().take(4).map(|call| call.request).collect();
    assert_eq!(order[0], GEM_CLOSE);
}

#[test]
fn work_that_is_dropped_early_keeps_its_buffers_until_it_is_done() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    setup.fake.state().waits = vec![Ok(1); 2].into();
    let crate::submissions::Setup { fake, context, ib, residency, device } = setup;
    drop((ib, residency));
    drop(fence);
    assert!(fake.calls(GEM_CLOSE).is_empty(), "busy at the drop");
    let mut submission = Submission::new(&context, Queue::compute(1)).unwrap();
    let other = BufferObject::new(&device, &BufferRequest::gtt(4096)).unwrap();
    let ib = VaMapping::new(&other, PageFlags::CODE).unwrap();
    submission.residency(&Residency::new([ib.clone()])).unwrap().ib(ib.address(), 32, IbFlags::empty()).unwrap();
    let second = submission.submit().unwrap();
    assert!(fake.calls(GEM_CLOSE).is_empty(), "still busy at the next submission");
    let third = submission.submit().unwrap();
    assert_eq!(fake.last(GEM_CLOSE).u32(0), 2, "done by the one after");
    drop((second, third, submission, ib, other, context, device));
    fake.assert_empty("everything");
}

#[test]
fn a_context_that_is_dropped_waits_for_its_work() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    setup.fake.state().waits = vec![Ok(1); 50].into();
    let fake = setup.fake.clone();
    drop(fence);
    fake.forget();
    drop(setup);
    let requests: Vec<u32> = fake.state().log.iter().map(|call| call.request).collect();
    let last_wait = requests.iter().rposition(|request| *request == WAIT_CS).unwrap();
    let unmap = requests.iter().position(|request| *request == GEM_VA).unwrap();
    assert!(last_wait > 40 && last_wait < unmap, "{requests:x?}");
    fake.assert_empty("the context");
}
