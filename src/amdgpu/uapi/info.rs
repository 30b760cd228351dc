//! The INFO ioctl: one query in, one structure out through a user pointer.

use super::{DRIVER, constants, requests, structures};

structures! { LAYOUTS:
    /// A query. The kernel writes at most `return_size` bytes, and fewer where its structure is shorter.
    Info = "struct drm_amdgpu_info" [32] {
        /// User address of the answer.
        return_pointer: u64 = 0,
        /// Bytes there.
        return_size: u32 = 8,
        /// `INFO_*`.
        query: u32 = 12,
        /// One of [`QueryHwIp`], [`ReadMmrReg`], [`QueryFw`], [`VbiosInfo`], [`SensorInfo`].
        arguments: [u32; 4] = 16 as "query_fw",
    }
    /// Argument of `INFO_CRTC_FROM_ID`.
    ModeCrtc = "struct drm_amdgpu_info" in "mode_crtc" [8] {
        /// Display object.
        id: u32 = 0,
        /// Zero.
        pad: u32 = 4 as "_pad",
    }
    /// Argument of `INFO_HW_IP_INFO`, `INFO_HW_IP_COUNT` and `INFO_UQ_FW_AREAS`.
    QueryHwIp = "struct drm_amdgpu_info" in "query_hw_ip" [8] {
        /// `HW_IP_*`.
        ip_type: u32 = 0 as "type",
        /// 0.
        ip_instance: u32 = 4,
    }
    /// Argument of `INFO_READ_MMR_REG`.
    ReadMmrReg = "struct drm_amdgpu_info" in "read_mmr_reg" [16] {
        /// Register's address divided by 4.
        dword_offset: u32 = 0,
        /// Registers, at most 128.
        count: u32 = 4,
        /// Shader engine and array, or all ones.
        instance: u32 = 8,
        /// Zero.
        flags: u32 = 12,
    }
    /// Argument of `INFO_FW_VERSION`.
    QueryFw = "struct drm_amdgpu_query_fw" [16] {
        /// `FW_*`.
        fw_type: u32 = 0,
        /// 0.
        ip_instance: u32 = 4,
        /// Which engine, of MEC and SDMA.
        index: u32 = 8,
        /// Zero.
        pad: u32 = 12 as "_pad",
    }
    /// Argument of `INFO_VBIOS`.
    VbiosInfo = "struct drm_amdgpu_info" in "vbios_info" [8] {
        /// Which part.
        vbios_type: u32 = 0 as "type",
        /// Bytes into the image.
        offset: u32 = 4,
    }
    /// Argument of `INFO_SENSOR`.
    SensorInfo = "struct drm_amdgpu_info" in "sensor_info" [4] {
        /// `SENSOR_*`.
        sensor: u32 = 0 as "type",
    }
    /// Argument of `INFO_VIDEO_CAPS`.
    VideoCap = "struct drm_amdgpu_info" in "video_cap" [4] {
        /// 0 decode, 1 encode.
        direction: u32 = 0 as "type",
    }
}

