//! Opcodes of type-3 packets: which numbers have a name, where, and which engine takes them.

use core::fmt;

use crate::gfx::Generation;

/// The opcode of a type-3 packet. Any byte is one; those with a name have a constant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Opcode(pub u8);

/// A set of the command processor's engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Engines(u8);

impl Engines {
    /// None.
    pub const NONE: Self = Self(0);
    /// The compute rings' engine.
    pub const MEC: Self = Self(1);
    /// The graphics ring's main engine.
    pub const ME: Self = Self(2);
    /// The graphics ring's prefetcher.
    pub const PFP: Self = Self(4);

    /// Whether all of `other` are in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether an engine is in both sets.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no engine is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The engines of either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What the table says of an opcode.
struct Row {
    number: u8,
    /// The constant's name: the opcode's, or that and a generation where two numbers have had it.
    constant: &'static str,
    name: &'static str,
    aliases: &'static [&'static str],
    /// For gfx10.1, gfx10.3, gfx11 and gfx12.
    cells: [Cell; 4],
}

/// What the table says of an opcode in a generation.
#[derive(Clone, Copy)]
struct Cell {
    defined: bool,
    engines: Engines,
}

/// Spellings of a cell in the table.
#[rustfmt::skip]
macro_rules! cell {
    (X) => { Cell { defined: false, engines: Engines(0) } };
    (L) => { Cell { defined: true, engines: Engines(0) } };
    (C) => { Cell { defined: true, engines: Engines(1) } };
    (M) => { Cell { defined: true, engines: Engines(2) } };
    (CM) => { Cell { defined: true, engines: Engines(3) } };
    (P) => { Cell { defined: true, engines: Engines(4) } };
    (CP) => { Cell { defined: true, engines: Engines(5) } };
    (MP) => { Cell { defined: true, engines: Engines(6) } };
    (CMP) => { Cell { defined: true, engines: Engines(7) } };
}

macro_rules! opcodes {
    ($( $number:literal $constant:ident $gfx10:ident $gfx10_3:ident $gfx11:ident $gfx12:ident
        $(= $name:ident)? $(| $($alias:ident)+)?; )+) => {
        impl Opcode {
            $(
                #[doc = concat!("IT_", opcodes!(@name $constant $($name)?), ", ", stringify!($number), ".")]
                pub const $constant: Self = Self($number);
            )+
        }

        /// All opcodes with a name, by number.
        static TABLE: &[Row] = &[ $( Row {
            number: $number,
            constant: stringify!($constant),
            name: opcodes!(@name $constant $($name)?),
            aliases: &[$( $( stringify!($alias) ),+ )?],
            cells: [cell!($gfx10), cell!($gfx10_3), cell!($gfx11), cell!($gfx12)],
        } ),+ ];
    };
    (@name $constant:ident) => { stringify!($constant) };
    (@name $constant:ident $name:ident) => { stringify!($name) };
}

