//! Packets against dwords from outside: what drivers send, and what umr reads in a capture of a Phoenix.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use sparkle_pm4::packets::values::{
    CachePolicy, DataSel, EventIndex, EventType, Function, GcrCntl, GcrRange, GcrSeq, GliInv, IntSel,
};
use sparkle_pm4::packets::*;
use sparkle_pm4::registers::ComputeDispatchInitiator;
use sparkle_pm4::{Generation, Header, Packet, Ring, Type3};

/// The header and the body of a packet with the flags that it needs.
fn dwords<P: Type3>(packet: &P) -> Vec<u32> {
    let (head, tail) = (packet.head(), packet.tail());
    let header = Header::type3(P::LAYOUT.opcode, head.len() + tail.len(), P::LAYOUT.flags).unwrap();
    [&[header.0], head, tail].concat()
}

fn parse(words: &[u32]) -> Packet<'_> {
    let (header, body) = words.split_first().unwrap();
    assert_eq!(Header(*header).body_dwords(), body.len());
    Packet::parse(Header(*header).opcode(), body)
}

/// The fields and addresses of a packet by their names.
fn values(packet: &Packet<'_>, generation: Generation, ring: Ring) -> BTreeMap<&'static str, u64> {
    let fields = packet.fields(generation, ring).map(|(field, value)| (field.name, u64::from(value)));
    fields.chain(packet.addresses(generation, ring).map(|(address, va)| (address.name, va))).collect()
}

#[test]
fn constructors_give_what_drivers_send() {
    // Linux gfx_v11_0.c, gfx_v11_0_emit_mem_sync.
    assert_eq!(
        dwords(&AcquireMem::whole_memory(GcrCntl::INVALIDATE_ALL).unwrap()),
        [0xC006_5800, 0, 0xFFFF_FFFF, 0x00FF_FFFF, 0, 0, 0x0000_000A, 0x0000_C3B1]
    );
    // Linux gfx_v11_0.c, gfx_v11_0_ring_emit_fence: DW1; Mesa ac_cmdbuf.c: INT_SEL 3.
    let signal = ReleaseMem::signal32(0x1_0040_0000, 1).unwrap();
    assert_eq!(dwords(&signal), [0xC006_4900, 0x0660_3514, 0x2300_0000, 0x0040_0000, 1, 1, 0, 0]);
    let signal = ReleaseMem::signal64(0x7FFF_0067_0000, 0x12_0047_DD29).unwrap();
    assert_eq!(dwords(&signal), [0xC006_4900, 0x0660_3514, 0x4300_0000, 0x0067_0000, 0x7FFF, 0x0047_DD29, 0x12, 0]);
    // Mesa radv_query.c, vkCmdWriteTimestamp2 at the bottom and at the top of the pipe.
    let bottom = ReleaseMem::timestamp(0x1_0040_0008).unwrap();
    assert_eq!(dwords(&bottom), [0xC006_4900, 0x0000_0528, 0x6300_0000, 0x0040_0008, 1, 0, 0, 0]);
    let top = CopyData::gpu_clock(0x1_0040_0010).unwrap();
    assert_eq!(dwords(&top), [0xC004_4000, 0x0011_0509, 0, 0, 0x0040_0010, 1]);
    // Linux gfx_v11_0.c, gfx_v11_0_ring_test_ib: WRITE_DATA_DST_SEL(5) | WR_CONFIRM.
    let write = WriteData::memory(0x1_0020_0000, &[0xCAFE_BABE]).unwrap();
    assert_eq!(dwords(&write), [0xC003_3700, 0x0010_0500, 0x0020_0000, 1, 0xCAFE_BABE]);
    // umr, rs_kat_cezanne_test1: a wait of radeonsi for equality.
    let wait = WaitRegMem::memory(0xFFFF_8001_0000_2180, Function::EQUAL_TO_THE_REFERENCE_VALUE, 0xACD2, u32::MAX);
    assert_eq!(
        dwords(&wait.unwrap()),
        [0xC005_3C00, 0x0000_0013, 0x0000_2180, 0xFFFF_8001, 0x0000_ACD2, 0xFFFF_FFFF, 4]
    );
    let wait = WaitRegMem64::memory(8, Function::GREATER_THAN_OR_EQUAL_REFERENCE_VALUE, 7 << 32 | 1, u64::MAX).unwrap();
    assert_eq!(dwords(&wait), [0xC007_9300, 0x0000_0015, 8, 0, 1, 7, 0xFFFF_FFFF, 0xFFFF_FFFF, 4]);
    // umr, rs_kat_phoenix_test1: a dispatch of radeonsi, and its CS_PARTIAL_FLUSH.
    let dispatch = DispatchDirect::groups([0x3C, 0x22, 1], ComputeDispatchInitiator(0x8045));
    assert_eq!(dwords(&dispatch), [0xC003_1502, 0x3C, 0x22, 1, 0x8045]);
    assert_eq!(dwords(&EventWrite::cs_partial_flush()), [0xC000_4600, 0x0000_0407]);
    // Mesa radv_cmd_buffer.c, radv_emit_indirect_dispatch_packets on a compute ring.
    let dispatch = DispatchIndirect::groups_at(0x2_0000_1000, ComputeDispatchInitiator(0x45)).unwrap();
    assert_eq!(dwords(&dispatch), [0xC002_1602, 0x0000_1000, 2, 0x45]);
    assert_eq!(dwords(&SetBase::indirect(0x1_0000_0008).unwrap()), [0xC002_1100, 1, 8, 1]);
    // Mesa ac_cmdbuf.c and libdrm shader_test_util.c.
    assert_eq!(dwords(&ContextControl::load_nothing()), [0xC001_2800, 0x8000_0000, 0x8000_0000]);
    assert_eq!(dwords(&PfpSyncMe::new()), [0xC000_4200, 0]);
    assert_eq!(dwords(&ClearState::new()), [0xC000_1200, 0]);
    // umr, rs_kat_phoenix_test1: the ring's call of an IB, in VMID 4, and its COND_EXEC.
    let call = IndirectBuffer::call(0xFFFF_8000_00B3_9800, 0x5F8).unwrap().with_vmid(4).unwrap();
    assert_eq!(dwords(&call), [0xC002_3F00, 0x00B3_9800, 0xFFFF_8000, 0x0400_05F8]);
    let cond = CondExec::unless_zero(0x7FFF_0040_10C0, 0x20).unwrap();
    assert_eq!(dwords(&cond), [0xC003_2200, 0x0040_10C0, 0x7FFF, 0, 0x20]);
    // Mesa radv_amdgpu_cs.c: a chained IB has CHAIN and VALID.
    let chain = IndirectBuffer::chain_to(0x1_0000_2000, 8).unwrap();
    assert_eq!(dwords(&chain), [0xC002_3F00, 0x0000_2000, 1, 0x0090_0008]);
}

#[test]
fn constructors_refuse_what_their_packets_cannot_hold() {
    assert!(AcquireMem::whole_memory(GcrCntl(1 << 19)).is_err());
    assert!(ReleaseMem::signal32(2, 0).is_err());
    assert!(ReleaseMem::signal64(4, 0).is_err());
    assert!(ReleaseMem::timestamp(4).is_err());
    assert!(CopyData::gpu_clock(4).is_err());
    assert!(WriteData::memory(1, &[0]).is_err());
    assert!(WaitRegMem::memory(4, Function(8), 0, 0).is_err());
    assert!(IndirectBuffer::call(0, 1 << 20).is_err());
    assert!(CondExec::unless_zero(0, 1 << 14).is_err());
    let error = IndirectBuffer::call(2, 8).unwrap_err().to_string();
    assert_eq!(error, "INDIRECT_BUFFER.ib_base: the address 0x2 is not a multiple of 4 below 2^64");
}

#[test]
fn the_cache_operations_of_acquire_mem_are_mesas() {
    // Mesa sid.h, S_586_*: GLI_INV(ALL) | GLM_WB | GLM_INV | GLK_INV | GLV_INV | GL1_INV | GL2_INV | GL2_WB.
    let all = GcrCntl::INVALIDATE_ALL;
    assert_eq!(all.0, 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 14 | 1 << 15);
    assert_eq!((all.gli_inv(), all.gl1_range(), all.gl2_range()), (GliInv::ALL, GcrRange::ALL, GcrRange::ALL));
    assert!(all.glm_wb() && all.glm_inv() && all.glk_inv() && all.glv_inv() && all.gl1_inv());
    assert!(all.gl2_inv() && all.gl2_wb());
    assert!(!all.glk_wb() && !all.gl2_us() && !all.gl2_discard() && !all.range_is_pa());
    assert_eq!(all.seq(), GcrSeq::PARALLEL);
    // A value from Mesa's radv for a Phoenix: SEQ(FORWARD) alone.
    assert_eq!(GcrCntl(0x1_0000).seq(), GcrSeq::FORWARD);
    assert_eq!(GcrCntl(0b10_0000_0000_0000_1100).gl1_range(), GcrRange::FIRST_LAST);
    assert_eq!(GcrCntl(0x7_FFFF).gl2_range(), GcrRange::FIRST_LAST);
    assert!(GcrCntl(1 << 6).glk_wb() && GcrCntl(1 << 10).gl2_us() && GcrCntl(1 << 13).gl2_discard());
    assert!(GcrCntl(1 << 18).range_is_pa());
    assert_eq!(GcrCntl::SHADER_READ.union(GcrCntl::GL2_WRITE_BACK).0, 0x83B0);
    assert_eq!(format!("{:?} {:?}", GcrCntl(0x0380), GcrCntl(2)), "SHADER_READ GcrCntl(2)");

    // The same bits as rows of the packet, and those that gfx12 has no more.
    let words = [0xC006_5800, 0, 0xFFFF_FFFF, 0x00FF_FFFF, 0, 0, 0x0000_000A, 0x0000_C3B1];
    let packet = parse(&words);
    let gfx11 = values(&packet, Generation::Gfx11, Ring::Compute);
    for (name, value) in [("gli_inv", 1), ("glm_wb", 1), ("glm_inv", 1), ("glk_wb", 0), ("gl2_inv", 1), ("seq", 0)] {
        assert_eq!(gfx11[name], value, "{name}");
    }
    assert_eq!(gfx11["coher_size_hi"], 0xFF_FFFF);
    assert_eq!(gfx11["coher_base"], 0);
    let gfx12 = values(&packet, Generation::Gfx12, Ring::Compute);
    assert!(!gfx12.contains_key("glm_wb") && gfx12.contains_key("glv_inv"));
}

/// Where a packet's field is: dword, highest and lowest bit.
fn place(layout: &PacketLayout, name: &str) -> (u8, u8, u8) {
    let field = layout.fields.iter().find(|field| field.name == name).unwrap();
    (field.dword, field.hi, field.lo)
}

#[test]
fn the_single_cache_bits_are_where_mesa_has_them() {
    // Mesa sid.h, S_586_* and S_490_*.
    let acquire = [
        ("gli_inv", 1, 0),
        ("gl1_range", 3, 2),
        ("glm_wb", 4, 4),
        ("glm_inv", 5, 5),
        ("glk_wb", 6, 6),
        ("glk_inv", 7, 7),
        ("glv_inv", 8, 8),
        ("gl1_inv", 9, 9),
        ("gl2_us", 10, 10),
        ("gl2_range", 12, 11),
        ("gl2_discard", 13, 13),
        ("gl2_inv", 14, 14),
        ("gl2_wb", 15, 15),
        ("seq", 17, 16),
        ("range_is_pa", 18, 18),
    ];
    for (name, hi, lo) in acquire {
        assert_eq!(place(&AcquireMem::LAYOUT, name), (7, hi, lo), "{name}");
    }
    let release = [
        ("glm_wb", 12, 12),
        ("glm_inv", 13, 13),
        ("glv_inv", 14, 14),
        ("gl1_inv", 15, 15),
        ("gl2_us", 16, 16),
        ("gl2_range", 18, 17),
        ("gl2_discard", 19, 19),
        ("gl2_inv", 20, 20),
        ("gl2_wb", 21, 21),
        ("seq", 23, 22),
        ("glk_wb", 24, 24),
        ("glk_inv", 30, 30),
    ];
    for (name, hi, lo) in release {
        assert_eq!(place(&ReleaseMem::LAYOUT, name), (1, hi, lo), "{name}");
    }
}

#[test]
fn kernel_packets_have_the_fields_of_linux() {
    // Linux kfd_pm4_headers_ai.h; the slot in MAP_QUEUES from nvd.h, PACKET3_MAP_QUEUES_*.
    let fields = [
        (&SetResources::LAYOUT, "unmap_latency", (1, 23, 16)),
        (&SetResources::LAYOUT, "queue_type", (1, 31, 29)),
        (&SetResources::LAYOUT, "oac_mask", (6, 15, 0)),
        (&SetResources::LAYOUT, "gds_heap_size", (7, 16, 11)),
        (&MapQueues::LAYOUT, "queue_sel", (1, 5, 4)),
        (&MapQueues::LAYOUT, "vmid", (1, 11, 8)),
        (&MapQueues::LAYOUT, "queue_type", (1, 23, 21)),
        (&MapQueues::LAYOUT, "alloc_format", (1, 25, 24)),
        (&MapQueues::LAYOUT, "engine_sel", (1, 28, 26)),
        (&MapQueues::LAYOUT, "check_disable", (2, 1, 1)),
        (&UnmapQueues::LAYOUT, "engine_sel", (1, 28, 26)),
        (&UnmapQueues::LAYOUT, "doorbell_offset3", (5, 27, 2)),
        (&QueryStatus::LAYOUT, "context_id", (1, 27, 0)),
        (&QueryStatus::LAYOUT, "engine_sel", (2, 30, 28)),
        (&RunList::LAYOUT, "ib_size", (3, 19, 0)),
        (&RunList::LAYOUT, "process_cnt", (3, 27, 24)),
        (&MapProcess::LAYOUT, "diq_enable", (1, 24, 24)),
        (&MapProcess::LAYOUT, "process_quantum", (1, 31, 25)),
        (&MapProcess::LAYOUT, "sh_mem_config", (5, 31, 0)),
        (&MapProcess::LAYOUT, "num_oac", (13, 11, 8)),
        (&MapProcess::LAYOUT, "num_queues", (13, 31, 22)),
        (&MapProcessVm::LAYOUT, "vm_context_cntl", (2, 31, 0)),
    ];
    for (layout, name, expected) in fields {
        assert_eq!(place(layout, name), expected, "{}.{name}", layout.name);
    }
    // Linux gfx_v11_0.c, gfx11_kiq_unmap_queues: a reset of one compute queue, and a preemption with its fence.
    let reset = parse(&[0xC004_A300, 0x2000_0001, 0x18, 0, 0, 0]);
    let reset = values(&reset, Generation::Gfx11, Ring::Compute);
    assert_eq!((reset["action"], reset["num_queues"], reset["doorbell_offset0"]), (1, 1, 6));
    assert!(!reset.contains_key("pasid") && !reset.contains_key("fence_addr"));
    let preempt = values(&parse(&[0xC004_A300, 0x3000_0003, 0x18, 0x1000, 2, 7]), Generation::Gfx11, Ring::Compute);
    assert_eq!((preempt["engine_sel"], preempt["fence_addr"], preempt["fence_data"]), (4, 0x2_0000_1000, 7));
    assert!(!preempt.contains_key("doorbell_offset1"));
}

#[test]
fn release_mem_reads_the_kernels_fence() {
    // Linux 6.12, gfx_v11_0_ring_emit_fence: 64-bit, with an interrupt after the write.
    let words = [0xC006_4900, 0x0660_3514, 0x4200_0000, 0x0040_1080, 0x7FFF, 0x00C4_CC88, 0, 0];
    let Packet::ReleaseMem(fence) = parse(&words) else { panic!() };
    assert_eq!(fence.event_type(), EventType::CACHE_FLUSH_AND_INV_TS_EVENT);
    assert_eq!(fence.event_index(), EventIndex::END_OF_PIPE);
    assert!(fence.glm_wb() && fence.glm_inv() && fence.gl2_wb());
    assert!(!fence.gl2_inv() && !fence.glv_inv() && !fence.glk_inv() && !fence.pws_enable());
    assert_eq!((fence.seq(), fence.cache_policy()), (GcrSeq::FORWARD, CachePolicy::BYPASS));
    assert_eq!(fence.int_sel(), IntSel::SEND_INTERRUPT_AFTER_WRITE_CONFIRM);
    assert_eq!(fence.data_sel(), DataSel::SEND_64_BIT_DATA);
    assert_eq!((fence.address_64b(), fence.data_lo()), (0x7FFF_0040_1080, 0x00C4_CC88));
    let names = values(&Packet::ReleaseMem(fence), Generation::Gfx11, Ring::Gfx);
    assert_eq!(names["address_64b"], 0x7FFF_0040_1080);
    assert!(!names.contains_key("address_32b") && !names.contains_key("cmp_data_lo"));
}

#[test]
fn selectors_choose_among_the_alternatives() {
    let show = |words: &[u32], generation| values(&parse(words), generation, Ring::Gfx);
    // Linux gfx_v11_0.c, gfx_v11_0_wait_reg_mem with operation 1: write one register, wait for another.
    let flush = show(&[0xC005_3C00, 0x0000_0043, 0xA0B, 0xA1D, 0x10, 0x10, 0x20], Generation::Gfx11);
    assert_eq!((flush["reg_write_addr1"], flush["reg_write_addr2"]), (0xA0B, 0xA1D));
    assert!(!flush.contains_key("reg_poll_addr") && !flush.contains_key("mem_poll_addr"));
    // aqlprofile: COPY_DATA of an immediate value to a counter's register.
    let counter = show(&[0xC004_4000, 0x0000_0405, 0x0200_0000, 0, 0x2AFB, 0], Generation::Gfx11);
    assert_eq!((counter["imm_data"], counter["dst_reg_offset"]), (0x0200_0000, 0x2AFB));
    assert!(!counter.contains_key("dst_32b_addr") && !counter.contains_key("src_reg_offset"));
    // Mesa radv: a copy from memory to memory, 32 and 64 bits.
    let copy = show(&[0xC004_4000, 0x0000_0502, 0x1004, 1, 0x2004, 2], Generation::Gfx11);
    assert_eq!((copy["src_32b_addr"], copy["dst_32b_addr"]), (0x1_0000_1004, 0x2_0000_2004));
    let copy = show(&[0xC004_4000, 0x0001_0502, 0x1008, 1, 0x2008, 2], Generation::Gfx11);
    assert_eq!((copy["src_64b_addr"], copy["dst_64b_addr"]), (0x1_0000_1008, 0x2_0000_2008));
    assert!(!copy.contains_key("src_32b_addr"));
    // WRITE_DATA to a register: on gfx12 the offset has 38 bits.
    let write = [0xC003_3700, 0x0010_0000, 0x2_E045, 1, 5];
    assert_eq!(show(&write, Generation::Gfx11)["dst_mmreg_addr"], 0x2_E045);
    assert_eq!(show(&write, Generation::Gfx12)["dst_mmreg_addr_hi"], 1);
    assert!(!show(&write, Generation::Gfx12).contains_key("dst_mem_addr"));
}

#[test]
fn mesa_sets_bits_that_pal_names_on_other_rings_only() {
    // umr, rs_kat_navi10_test2: a graphics IB of radeonsi that chains, and VGT_LS_HS_CONFIG with its index.
    let Packet::IndirectBuffer(chain) = parse(&[0xC002_3F00, 0, 0, 0x0090_2800]) else { panic!() };
    assert!(chain.chain() && chain.valid());
    let Packet::SetContextReg(set) = parse(&[0xC001_6900, 0x2000_02D6, 0]) else { panic!() };
    assert_eq!((set.index(), set.reg_offset()), (2, 0x2D6));
}

#[test]
fn pixel_pipe_stat_control_has_parameters_where_other_events_have_an_address() {
    // umr, rs_kat_phoenix_test1: radeonsi's counters 16 bytes apart, in the first four instances.
    let control = values(&parse(&[0xC002_4600, 0x0000_0138, 0x0000_7C00, 0]), Generation::Gfx11, Ring::Gfx);
    assert_eq!((control["counter_id"], control["stride"], control["instance_enable"]), (0, 2, 0xF));
    assert!(!control.contains_key("address"));
    let dump = values(&parse(&[0xC002_4600, 0x0000_0139, 0x0000_7C00, 1]), Generation::Gfx11, Ring::Gfx);
    assert_eq!(dump["address"], 0x1_0000_7C00);
    assert!(!dump.contains_key("counter_id"));
}

#[test]
fn one_opcode_has_a_type_per_length() {
    assert!(matches!(parse(&[0xC000_4600, 0x407]), Packet::EventWrite(_)));
    assert!(matches!(parse(&[0xC002_4600, 0x138, 0, 0]), Packet::EventWriteMemory(_)));
    assert!(matches!(parse(&[0xC001_1600, 0, 0]), Packet::DispatchIndirectOffset(_)));
    assert!(matches!(parse(&[0xC002_1602, 0, 0, 0]), Packet::DispatchIndirect(_)));
    assert!(matches!(parse(&[0xC002_3F00, 0, 0, 0]), Packet::IndirectBuffer(_)));
    let mut conditional = [0; 14];
    conditional[0] = 0xC00C_3F00;
    assert!(matches!(parse(&conditional), Packet::CondIndirectBuffer(_)));
    assert_eq!(parse(&conditional).name(Generation::Gfx11), Some("COND_INDIRECT_BUFFER"));
    assert!(matches!(parse(&[0xC003_BB04, 2, 0, 0, 0]), Packet::SetShRegPairsPacked(_)));
    assert!(matches!(parse(&[0xC003_BC04, 2, 0, 0, 0]), Packet::SetShRegPairsPackedGfx12(_)));
    // ACQUIRE_MEM of gfx9 has 6 body dwords: no layout of this crate, but the opcode's is known.
    let Packet::Opaque(opaque) = parse(&[0xC005_5800, 0, 0, 0, 0, 0, 0]) else { panic!() };
    assert_eq!(opaque.layout.unwrap().name, "ACQUIRE_MEM");
}

#[test]
fn the_kernels_own_packets_read_as_it_wrote_them() {
    // The KIQ ring of a Raphael at boot: gfx_v10_0.c, gfx10_kiq_set_resources and gfx10_kiq_map_queues.
    let bytes = include_bytes!("../data/samples/sparkle-raphael-gfx10_3/amdgpu_ring_kiq_0.2.1.0.first4096.bin");
    let words: Vec<_> =
        bytes[12..].chunks_exact(4).map(|dword| u32::from_le_bytes(dword.try_into().unwrap())).collect();
    let Packet::SetResources(resources) = parse(&words[..8]) else { panic!() };
    assert_eq!((resources.vmid_mask(), resources.queue_mask_lo()), (0, 0x0303_0303));
    let Packet::MapQueues(first) = parse(&words[8..15]) else { panic!() };
    let Packet::MapQueues(second) = parse(&words[15..22]) else { panic!() };
    assert_eq!((first.pipe(), first.queue(), first.me(), first.num_queues()), (0, 0, 0, 1));
    assert_eq!((second.pipe(), second.queue(), second.me(), second.num_queues()), (1, 0, 0, 1));
    // Doorbells are two dwords apart: AMDGPU_NAVI10_DOORBELL_MEC_RING0 = 3, doubled, and the next one.
    assert_eq!((first.doorbell_offset(), second.doorbell_offset()), (6, 8));
    assert_eq!((first.mqd_addr(), first.wptr_addr()), (0xF4_1FBF_8000, 0x40_11A0));
}

/// What umr says of a packet: names and values.
type Facts = Vec<(String, u64)>;

/// The packets of an answer of umr, from the header on, and what it says of their dwords.
fn umr_packets(answer: &str) -> Vec<(Vec<u32>, Facts)> {
    let mut packets: Vec<(Vec<u32>, Facts)> = Vec::new();
    for line in answer.lines().filter(|line| line.starts_with('[')) {
        let Some((_, rest)) = line.split_once("]\t[") else { continue };
        let (word, text) = rest.split_once(']').unwrap();
        let word = u32::from_str_radix(word.trim().trim_start_matches("0x"), 16).unwrap();
        if text.contains("Opcode 0x") {
            packets.push((vec![word], Vec::new()));
            continue;
        }
        let Some((words, facts)) = packets.last_mut() else { continue };
        words.push(word);
        for fact in text.trim().trim_start_matches("|---> ").split(", ") {
            let Some((name, value)) = fact.split_once('=') else { continue };
            let value = value.rsplit('/').next().unwrap().trim();
            let value = match value.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16),
                None => value.parse(),
            };
            if let Ok(value) = value {
                facts.push((name.to_lowercase(), value));
            }
        }
    }
    packets
}

