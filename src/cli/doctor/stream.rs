//! Rungs 7 to 11: the command processor alone, without waves.

use super::bench::{Bench, TIMESTAMPS, Use};
use super::{Failed, Step, Values};
use crate::amdgpu::{Deadline, Errno, IbFlags};
use sparkle_pm4::packets::values::{Function, GcrCntl};
use sparkle_pm4::packets::{AcquireMem, Nop, ReleaseMem, WaitRegMem, WriteData};
use std::time::{Duration, Instant};

pub(super) const STEPS: &[Step<Bench>] = &[
    Step {
        id: "7",
        name: "a stream of NOPs",
        did: "16 NOPs in an indirect buffer on compute ring 0, with a list of buffers and a user fence; WAIT_CS",
        proves: "the chunks' double indirection, the scheduler, the address space, the fetch of streams, the kernel's fence",
        cause: "never ends: the stream can't be fetched from its address; EINVAL, EFAULT: chunks",
        next: "`sudo dmesg | grep -i amdgpu`: page faults of the clients CPF and CPC are the fetch",
        run: nops,
    },
    Step {
        id: "7b",
        name: "a wait for work that doesn't exist",
        did: "WAIT_CS for the sequence number after the last",
        proves: "the wait names the submission that it means",
        cause: "the wait's arguments aren't where the kernel reads them",
        next: "compare the bytes of the call in `strace -e ioctl` with struct drm_amdgpu_wait_cs_in",
        run: wait_for_nothing,
    },
    Step {
        id: "7c",
        name: "busy is not done",
        did: "WAIT_REG_MEM on a dword that the CPU sets after 20 ms; looked before, during and after",
        proves: "a wait tells unfinished work from finished work, and the GPU sees what the CPU writes",
        cause: "says done at once: timeouts are taken for success; never ends: the GPU doesn't see the CPU's store",
        next: "the mapping's flags: the dword has to be uncached by the GPU (MTYPE_UC)",
        run: busy,
    },
    Step {
        id: "8",
        name: "WRITE_DATA",
        did: "wrote a dword into a buffer of zeros, and another one over it",
        proves: "packets are decoded, and what the GPU writes reaches memory",
        cause: "nothing written: a malformed header, the words of the address, a page that isn't writable; a hang: a bad opcode",
        next: "`sparkle-pm4 decode` of the stream in the report",
        run: write_data,
    },
    Step {
        id: "9",
        name: "RELEASE_MEM",
        did: "wrote 64 bits at the end of the pipe, and the GPU's clock, twice, 20 ms apart",
        proves: "events at the end of the pipe, write-backs, and the clock's rate",
        cause: "nothing written: data or destination selected wrongly, or 6 payload dwords where there are 7",
        next: "`sparkle-pm4 decode` of the stream in the report",
        run: release_mem,
    },
    Step {
        id: "10",
        name: "the user fence",
        did: "read the slot of the page that the kernel's fence counts in",
        proves: "completion can be seen without a call",
        cause: "the buffer isn't exactly a page, or the slot isn't where the chunk says",
        next: "`echo 0x3 | sudo tee /sys/module/drm/parameters/debug`, again, and dmesg",
        run: user_fence,
    },
    Step {
        id: "11",
        name: "cache invalidation",
        did: "ACQUIRE_MEM of all caches before a write; then the same by AMDGPU_IB_FLAG_EMIT_MEM_SYNC",
        proves: "the packets that make new data and code visible to waves are well-formed",
        cause: "a timeout: a payload of another length than the chip's",
        next: "`sparkle-pm4 lint` and `decode` of the stream in the report",
        run: invalidate,
    },
];

/// 16 packets of one dword each: the least that can be fetched and decoded.
fn nops(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let mut stream = bench.stream();
    for _ in 0..16 {
        stream.push(&Nop::new(&[]))?;
    }
    let start = Instant::now();
    let job = bench.run(values, stream, IbFlags::empty())?;
    let micros = start.elapsed().as_micros();
    match job.fence.seq() {
        1 => Ok(format!("done after {micros} us, sequence 1")),
        other => Err(Failed::new(format!("the first submission of a context has the sequence number {other}, not 1"))),
    }
}

fn wait_for_nothing(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let mut stream = bench.stream();
    stream.push(&Nop::new(&[]))?;
    let job = bench.run(values, stream, IbFlags::empty())?;
    let answer = job.fence.wait_for_next();
    values.set("answer", format!("{answer:?}"));
    match answer {
        Err(Errno::EINVAL) => Ok(format!("sequence {} is EINVAL", job.fence.seq() + 1)),
        Err(errno) => Err(Failed::new(format!("the kernel refuses with {errno} and not EINVAL"))),
        Ok(done) => Err(Failed::new(format!("the kernel answers for work that doesn't exist: done is {done}"))),
    }
}

/// How long the GPU is kept waiting.
const BUSY: Duration = Duration::from_millis(20);
const GATE: usize = 0x40;
const RELEASED: u32 = 0x0be4_5afe;

fn busy(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    bench.store(Use::Signal, GATE, 0)?;
    let gate = bench.va(Use::Signal, GATE as u64)?; // CAST: usize has at most 64 bits.
    let mut stream = bench.stream();
    stream.push(&WaitRegMem::memory(gate, Function::EQUAL_TO_THE_REFERENCE_VALUE, RELEASED, u32::MAX)?)?;
    bench.keep = false; // Without a CPU beside it, a replay would wait for ever.
    let job = bench.submit(values, stream, IbFlags::empty())?;
    let looks = [Deadline::NOW, Deadline::after(BUSY)].map(|deadline| job.fence.wait_in_kernel(deadline));
    // Whatever was seen: nothing may stay behind that waits.
    bench.store(Use::Signal, GATE, RELEASED)?;
    bench.finish(&job)?;
    for (when, look) in ["at once", "after 20 ms"].into_iter().zip(looks) {
        if look? {
            return Err(Failed::new(format!("the wait says done {when}, before the CPU has released the GPU")));
        }
    }
    Ok("busy at once and after 20 ms, done once released".to_owned())
}