structures! { REPORT_LAYOUTS:
    /// Answer to `INFO_DEV_INFO`; 368 bytes in Linux 6.1.
    InfoDevice = "struct drm_amdgpu_info_device" [440] {
        /// PCI device.
        device_id: u32 = 0,
        /// Revision inside the driver.
        chip_rev: u32 = 4,
        /// External revision.
        external_rev: u32 = 8,
        /// PCI revision.
        pci_rev: u32 = 12,
        /// `FAMILY_*`.
        family: u32 = 16,
        /// Shader engines.
        num_shader_engines: u32 = 20,
        /// Shader arrays of an engine.
        num_shader_arrays_per_engine: u32 = 24,
        /// kHz of the GPU's clock counter.
        gpu_counter_freq: u32 = 28,
        /// kHz.
        max_engine_clock: u64 = 32,
        /// kHz.
        max_memory_clock: u64 = 40,
        /// Compute units that work; a WGP has two.
        cu_active_number: u32 = 48,
        /// Not valid.
        cu_ao_mask: u32 = 52,
        /// Compute units that work: engine i, array j is at [i % 4][i / 4 * 2 + j] from GC 11.
        cu_bitmap: [u32; 16] = 56,
        /// For graphics.
        enabled_rb_pipes_mask: u32 = 120,
        /// For graphics.
        num_rb_pipes: u32 = 124,
        /// For graphics.
        num_hw_gfx_contexts: u32 = 128,
        /// PCIe generation; padding in Linux 6.1.
        pcie_gen: u32 = 132,
        /// `IDS_*`.
        ids_flags: u64 = 136,
        /// First usable GPU address of the low half.
        virtual_address_offset: u64 = 144,
        /// End of the low half.
        virtual_address_max: u64 = 152,
        /// Bytes.
        virtual_address_alignment: u32 = 160,
        /// Bytes.
        pte_fragment_size: u32 = 164,
        /// Bytes.
        gart_page_size: u32 = 168,
        /// For graphics.
        ce_ram_size: u32 = 172,
        /// `VRAM_TYPE_*`.
        vram_type: u32 = 176,
        /// Bits.
        vram_bit_width: u32 = 180,
        /// For graphics.
        vce_harvest_config: u32 = 184,
        /// For graphics.
        gc_double_offchip_lds_buf: u32 = 188,
        /// For graphics.
        prim_buf_gpu_addr: u64 = 192,
        /// For graphics.
        pos_buf_gpu_addr: u64 = 200,
        /// For graphics.
        cntl_sb_buf_gpu_addr: u64 = 208,
        /// For graphics.
        param_buf_gpu_addr: u64 = 216,
        /// For graphics.
        prim_buf_size: u32 = 224,
        /// For graphics.
        pos_buf_size: u32 = 228,
        /// For graphics.
        cntl_sb_buf_size: u32 = 232,
        /// For graphics.
        param_buf_size: u32 = 236,
        /// Lanes.
        wave_front_size: u32 = 240,
        /// Registers of a SIMD's lane.
        num_shader_visible_vgprs: u32 = 244,
        /// Compute units of a shader array, at most.
        num_cu_per_sh: u32 = 248,
        /// L2 channels.
        num_tcc_blocks: u32 = 252,
        /// For graphics.
        gs_vgt_table_depth: u32 = 256,
        /// For graphics.
        gs_prim_buffer_depth: u32 = 260,
        /// For graphics.
        max_gs_waves_per_vgt: u32 = 264,
        /// PCIe lanes; padding in Linux 6.1.
        pcie_num_lanes: u32 = 268,
        /// For graphics.
        cu_ao_bitmap: [u32; 16] = 272,
        /// First usable GPU address of the high half, sign-extended.
        high_va_offset: u64 = 336,
        /// End of the high half.
        high_va_max: u64 = 344,
        /// For graphics.
        pa_sc_tile_steering_override: u32 = 352,
        /// Padding.
        pad: u32 = 356 as "",
        /// For graphics.
        tcc_disabled_mask: u64 = 360,
        /// kHz; not in Linux 6.1.
        min_engine_clock: u64 = 368,
        /// kHz; not in Linux 6.1.
        min_memory_clock: u64 = 376,
        /// KiB of a compute unit's L0; not in Linux 6.1.
        tcp_cache_size: u32 = 384,
        /// Scalar caches; not in Linux 6.1.
        num_sqc_per_wgp: u32 = 388,
        /// KiB; not in Linux 6.1.
        sqc_data_cache_size: u32 = 392,
        /// KiB; not in Linux 6.1.
        sqc_inst_cache_size: u32 = 396,
        /// KiB of a shader array's L1; not in Linux 6.1.
        gl1c_cache_size: u32 = 400,
        /// KiB of the L2; not in Linux 6.1.
        gl2c_cache_size: u32 = 404,
        /// Bytes of the infinity cache; not in Linux 6.1.
        mall_size: u64 = 408,
        /// For graphics.
        enabled_rb_pipes_mask_hi: u32 = 416,
        /// For graphics.
        shadow_size: u32 = 420,
        /// For graphics.
        shadow_alignment: u32 = 424,
        /// For graphics.
        csa_size: u32 = 428,
        /// For graphics.
        csa_alignment: u32 = 432,
        /// A bit for each block with user queues; padding before.
        userq_ip_mask: u32 = 436,
    }
    /// Answer to `INFO_HW_IP_INFO`; all zeros where the block is missing; 32 bytes up to Linux 6.12.
    InfoHwIp = "struct drm_amdgpu_info_hw_ip" [40] {
        /// Version of the driver's code, not of the hardware.
        hw_ip_version_major: u32 = 0,
        /// Version of the driver's code, not of the hardware.
        hw_ip_version_minor: u32 = 4,
        /// No flags so far.
        capabilities_flags: u64 = 8,
        /// Bytes.
        ib_start_alignment: u32 = 16,
        /// Bytes.
        ib_size_alignment: u32 = 20,
        /// A bit for each ring.
        available_rings: u32 = 24,
        /// Version of the hardware: major << 16 | minor << 8 | revision.
        ip_discovery_version: u32 = 28,
        /// User queues; not in Linux 6.12.
        userq_num_slots: u32 = 32,
        /// Padding.
        tail: u32 = 36 as "",
    }
    /// Answer to `INFO_FW_VERSION`.
    InfoFirmware = "struct drm_amdgpu_info_firmware" [8] {
        /// Version.
        ver: u32 = 0,
        /// Feature version.
        feature: u32 = 4,
    }
    /// Answer to `INFO_GDS_CONFIG`.
    InfoGds = "struct drm_amdgpu_info_gds" [32] {
        /// Bytes.
        gds_gfx_partition_size: u32 = 0,
        /// Bytes.
        compute_partition_size: u32 = 4,
        /// Bytes.
        gds_total_size: u32 = 8,
        /// Count.
        gws_per_gfx_partition: u32 = 12,
        /// Count.
        gws_per_compute_partition: u32 = 16,
        /// Count.
        oa_per_gfx_partition: u32 = 20,
        /// Count.
        oa_per_compute_partition: u32 = 24,
        /// Padding.
        pad: u32 = 28 as "_pad",
    }
    /// Answer to `INFO_VRAM_GTT`.
    InfoVramGtt = "struct drm_amdgpu_info_vram_gtt" [24] {
        /// Bytes.
        vram_size: u64 = 0,
        /// Bytes.
        vram_cpu_accessible_size: u64 = 8,
        /// Bytes.
        gtt_size: u64 = 16,
    }
    /// A heap of [`MemoryInfo`].
    HeapInfo = "struct drm_amdgpu_heap_info" [32] {
        /// Bytes.
        total_heap_size: u64 = 0,
        /// Bytes; fluctuates.
        usable_heap_size: u64 = 8,
        /// Bytes in use by everybody.
        heap_usage: u64 = 16,
        /// Bytes of the largest buffer object, in theory.
        max_allocation: u64 = 24,
    }
    /// Answer to `INFO_MEMORY`.
    MemoryInfo = "struct drm_amdgpu_memory_info" [96] {
        /// VRAM.
        vram: HeapInfo = 0,
        /// The part of it that the CPU sees.
        cpu_accessible_vram: HeapInfo = 32,
        /// System memory.
        gtt: HeapInfo = 64,
    }
    /// Answer to `INFO_VBIOS` about the image.
    InfoVbios = "struct drm_amdgpu_info_vbios" [200] {
        /// Text.
        name: [u8; 64] = 0,
        /// Part number.
        vbios_pn: [u8; 64] = 64,
        /// Version.
        version: u32 = 128,
        /// Padding.
        pad: u32 = 132,
        /// Version as text.
        vbios_ver_str: [u8; 32] = 136,
        /// Text.
        date: [u8; 32] = 168,
    }
    /// Answer to `INFO_NUM_HANDLES`.
    InfoNumHandles = "struct drm_amdgpu_info_num_handles" [8] {
        /// Count.
        uvd_max_handles: u32 = 0,
        /// Count.
        uvd_used_handles: u32 = 4,
    }
    /// A row of [`InfoVceClockTable`].
    InfoVceClockTableEntry = "struct drm_amdgpu_info_vce_clock_table_entry" [16] {
        /// Shader clock.
        sclk: u32 = 0,
        /// Memory clock.
        mclk: u32 = 4,
        /// Encoder clock.
        eclk: u32 = 8,
        /// Padding.
        pad: u32 = 12,
    }
    /// Answer to `INFO_VCE_CLOCK_TABLE`.
    InfoVceClockTable = "struct drm_amdgpu_info_vce_clock_table" [104] {
        /// Rows.
        entries: [InfoVceClockTableEntry; 6] = 0,
        /// Rows that count.
        num_valid_entries: u32 = 96,
        /// Padding.
        pad: u32 = 100,
    }
    /// A codec of [`InfoVideoCaps`].
    InfoVideoCodecInfo = "struct drm_amdgpu_info_video_codec_info" [24] {
        /// 1 where it exists.
        valid: u32 = 0,
        /// Pixels.
        max_width: u32 = 4,
        /// Pixels.
        max_height: u32 = 8,
        /// Pixels.
        max_pixels_per_frame: u32 = 12,
        /// The codec's level.
        max_level: u32 = 16,
        /// Padding.
        pad: u32 = 20,
    }
    /// Answer to `INFO_VIDEO_CAPS`.
    InfoVideoCaps = "struct drm_amdgpu_info_video_caps" [192] {
        /// By codec.
        codec_info: [InfoVideoCodecInfo; 8] = 0,
    }
    /// Answer to `INFO_GPUVM_FAULT`: the last page fault of this client. Not in Linux 6.1.
    InfoGpuvmFault = "struct drm_amdgpu_info_gpuvm_fault" [16] {
        /// GPU address of the page.
        addr: u64 = 0,
        /// The fault register.
        status: u32 = 8,
        /// Which hub.
        vmhub: u32 = 12,
    }
}