/// What umr calls otherwise than PAL's headers do.
const UMR_NAMES: [(&str, &str); 15] = [
    ("load_en", "update_load_enables"),
    ("load_cs", "load_cs_sh_regs"),
    ("load_gfx", "load_gfx_sh_regs"),
    ("load_global", "load_global_uconfig"),
    ("load_multi", "load_per_context_state"),
    ("load_single", "load_global_config"),
    ("shadow_en", "update_shadow_enables"),
    ("shadow_cs", "shadow_cs_sh_regs"),
    ("shadow_gfx", "shadow_gfx_sh_regs"),
    ("shadow_global", "shadow_global_uconfig"),
    ("shadow_multi", "shadow_per_context_state"),
    ("shadow_single", "shadow_global_config"),
    ("ib_vmid", "vmid"),
    ("gpu_addr_lo32", "addr_lo"),
    ("gpu_addr_hi32", "addr_hi"),
];

/// The half of an address that umr calls `name`, as it stands in the packet.
fn half(layout: &PacketLayout, name: &str, values: &BTreeMap<&'static str, u64>) -> Option<u64> {
    let plain = |name: &str| {
        let name = name.trim_end_matches("_32b").trim_end_matches("_64b");
        name.replace("address_", "addr_")
    };
    layout.addresses.iter().find_map(|address| {
        let shown = *values.get(address.name)? >> address.shift;
        if plain(address.low.name) == plain(name) {
            Some(shown & 0xFFFF_FFFF)
        } else {
            (plain(address.high.name) == plain(name)).then_some(shown >> 32)
        }
    })
}