/// A dword of the data buffer with others around it.
const WORD: usize = 0x200;

fn write_data(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    bench.fill(Use::Data, 0)?;
    let va = bench.va(Use::Data, WORD as u64)?; // CAST: as above.
    values.hex("target", va);
    for value in [0x600d_f00d_u32, 0x0ddb_a115] {
        let mut stream = bench.stream();
        stream.push(&WriteData::memory(va, &[value])?)?;
        bench.run(values, stream, IbFlags::empty())?;
        expect_alone(bench, 0, WORD, &[value])?;
    }
    Ok(format!("0x600df00d, then 0x0ddba115 at {va:#x}, and nothing beside it"))
}

/// The data buffer holds `want` from byte `at` on, and `elsewhere` around it.
pub(super) fn expect_alone(bench: &mut Bench, elsewhere: u32, at: usize, want: &[u32]) -> Result<(), Failed> {
    let count = bench.place(Use::Data)?.map.len() / 4;
    let words = bench.words(Use::Data, 0, count)?;
    for (index, &found) in words.iter().enumerate() {
        let wanted = index.checked_sub(at / 4).and_then(|index| want.get(index)).copied().unwrap_or(elsewhere);
        if found != wanted {
            return Err(Failed::new(format!(
                "byte {:#x} of the data has {found:#010x}, not {wanted:#010x}",
                index * 4
            )));
        }
    }
    Ok(())
}

/// 64 bits at the end of the pipe.
const SIGNAL: usize = 0x80;
/// How far the measured rate of the clock may be off, in parts of it.
const RATE_TOLERANCE: f64 = 0.02;

fn release_mem(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let mut stamps = [0_u64; 2];
    let mut times = [[Duration::ZERO; 2]; 2];
    let start = Instant::now();
    for (round, (stamp, time)) in (0_u64..).zip(stamps.iter_mut().zip(&mut times)) {
        if round > 0 {
            std::thread::sleep(BUSY); // TIMEOUT: bounded.
        }
        let value = 0x0123_4567_89ab_cdef ^ round;
        // CAST: usize has at most 64 bits.
        let (signal, clock) = (bench.va(Use::Signal, SIGNAL as u64)?, bench.va(Use::Signal, TIMESTAMPS)?);
        let mut stream = bench.stream();
        stream.push(&ReleaseMem::signal64(signal, value)?)?.push(&ReleaseMem::timestamp(clock)?)?;
        time[0] = start.elapsed();
        bench.run(values, stream, IbFlags::empty())?;
        time[1] = start.elapsed();
        let found = bench.load_wide(Use::Signal, SIGNAL)?;
        if found != value {
            return Err(Failed::new(format!("{found:#x} was written, not {value:#x}")));
        }
        *stamp = bench.load_wide(Use::Signal, 0x100)?;
        if *stamp == 0 {
            return Err(Failed::new("no timestamp was written"));
        }
    }
    let [first, second] = stamps;
    values.set("timestamps", stamps.to_vec());
    let Some(ticks) = second.checked_sub(first).filter(|ticks| *ticks > 0) else {
        return Err(Failed::new(format!("the clock doesn't advance: {first}, then {second}")));
    };
    let khz = f64::from(bench.device.info().counter_khz);
    let millis = ticks as f64 / khz; // CAST: a few thousand ticks.
    let [[before_first, after_first], [before_second, after_second]] = times;
    let least = before_second.saturating_sub(after_first).as_secs_f64() * 1e3;
    let most = after_second.saturating_sub(before_first).as_secs_f64() * 1e3;
    values.set("ticks", ticks);
    values.set("milliseconds", millis);
    values.set("milliseconds_by_the_cpu", vec![least, most]);
    if millis < least * (1.0 - RATE_TOLERANCE) || millis > most * (1.0 + RATE_TOLERANCE) {
        return Err(Failed::new(format!(
            "the clock says {millis:.3} ms at {khz} kHz, and the CPU's between {least:.3} and {most:.3} ms"
        )));
    }
    Ok(format!("64 bits, and {ticks} ticks of {khz} kHz in {millis:.1} ms"))
}

fn user_fence(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let mut stream = bench.stream();
    stream.push(&Nop::new(&[]))?;
    let job = bench.run(values, stream, IbFlags::empty())?;
    let (counted, sequence) = (bench.context()?.counted(job.fence.queue()), job.fence.seq());
    values.set("slot", counted);
    if counted != sequence {
        return Err(Failed::new(format!("the slot holds {counted} after submission {sequence}")));
    }
    Ok(format!("the slot holds {counted}"))
}

fn invalidate(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    bench.fill(Use::Data, 0)?;
    let va = bench.va(Use::Data, WORD as u64)?; // CAST: as above.
    for (flags, value) in [(IbFlags::empty(), 0x11a_u32), (IbFlags::INVALIDATE_CACHES, 0x11b)] {
        let mut stream = bench.stream();
        if flags.is_empty() {
            stream.push(&AcquireMem::whole_memory(GcrCntl::INVALIDATE_ALL)?)?;
        }
        stream.push(&WriteData::memory(va, &[value])?)?;
        bench.run(values, stream, flags)?;
        expect_alone(bench, 0, WORD, &[value])?;
    }
    Ok("by packet and by flag, and the work behind it is done".to_owned())
}