// Number, constant, then gfx10.1, gfx10.3, gfx11, gfx12: X = the number is not defined there, L = it is listed but no
// packet is published for any engine, else the engines with a published packet (C = MEC, M = ME, P = PFP). `= NAME`
// where the constant isn't the name, `| ALIAS...` for further names. Numbers with X everywhere are Linux's or Mesa's.
//
// Source: AMD PAL `chip/gfx9_plus_merged_pm4_it_opcodes.h`, `gfx12_merged_pm4_it_opcodes.h` and
// `*_f32_{mec,me,pfp}_pm4_packets.h`; Mesa `src/amd/common/sid.h`; Linux `drivers/gpu/drm/amd/amdgpu/nvd.h`.
#[rustfmt::skip]
opcodes! {
    0x10 NOP                                  CP  CP  CP  CP;
    0x11 SET_BASE                             P   P   P   CP;
    0x12 CLEAR_STATE                          MP  MP  MP  MP;
    0x13 INDEX_BUFFER_SIZE                    P   P   P   P;
    0x15 DISPATCH_DIRECT                      CMP CMP CMP CMP;
    0x16 DISPATCH_INDIRECT                    CMP CMP CMP CMP;
    0x17 INDIRECT_BUFFER_END                  L   L   L   L;
    0x19 INDIRECT_BUFFER_CNST_END             L   L   L   L;
    0x1D ATOMIC_GDS                           CMP CMP CMP L;
    0x1E ATOMIC_MEM                           CMP CMP CMP CMP;
    0x1F OCCLUSION_QUERY                      P   P   P   P;
    0x20 SET_PREDICATION                      P   P   P   P;
    0x21 REG_RMW                              M   M   MP  MP;
    0x22 COND_EXEC                            CP  CP  CP  CP;
    0x23 PRED_EXEC                            P   P   P   P;
    0x24 DRAW_INDIRECT                        MP  MP  MP  MP;
    0x25 DRAW_INDEX_INDIRECT                  MP  MP  MP  MP;
    0x26 INDEX_BASE                           P   P   P   P;
    0x27 DRAW_INDEX_2                         MP  MP  MP  MP;
    0x28 CONTEXT_CONTROL                      MP  MP  MP  MP;
    0x2A INDEX_TYPE                           L   L   L   L;
    0x2C DRAW_INDIRECT_MULTI                  MP  MP  MP  MP;
    0x2D DRAW_INDEX_AUTO                      MP  MP  MP  MP;
    0x2E DRAW_INDEX_IMMD                      X   X   X   X;
    0x2F NUM_INSTANCES                        P   P   P   P;
    0x30 DRAW_INDEX_MULTI_AUTO                MP  MP  MP  MP;
    0x32 INDIRECT_BUFFER_PRIV                 L   L   L   L | INDIRECT_BUFFER_SI;
    0x33 INDIRECT_BUFFER_CNST                 L   L   L   L | COND_INDIRECT_BUFFER_CNST INDIRECT_BUFFER_CONST;
    0x34 STRMOUT_BUFFER_UPDATE                MP  MP  MP  L;
    0x35 DRAW_INDEX_OFFSET_2                  MP  MP  MP  MP;
    0x36 DRAW_PREAMBLE                        L   L   L   L;
    0x37 WRITE_DATA                           CMP CMP CMP CMP;
    0x38 DRAW_INDEX_INDIRECT_MULTI            MP  MP  MP  MP;
    0x39 MEM_SEMAPHORE                        CM  CM  L   L;
    0x3A DRAW_INDEX_MULTI_INST                X   X   X   X | MPEG_INDEX;
    0x3B COPY_DW                              L   L   L   L;
    0x3C WAIT_REG_MEM                         CMP CMP CMP CMP;
    0x3D PERF_COUNTER_WINDOW                  X   X   CP  CP | MEM_WRITE;
    0x3F INDIRECT_BUFFER                      CP  CP  CP  CP | COND_INDIRECT_BUFFER;
    0x40 COPY_DATA                            CMP CMP CMP CMP;
    0x41 CP_DMA                               L   L   L   L;
    0x42 PFP_SYNC_ME                          MP  MP  MP  MP;
    0x43 SURFACE_SYNC                         L   L   L   L;
    0x44 ME_INITIALIZE                        L   L   L   L;
    0x45 COND_WRITE                           CM  CM  CM  CM;
    0x46 EVENT_WRITE                          CM  CM  CMP CMP;
    0x47 EVENT_WRITE_EOP                      L   L   L   L;
    0x48 EVENT_WRITE_EOS                      L   L   L   L;
    0x49 RELEASE_MEM                          CM  CM  CMP CMP;
    0x4A PREAMBLE_CNTL                        MP  MP  MP  MP;
    0x4C DISPATCH_MESH_INDIRECT_MULTI         MP  MP  MP  MP;
    0x4D DISPATCH_TASKMESH_GFX                MP  MP  MP  MP;
    0x4E DISPATCH_MESH_DIRECT                 X   X   MP  MP;
    0x50 DMA_DATA                             CMP CMP CMP CMP;
    0x51 CONTEXT_REG_RMW                      MP  MP  MP  MP;
    0x52 GFX_CNTX_UPDATE                      L   L   L   L;
    0x53 BLK_CNTX_UPDATE                      L   L   L   L;
    0x54 PERFMON_CONTROL                      X   CM  CM  CM;
    0x55 INCR_UPDT_STATE                      L   L   L   L;
    0x57 ONE_REG_WRITE                        X   X   X   X;
    0x58 ACQUIRE_MEM                          CMP CMP CMP CMP;
    0x59 REWIND                               CP  CP  CP  CP;
    0x5A INTERRUPT                            L   L   L   L;
    0x5B GEN_PDEPTE                           P   P   L   L;
    0x5C INDIRECT_BUFFER_PASID                C   C   C   C;
    0x5D PRIME_UTCL2                          CP  CP  CP  CP;
    0x5E LOAD_UCONFIG_REG                     MP  MP  MP  MP;
    0x5F LOAD_SH_REG                          MP  MP  MP  MP;
    0x60 LOAD_CONFIG_REG                      MP  MP  MP  MP;
    0x61 LOAD_CONTEXT_REG                     MP  MP  MP  MP;
    0x62 LOAD_COMPUTE_STATE                   L   L   L   L;
    0x63 LOAD_SH_REG_INDEX                    MP  CMP CMP CMP;
    0x64 LOAD_UCONFIG_REG_INDEX               MP  MP  MP  MP;
    0x68 SET_CONFIG_REG                       CM  CM  CM  CM;
    0x69 SET_CONTEXT_REG                      MP  MP  MP  MP;
    0x6A SET_CONTEXT_REG_INDEX                L   L   L   L;
    0x71 SET_VGPR_REG_DI_MULTI                L   L   L   L;
    0x72 SET_SH_REG_DI                        L   L   L   L;
    0x73 SET_CONTEXT_REG_INDIRECT             L   L   L   L;
    0x74 SET_SH_REG_DI_MULTI                  L   L   L   L;
    0x75 GFX_PIPE_LOCK                        M   M   M   X;
    0x76 SET_SH_REG                           CM  CM  CM  CMP;
    0x77 SET_SH_REG_OFFSET                    MP  MP  MP  MP;
    0x78 SET_QUEUE_REG                        C   C   C   C;
    0x79 SET_UCONFIG_REG                      CMP CMP CMP CMP;
    0x7A SET_UCONFIG_REG_INDEX                MP  MP  MP  MP;
    0x7C FORWARD_HEADER                       L   L   L   L;
    0x7D SCRATCH_RAM_WRITE                    L   L   L   L;
    0x7E SCRATCH_RAM_READ                     L   L   L   L;
    0x80 LOAD_CONST_RAM                       L   L   L   L;
    0x81 WRITE_CONST_RAM                      L   L   L   L;
    0x83 DUMP_CONST_RAM                       L   L   L   L;
    0x84 INCREMENT_CE_COUNTER                 L   L   L   L;
    0x85 INCREMENT_DE_COUNTER                 M   M   M   L;
    0x86 WAIT_ON_CE_COUNTER                   CM  CM  M   L;
    0x88 WAIT_ON_DE_COUNTER_DIFF              L   L   L   L;
    0x8B SWITCH_BUFFER                        M   M   L   L;
    0x8C DISPATCH_DRAW_PREAMBLE               CP  CP  X   X | DISPATCH_DRAW_PREAMBLE_ACE;
    0x8D DISPATCH_DRAW                        CP  CP  X   X | DISPATCH_DRAW_ACE;
    0x8E GET_LOD_STATS                        X   M   X   X;
    0x8F DRAW_MULTI_PREAMBLE_GFX10            L   X   X   X = DRAW_MULTI_PREAMBLE;
    0x90 FRAME_CONTROL                        MP  MP  L   L;
    0x91 INDEX_ATTRIBUTES_INDIRECT            P   P   P   P;
    0x92 WAIT_FOR_WRITE_CONFIRM               X   L   L   L;
    0x93 WAIT_REG_MEM64                       CMP CMP CMP CMP;
    0x94 COND_PREEMPT                         L   L   L   L;
    0x95 HDP_FLUSH                            C   C   C   C;
    0x96 COPY_DATA_RB                         X   X   X   X;
    0x98 INVALIDATE_TLBS                      CMP CMP CP  CMP;
    0x99 AQL_PACKET_GFX10                     L   X   X   X = AQL_PACKET;
    0x9A DMA_DATA_FILL_MULTI                  CMP CMP CMP CMP;
    0x9B SET_SH_REG_INDEX                     CMP CMP CMP CMP;
    0x9C DRAW_INDIRECT_COUNT_MULTI            L   L   L   L;
    0x9D DRAW_INDEX_INDIRECT_COUNT_MULTI      L   L   L   L;
    0x9E DUMP_CONST_RAM_OFFSET                L   L   L   L;
    0x9F LOAD_CONTEXT_REG_INDEX               MP  MP  MP  MP;
    0xA0 SET_RESOURCES                        L   L   L   L;
    0xA1 MAP_PROCESS                          L   L   L   L;
    0xA2 MAP_QUEUES                           L   L   L   L;
    0xA3 UNMAP_QUEUES                         L   L   L   L;
    0xA4 QUERY_STATUS                         L   L   L   L;
    0xA5 RUN_LIST                             L   L   L   L;
    0xA6 MAP_PROCESS_VM                       L   L   L   L;
    0xA7 DISPATCH_DIRECT_INTERLEAVED          X   X   X   MP;
    0xA8 DISPATCH_INDIRECT_INTERLEAVED        X   X   X   MP;
    0xA9 DISPATCH_TASK_STATE_INIT             CMP CMP CMP CMP;
    0xAA DISPATCH_TASKMESH_DIRECT_ACE         C   C   C   C;
    0xAB CONTEXT_PUSH                         X   L   L   L;
    0xAC CONTEXT_POP                          X   L   L   L;
    0xAD DISPATCH_TASKMESH_INDIRECT_MULTI_ACE C   C   C   C;
    0xAE EXECUTE_INDIRECT                     X   P   P   P;
    0xAF BUILD_UNTYPED_SRD                    P   P   P   P;
    0xB1 EVENT_WRITE_ZPASS                    X   X   MP  MP;
    0xB2 TIMESTAMP                            X   X   CM  CM;
    0xB3 UBER_DRAWS                           X   X   L   L;
    0xB4 EXECUTE_INDIRECT_V2                  X   L   P   CP;
    0xB7 MARKER                               X   X   L   L;
    0xB8 SET_CONTEXT_REG_PAIRS                X   X   P   P;
    0xB9 SET_CONTEXT_REG_PAIRS_PACKED         X   X   P   L;
    0xBA SET_SH_REG_PAIRS                     X   X   P   CP;
    0xBB SET_SH_REG_PAIRS_PACKED              X   X   CP  X;
    0xBC SET_SH_REG_PAIRS_PACKED_GFX12        X   X   X   C = SET_SH_REG_PAIRS_PACKED;
    0xBD SET_SH_REG_PAIRS_PACKED_N            X   X   CP  C;
    0xBE SET_UCONFIG_REG_PAIRS                X   X   X   CP;
    0xC0 LOAD_BUFFER_FILLED_SIZE              X   X   X   P;
    0xC1 SET_BUFFER_FILLED_SIZE               X   X   X   P;
    0xC2 SAVE_BUFFER_FILLED_SIZE              X   X   X   P;
    0xC3 STRMOUT_STATS_QUERY                  X   X   X   P;
    0xD0 PROTECTED_FENCE_SIGNAL               X   X   X   X;
    0xD1 FENCE_WAIT_MULTI                     X   X   X   X;
    0xD2 RUN_CLEANER_SHADER                   X   X   X   CP;
    0xEF UPDATE_DB_SUMMARIZER_TIMEOUT         X   X   X   MP;
    0xF0 SET_Q_PREEMPTION_MODE                X   X   P   L;
    0xFE DRAW_MULTI_PREAMBLE                  X   L   L   L;
    0xFF AQL_PACKET                           X   L   L   L;
}