#[test]
fn every_field_that_umr_prints_of_a_phoenix_is_here_with_the_same_value() {
    let mut answer = String::new();
    let bytes = include_bytes!("../data/samples/umr-phoenix-gfx11/rs_kat_phoenix_test1.answer3.txt.gz");
    GzDecoder::new(&bytes[..]).read_to_string(&mut answer).unwrap();
    let (mut compared, mut names) = (0, BTreeMap::<_, usize>::new());
    for (words, facts) in umr_packets(&answer) {
        if Header(words[0]).body_dwords() != words.len() - 1 {
            continue; // umr cuts its listing of the ring in the middle of a packet
        }
        let packet = parse(&words);
        let layout = packet.layout().unwrap();
        *names.entry(layout.name).or_default() += 1;
        if ["NOP", "SET_SH_REG", "SET_CONTEXT_REG", "SET_UCONFIG_REG"].contains(&layout.name) {
            continue; // umr prints registers here, which tests/registers.rs compares
        }
        let ours = values(&packet, Generation::Gfx11, Ring::Gfx);
        for (name, value) in facts {
            let name = UMR_NAMES.iter().find(|(umr, _)| *umr == name).map_or(name.as_str(), |(_, pal)| pal);
            let ours = half(layout, name, &ours).or_else(|| ours.get(name).copied());
            let ours = ours.map(|bits| match (layout.name, name) {
                ("RELEASE_MEM", "gcr_cntl") => bits & 0xFFF, // umr prints gfx10's 12 bits
                ("INDIRECT_BUFFER", "ib_base_hi") => bits & 0xFFFF, // and 16 of these
                _ => bits,
            });
            // PRIV and SWAP are older chips'; the data mean nothing without a write of so many bits; PAL has a cache
            // policy of COND_EXEC on compute rings only.
            let unused = ["priv", "swap", "data_lo", "data_hi", "addr_lo", "addr_hi", "cache_policy"].contains(&name);
            // umr takes the parameters of PIXEL_PIPE_STAT_CONTROL for an address.
            let unused = unused || (layout.name == "EVENT_WRITE" && name.starts_with("address_"));
            let register = name.contains("reg") && layout.name == "SET_UCONFIG_REG_INDEX";
            assert!(
                ours == Some(value) || (ours.is_none() && (unused || register)),
                "{}.{name}: {ours:?} is not {value:#x}",
                layout.name
            );
            compared += usize::from(ours.is_some());
        }
    }
    assert!(compared > 300, "{compared}");
    // Counts from umr's answer itself.
    for (name, count) in
        [("ACQUIRE_MEM", 5), ("DMA_DATA", 26), ("EVENT_WRITE", 10), ("RELEASE_MEM", 9), ("COND_EXEC", 4)]
    {
        assert_eq!(names[name], count, "{name}");
    }
}
