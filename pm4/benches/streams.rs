//! Throughput of the decoder and the text, and the time to build the stream of one convolution's dispatch.
#![allow(missing_docs)] // criterion's macros

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sparkle_pm4::decode::ItemKind;
use sparkle_pm4::packets::values::GcrCntl;
use sparkle_pm4::packets::{AcquireMem, DispatchDirect, EventWrite, ReleaseMem};
use sparkle_pm4::registers::{ComputeDispatchInitiator, ComputePgmRsrc1, ComputePgmRsrc2, offset};
use sparkle_pm4::text::{Palette, TextWriter};
use sparkle_pm4::{BuildError, CommandBuffer, Decoder, Gfx, Ring};

/// Little-endian dwords.
fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()
}

/// The streams, each repeated to 4 MiB: a dispatch as the runtime builds it, and what radeonsi sent to a Phoenix.
fn streams() -> [(&'static str, Ring, Vec<u32>); 2] {
    let dispatch = words(include_bytes!("../data/samples/examples-gfx11/c_dispatch_wave64_user6.bin"));
    let radeonsi = words(include_bytes!("../data/samples/umr-phoenix-gfx11/phoenix_ib_800000b39800_vmid4.bin"));
    [("dispatch", Ring::Compute, dispatch), ("radeonsi", Ring::Gfx, radeonsi)].map(|(name, ring, stream)| {
        let repeats = (4 << 20) / (4 * stream.len());
        (name, ring, stream.repeat(repeats))
    })
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, ring, stream) in streams() {
        group.throughput(Throughput::Bytes(4 * stream.len() as u64));
        group.bench_function(format!("{name}/structs"), |bencher| {
            bencher.iter(|| {
                // Every packet is read into its type, and its first field is looked at.
                let mut sum = 0_u64;
                for item in Decoder::new(&stream) {
                    if let ItemKind::Packet { packet, .. } = &item.kind {
                        sum += u64::from(packet.head().first().copied().unwrap_or(0)) + packet.tail().len() as u64;
                    }
                }
                sum
            });
        });
        group.bench_function(format!("{name}/text"), |bencher| {
            let mut text = TextWriter::new(Gfx::GFX1100, ring, Palette::default());
            bencher.iter(|| {
                let mut bytes = 0;
                for item in Decoder::new(&stream) {
                    text.item(&item);
                    // As the tool does: the text goes out in pieces that stay in the cache.
                    if text.bytes().len() > 1 << 16 {
                        bytes += text.bytes().len();
                        text.clear();
                    }
                }
                text.flush();
                bytes + text.bytes().len()
            });
        });
    }
    group.finish();
}

/// The stream of one dispatch, as a convolution needs it: caches, state, a kernel of 15 user SGPRs, fence, padding.
fn build_dispatch(stream: &mut CommandBuffer, variable: u32) -> Result<(), BuildError> {
    stream.clear();
    stream.push(&AcquireMem::whole_memory(GcrCntl::INVALIDATE_ALL)?)?;
    stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE0, &[!0, !0, 0, !0, !0])?;
    stream.set_registers(offset::COMPUTE_USER_ACCUM_0, &[0; 4])?;
    stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE4, &[!0, !0, !0, !0, 64])?;
    stream.set_register(offset::COMPUTE_DISPATCH_TUNNEL, 0)?;
    stream.set_registers(offset::COMPUTE_START_X, &[0; 3])?;
    stream.set_registers(offset::COMPUTE_PGM_LO, &[0x0100_0000, 0])?;
    let rsrc1 = ComputePgmRsrc1(0x60AC_0000).with_vgprs(variable & 31)?;
    let rsrc2 = ComputePgmRsrc2(0).with_user_sgpr(15)?.with_tgid_x_en(1)?.with_lds_size(64)?;
    stream.set_registers(offset::COMPUTE_PGM_RSRC1, &[rsrc1.0, rsrc2.0])?;
    stream.set_register(offset::COMPUTE_PGM_RSRC3, 0x10)?;
    stream.set_register(offset::COMPUTE_RESOURCE_LIMITS, 0)?;
    stream.set_registers(offset::COMPUTE_NUM_THREAD_X, &[256, 1, 1])?;
    stream.set_registers(offset::COMPUTE_USER_DATA_0, &[variable; 15])?;
    let initiator =
        ComputeDispatchInitiator(0).with_compute_shader_en(1)?.with_force_start_at_000(1)?.with_cs_w32_en(1)?;
    stream.push(&DispatchDirect::groups([variable, 4, 1], initiator))?;
    stream.push(&EventWrite::cs_partial_flush())?;
    stream.push(&ReleaseMem::signal32(0x1_0040_0000, variable)?)?;
    stream.pad()?;
    Ok(())
}

fn build(criterion: &mut Criterion) {
    let mut stream = CommandBuffer::with_limit(Gfx::GFX1100, Ring::Compute, 128);
    criterion.bench_function("build/dispatch", |bencher| {
        let mut variable = 0;
        bencher.iter(|| {
            variable += 1;
            let built = build_dispatch(&mut stream, variable);
            assert!(built.is_ok());
            stream.len()
        });
    });
}

criterion_group!(benches, decode, build);
criterion_main!(benches);