/// The row of each number, plus 1; 0 where it has none.
static ROWS: [u8; 256] = {
    let mut rows = [0; 256];
    let mut row = 0;
    while row < TABLE.len() {
        rows[TABLE[row].number as usize] = row as u8 + 1; // CAST: fewer than 255 rows, as numbers are bytes
        row += 1;
    }
    rows
};

impl Opcode {
    /// The name in a generation, spelled as AMD's headers do, without `IT_` or `PACKET3_`.
    ///
    /// `None` for reserved numbers and for those that only other generations define: SET_SH_REG_PAIRS_PACKED is 0xBB on
    /// gfx11, 0xBC on gfx12. Numbers that no generation defines, but Linux or Mesa name, have that name everywhere.
    pub fn name(self, generation: Generation) -> Option<&'static str> {
        let row = self.row()?;
        (self.is_defined(generation) || row.cells.iter().all(|cell| !cell.defined)).then_some(row.name)
    }

    /// Whether the number has a name anywhere; reserved ones have none.
    pub fn is_named(self) -> bool {
        self.row().is_some()
    }

    /// Whether PAL lists the number for a generation. Firmware can lack a listed opcode.
    pub fn is_defined(self, generation: Generation) -> bool {
        self.cell(generation).is_some_and(|cell| cell.defined)
    }

    /// The engines for which PAL publishes this packet in a generation.
    ///
    /// An empty set is not proof that no engine takes it: the packets of kernel queues and FRAME_CONTROL have no public
    /// definition, and the kernel emits both ([`Self::has_engine_data`]).
    pub fn engines(self, generation: Generation) -> Engines {
        self.cell(generation).map_or(Engines::NONE, |cell| cell.engines)
    }

    /// Whether [`Self::engines`] knows any engine, so that an engine's absence there means something.
    pub fn has_engine_data(self, generation: Generation) -> bool {
        !self.engines(generation).is_empty()
    }

    /// The opcode with a name or an alias.
    ///
    /// Three names have had two numbers. They mean gfx11's here; the others are named with their generation, as their
    /// constants are: `DRAW_MULTI_PREAMBLE_GFX10`, `AQL_PACKET_GFX10`, `SET_SH_REG_PAIRS_PACKED_GFX12`.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.constant == name || row.aliases.contains(&name)).map(|row| Self(row.number))
    }

    /// Further names of the number.
    pub fn aliases(self) -> &'static [&'static str] {
        self.row().map_or(&[], |row| row.aliases)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.get(usize::from(*ROWS.get(usize::from(self.0))?).checked_sub(1)?)
    }

    fn cell(self, generation: Generation) -> Option<Cell> {
        let [gfx10, gfx10_3, gfx11, gfx12] = self.row()?.cells;
        Some(match generation {
            Generation::Gfx10 => gfx10,
            Generation::Gfx10_3 => gfx10_3,
            Generation::Gfx11 => gfx11,
            Generation::Gfx12 => gfx12,
        })
    }
}

/// The name that some generation gives the number, or `unknown(0xNN)`.
impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => f.pad(row.name),
            None => write!(f, "unknown(0x{:02X})", self.0),
        }
    }
}

impl fmt::Debug for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