requests! {
    INFO = "DRM_IOCTL_AMDGPU_INFO" WRITE DRIVER + 0x05, Info = 0x4020_6445;
}

constants! {
    /// u32.
    INFO_ACCEL_WORKING: u32 = "AMDGPU_INFO_ACCEL_WORKING" 0x00;
    /// For displays.
    INFO_CRTC_FROM_ID: u32 = "AMDGPU_INFO_CRTC_FROM_ID" 0x01;
    /// [`InfoHwIp`].
    INFO_HW_IP_INFO: u32 = "AMDGPU_INFO_HW_IP_INFO" 0x02;
    /// u32.
    INFO_HW_IP_COUNT: u32 = "AMDGPU_INFO_HW_IP_COUNT" 0x03;
    /// u64, ticks of `gpu_counter_freq`.
    INFO_TIMESTAMP: u32 = "AMDGPU_INFO_TIMESTAMP" 0x05;
    /// [`InfoFirmware`].
    INFO_FW_VERSION: u32 = "AMDGPU_INFO_FW_VERSION" 0x0e;
    /// u64 bytes.
    INFO_NUM_BYTES_MOVED: u32 = "AMDGPU_INFO_NUM_BYTES_MOVED" 0x0f;
    /// u64 bytes.
    INFO_VRAM_USAGE: u32 = "AMDGPU_INFO_VRAM_USAGE" 0x10;
    /// u64 bytes.
    INFO_GTT_USAGE: u32 = "AMDGPU_INFO_GTT_USAGE" 0x11;
    /// [`InfoGds`].
    INFO_GDS_CONFIG: u32 = "AMDGPU_INFO_GDS_CONFIG" 0x13;
    /// [`InfoVramGtt`].
    INFO_VRAM_GTT: u32 = "AMDGPU_INFO_VRAM_GTT" 0x14;
    /// u32s.
    INFO_READ_MMR_REG: u32 = "AMDGPU_INFO_READ_MMR_REG" 0x15;
    /// [`InfoDevice`].
    INFO_DEV_INFO: u32 = "AMDGPU_INFO_DEV_INFO" 0x16;
    /// u64 bytes.
    INFO_VIS_VRAM_USAGE: u32 = "AMDGPU_INFO_VIS_VRAM_USAGE" 0x17;
    /// u64.
    INFO_NUM_EVICTIONS: u32 = "AMDGPU_INFO_NUM_EVICTIONS" 0x18;
    /// [`MemoryInfo`].
    INFO_MEMORY: u32 = "AMDGPU_INFO_MEMORY" 0x19;
    /// [`InfoVceClockTable`].
    INFO_VCE_CLOCK_TABLE: u32 = "AMDGPU_INFO_VCE_CLOCK_TABLE" 0x1a;
    /// [`InfoVbios`] and more.
    INFO_VBIOS: u32 = "AMDGPU_INFO_VBIOS" 0x1b;
    /// [`InfoNumHandles`].
    INFO_NUM_HANDLES: u32 = "AMDGPU_INFO_NUM_HANDLES" 0x1c;
    /// u32.
    INFO_SENSOR: u32 = "AMDGPU_INFO_SENSOR" 0x1d;
    /// u64.
    INFO_NUM_VRAM_CPU_PAGE_FAULTS: u32 = "AMDGPU_INFO_NUM_VRAM_CPU_PAGE_FAULTS" 0x1e;
    /// u32.
    INFO_VRAM_LOST_COUNTER: u32 = "AMDGPU_INFO_VRAM_LOST_COUNTER" 0x1f;
    /// u64.
    INFO_RAS_ENABLED_FEATURES: u32 = "AMDGPU_INFO_RAS_ENABLED_FEATURES" 0x20;
    /// [`InfoVideoCaps`].
    INFO_VIDEO_CAPS: u32 = "AMDGPU_INFO_VIDEO_CAPS" 0x21;
    /// u32 for each block; not in Linux 6.1.
    INFO_MAX_IBS: u32 = "AMDGPU_INFO_MAX_IBS" 0x22;
    /// [`InfoGpuvmFault`]; not in Linux 6.1.
    INFO_GPUVM_FAULT: u32 = "AMDGPU_INFO_GPUVM_FAULT" 0x23;
    /// `UqMetadata*`; not in Linux 6.12.
    INFO_UQ_FW_AREAS: u32 = "AMDGPU_INFO_UQ_FW_AREAS" 0x24;
    /// Micro engine.
    FW_GFX_ME: u32 = "AMDGPU_INFO_FW_GFX_ME" 0x4;
    /// Prefetch parser.
    FW_GFX_PFP: u32 = "AMDGPU_INFO_FW_GFX_PFP" 0x5;
    /// Run list controller.
    FW_GFX_RLC: u32 = "AMDGPU_INFO_FW_GFX_RLC" 0x7;
    /// Compute micro engine.
    FW_GFX_MEC: u32 = "AMDGPU_INFO_FW_GFX_MEC" 0x8;
    /// Power management.
    FW_SMC: u32 = "AMDGPU_INFO_FW_SMC" 0xa;
    /// DMA engine.
    FW_SDMA: u32 = "AMDGPU_INFO_FW_SDMA" 0xb;
    /// Secure processor.
    FW_SOS: u32 = "AMDGPU_INFO_FW_SOS" 0xc;
    /// Scheduler, kernel queue; not in Linux 6.1.
    FW_MES_KIQ: u32 = "AMDGPU_INFO_FW_MES_KIQ" 0x19;
    /// Scheduler; not in Linux 6.1.
    FW_MES: u32 = "AMDGPU_INFO_FW_MES" 0x1a;
    /// Start-up; not in Linux 6.1.
    FW_IMU: u32 = "AMDGPU_INFO_FW_IMU" 0x1b;
    /// MHz.
    SENSOR_GFX_SCLK: u32 = "AMDGPU_INFO_SENSOR_GFX_SCLK" 1;
    /// MHz.
    SENSOR_GFX_MCLK: u32 = "AMDGPU_INFO_SENSOR_GFX_MCLK" 2;
    /// Thousandths of a degree Celsius.
    SENSOR_GPU_TEMP: u32 = "AMDGPU_INFO_SENSOR_GPU_TEMP" 3;
    /// Per cent.
    SENSOR_GPU_LOAD: u32 = "AMDGPU_INFO_SENSOR_GPU_LOAD" 4;
    /// Watts.
    SENSOR_GPU_AVG_POWER: u32 = "AMDGPU_INFO_SENSOR_GPU_AVG_POWER" 5;
    /// mV.
    SENSOR_VDDNB: u32 = "AMDGPU_INFO_SENSOR_VDDNB" 6;
    /// mV.
    SENSOR_VDDGFX: u32 = "AMDGPU_INFO_SENSOR_VDDGFX" 7;
    /// MHz.
    SENSOR_STABLE_PSTATE_GFX_SCLK: u32 = "AMDGPU_INFO_SENSOR_STABLE_PSTATE_GFX_SCLK" 8;
    /// MHz.
    SENSOR_STABLE_PSTATE_GFX_MCLK: u32 = "AMDGPU_INFO_SENSOR_STABLE_PSTATE_GFX_MCLK" 9;
    /// MHz; not in Linux 6.1.
    SENSOR_PEAK_PSTATE_GFX_SCLK: u32 = "AMDGPU_INFO_SENSOR_PEAK_PSTATE_GFX_SCLK" 10;
    /// MHz; not in Linux 6.1.
    SENSOR_PEAK_PSTATE_GFX_MCLK: u32 = "AMDGPU_INFO_SENSOR_PEAK_PSTATE_GFX_MCLK" 11;
    /// Watts; not in Linux 6.1.
    SENSOR_GPU_INPUT_POWER: u32 = "AMDGPU_INFO_SENSOR_GPU_INPUT_POWER" 12;
    /// An APU.
    IDS_FUSION: u64 = "AMDGPU_IDS_FLAGS_FUSION" 1;
    /// Can preempt.
    IDS_PREEMPTION: u64 = "AMDGPU_IDS_FLAGS_PREEMPTION" 2;
    /// Trusted memory zone.
    IDS_TMZ: u64 = "AMDGPU_IDS_FLAGS_TMZ" 4;
    /// Of texture units.
    IDS_CONFORMANT_TRUNC_COORD: u64 = "AMDGPU_IDS_FLAGS_CONFORMANT_TRUNC_COORD" 8;
    /// Jobs on several rings at once.
    IDS_GANG_SUBMIT: u64 = "AMDGPU_IDS_FLAGS_GANG_SUBMIT" 0x10;
    /// Virtualisation.
    IDS_MODE_MASK: u64 = "AMDGPU_IDS_FLAGS_MODE_MASK" 0x300;
    /// Position of that field.
    IDS_MODE_SHIFT: u64 = "AMDGPU_IDS_FLAGS_MODE_SHIFT" 8;
    /// Not known.
    VRAM_TYPE_UNKNOWN: u32 = "AMDGPU_VRAM_TYPE_UNKNOWN" 0;
    /// GDDR1.
    VRAM_TYPE_GDDR1: u32 = "AMDGPU_VRAM_TYPE_GDDR1" 1;
    /// DDR2.
    VRAM_TYPE_DDR2: u32 = "AMDGPU_VRAM_TYPE_DDR2" 2;
    /// GDDR3.
    VRAM_TYPE_GDDR3: u32 = "AMDGPU_VRAM_TYPE_GDDR3" 3;
    /// GDDR4.
    VRAM_TYPE_GDDR4: u32 = "AMDGPU_VRAM_TYPE_GDDR4" 4;
    /// GDDR5.
    VRAM_TYPE_GDDR5: u32 = "AMDGPU_VRAM_TYPE_GDDR5" 5;
    /// HBM.
    VRAM_TYPE_HBM: u32 = "AMDGPU_VRAM_TYPE_HBM" 6;
    /// DDR3.
    VRAM_TYPE_DDR3: u32 = "AMDGPU_VRAM_TYPE_DDR3" 7;
    /// DDR4.
    VRAM_TYPE_DDR4: u32 = "AMDGPU_VRAM_TYPE_DDR4" 8;
    /// GDDR6.
    VRAM_TYPE_GDDR6: u32 = "AMDGPU_VRAM_TYPE_GDDR6" 9;
    /// DDR5.
    VRAM_TYPE_DDR5: u32 = "AMDGPU_VRAM_TYPE_DDR5" 10;
    /// LPDDR4.
    VRAM_TYPE_LPDDR4: u32 = "AMDGPU_VRAM_TYPE_LPDDR4" 11;
    /// LPDDR5.
    VRAM_TYPE_LPDDR5: u32 = "AMDGPU_VRAM_TYPE_LPDDR5" 12;
    /// HBM3E.
    VRAM_TYPE_HBM3E: u32 = "AMDGPU_VRAM_TYPE_HBM3E" 13;
    /// HBM4.
    VRAM_TYPE_HBM4: u32 = "AMDGPU_VRAM_TYPE_HBM4" 14;
    /// Navi 1x and 2x.
    FAMILY_NV: u32 = "AMDGPU_FAMILY_NV" 143;
    /// Van Gogh.
    FAMILY_VGH: u32 = "AMDGPU_FAMILY_VGH" 144;
    /// Navi 31, 32 and 33.
    FAMILY_GC_11_0_0: u32 = "AMDGPU_FAMILY_GC_11_0_0" 145;
    /// Yellow Carp.
    FAMILY_YC: u32 = "AMDGPU_FAMILY_YC" 146;
    /// Phoenix.
    FAMILY_GC_11_0_1: u32 = "AMDGPU_FAMILY_GC_11_0_1" 148;
    /// Raphael.
    FAMILY_GC_10_3_6: u32 = "AMDGPU_FAMILY_GC_10_3_6" 149;
    /// Strix, Krackan.
    FAMILY_GC_11_5_0: u32 = "AMDGPU_FAMILY_GC_11_5_0" 150;
    /// Mendocino.
    FAMILY_GC_10_3_7: u32 = "AMDGPU_FAMILY_GC_10_3_7" 151;
    /// Navi 44 and 48.
    FAMILY_GC_12_0_0: u32 = "AMDGPU_FAMILY_GC_12_0_0" 152;
    /// GC 11.7.
    FAMILY_GC_11_5_4: u32 = "AMDGPU_FAMILY_GC_11_5_4" 154;
    /// Kind of hub.
    VMHUB_TYPE_MASK: u32 = "AMDGPU_VMHUB_TYPE_MASK" 0xff;
    /// Graphics and compute.
    VMHUB_TYPE_GFX: u32 = "AMDGPU_VMHUB_TYPE_GFX" 0;
    /// Multimedia.
    VMHUB_TYPE_MM0: u32 = "AMDGPU_VMHUB_TYPE_MM0" 1;
    /// Multimedia.
    VMHUB_TYPE_MM1: u32 = "AMDGPU_VMHUB_TYPE_MM1" 2;
    /// Number of the hub.
    VMHUB_IDX_MASK: u32 = "AMDGPU_VMHUB_IDX_MASK" 0xff00;
}
