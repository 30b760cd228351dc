//! A device with one code object: buffers, launches and results.

use sparkle_rdna3::Target;
use sparkle_vgpu::sanitize::{Sanitizer, Sanitizers, Switches};
use sparkle_vgpu::shader::{Chip, Dispatch, Grid, Inputs, Isa, PageTable, Permissions, Program, Silent, Totals};

use super::code_object::{CodeObject, Descriptor, property};

/// Where code objects are placed.
const CODE: u64 = 0x7f00_0000_0000;

/// A number as it lies in memory.
pub(crate) trait Number: Copy {
    /// Its bytes, the lowest first.
    fn bytes(self) -> Vec<u8>;
    /// From its bytes.
    fn from_bytes(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl Number for $type {
            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }

            fn from_bytes(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().unwrap())
            }
        })+
    };
}
numbers!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

/// An argument of a kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg {
    /// A buffer's address.
    At(u64),
    /// A number.
    Word(u32),
}

/// A code object in memory, and buffers.
pub(crate) struct Device {
    object: CodeObject,
    program: Program,
    memory: PageTable,
    next: u64,
    /// The object's name, for messages.
    pub(crate) name: String,
    /// Sanitizers to launch kernels under, which must not find anything.
    pub(crate) switches: Switches,
}

impl Device {
    /// Loads `objects/{object}.co` for a name `{object}` or, as [`everywhere`] makes them, `{object}@{extension}`.
    pub(crate) fn new(name: &str) -> Self {
        let (object, extension) = name.split_once('@').unwrap_or((name, ""));
        let path = format!("{}/tests/kernels/objects/{object}.co", env!("CARGO_MANIFEST_DIR"));
        let isa = Isa::available().into_iter().find(|isa| format!("{isa:?}") == extension);
        let isa = isa.unwrap_or(Isa::best());
        let mut device = Self::of(name, &std::fs::read(path).unwrap(), isa);
        // They say the same with every extension.
        if isa == Isa::best() {
            device.switches = Switches::ALL.without(Sanitizer::UninitStrict);
        }
        device
    }

    /// Loads the bytes of a code object, to run with a vector extension of the host.
    pub(crate) fn of(name: &str, bytes: &[u8], isa: Isa) -> Self {
        let object = CodeObject::parse(bytes);
        let wave64 = object.kernels.values().next().unwrap().is_wave64();
        let target = if wave64 { Target::GFX1100_WAVE64 } else { Target::GFX1100 };
        let program = Program::for_isa(&object.words, CODE + object.text, target, isa);
        let mut memory = PageTable::default();
        let code = Permissions { execute: true, ..Permissions::READ };
        assert!(memory.map(CODE, &object.image, code));
        Self { object, program, memory, next: 0x1_0000_0000, name: name.to_owned(), switches: Switches::NONE }
    }

    /// A buffer with these contents; its address. Two buffers never touch.
    pub(crate) fn buffer<T: Number>(&mut self, values: &[T]) -> u64 {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.bytes()).collect();
        self.map(&bytes, Permissions::ALL)
    }

    /// An address that [`Device::buffer`] gives next.
    pub(crate) fn next_address(&self) -> u64 {
        self.next
    }

    fn map(&mut self, bytes: &[u8], permissions: Permissions) -> u64 {
        let va = self.next;
        assert!(self.memory.map(va, bytes, permissions));
        self.next += (bytes.len() as u64).next_multiple_of(4096) + 0x1_0000_0000;
        va
    }

    /// The numbers at an address.
    pub(crate) fn read<T: Number>(&self, va: u64, count: usize) -> Vec<T> {
        let size = size_of::<T>();
        self.memory.read(va, count * size).unwrap().chunks(size).map(T::from_bytes).collect()
    }

    /// The descriptor of a kernel.
    pub(crate) fn descriptor(&self, kernel: &str) -> &Descriptor {
        &self.object.kernels[kernel]
    }

    /// Launches a kernel and waits for its end.
    pub(crate) fn run(&mut self, kernel: &str, grid: Grid, args: &[Arg]) -> Totals {
        let descriptor = self.object.kernels[kernel].clone();
        let kernarg = kernarg(&descriptor, &grid, args);
        let kernarg = self.map(&kernarg, Permissions::READ);
        let packet = self.map(&packet(&descriptor, &grid), Permissions::READ);
        let inputs = Inputs {
            user: user_data(&descriptor, kernarg, packet),
            group_ids: descriptor.group_ids(),
            group_info: descriptor.group_info(),
            thread_ids: descriptor.thread_ids(),
            mode: descriptor.mode(),
        };
        let dispatch = Dispatch {
            program: &self.program,
            entry: (descriptor.entry - self.object.text) as usize / 4,
            memory: &self.memory,
            chip: Chip::GFX1100,
            grid,
            inputs: &inputs,
            vgprs: descriptor.vgprs(),
            lds_bytes: descriptor.lds_bytes,
            scratch_bytes: scratch_bytes(&descriptor),
            wgp_mode: descriptor.is_wgp_mode(),
            limit: 50_000_000,
        };
        let sanitizers = Sanitizers::new(self.switches, dispatch.chip);
        let result = if self.switches.is_empty() { dispatch.run(&Silent) } else { sanitizers.run(&dispatch) };
        let reports: Vec<String> = sanitizers.reports().iter().map(ToString::to_string).collect();
        assert!(reports.is_empty(), "{}, {kernel}:\n{}", self.name, reports.join("\n"));
        match result {
            Ok(totals) => totals,
            Err(fault) => panic!("{}, {kernel}: {fault}", self.name),
        }
    }
}

/// Scratch of a thread. A kernel with calls by address does not know its stack, and leaves the size to who launches it.
fn scratch_bytes(descriptor: &Descriptor) -> u32 {
    let dynamic = descriptor.properties & property::USES_DYNAMIC_STACK != 0;
    descriptor.scratch_bytes + if dynamic { 1024 } else { 0 }
}

/// The user SGPRs. Source: LLVM `docs/AMDGPUUsage.rst`, "SGPR Register Set Up Order".
fn user_data(descriptor: &Descriptor, kernarg: u64, packet: u64) -> Vec<u32> {
    let set = |bit: u16| descriptor.properties & bit != 0;
    assert!(!set(property::PRIVATE_SEGMENT_BUFFER | property::FLAT_SCRATCH_INIT), "not with architected flat scratch");
    let mut user = Vec::new();
    // No queue is there: its address and the dispatch's number are 0.
    for (bit, value) in [
        (property::DISPATCH_PTR, packet),
        (property::QUEUE_PTR, 0),
        (property::KERNARG_SEGMENT_PTR, kernarg),
        (property::DISPATCH_ID, 0),
    ] {
        if set(bit) {
            user.extend([value as u32, (value >> 32) as u32]);
        }
    }
    if set(property::PRIVATE_SEGMENT_SIZE) {
        user.push(scratch_bytes(descriptor));
    }
    assert!(user.len() <= descriptor.user_sgprs());
    // What is not named holds anything.
    user.resize(descriptor.user_sgprs(), 0xdead_beef);
    user
}

/// The arguments, and behind them the hidden ones. Source: LLVM `docs/AMDGPUUsage.rst`, "Code Object V5 Metadata".
fn kernarg(descriptor: &Descriptor, grid: &Grid, args: &[Arg]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for arg in args {
        match *arg {
            Arg::At(va) => {
                bytes.resize(bytes.len().next_multiple_of(8), 0);
                bytes.extend(va.to_le_bytes());
            }
            Arg::Word(word) => bytes.extend(word.to_le_bytes()),
        }
    }
    assert!(bytes.len() <= descriptor.kernarg_bytes as usize, "{} bytes of arguments", descriptor.kernarg_bytes);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(grid.end.iter().flat_map(|blocks| blocks.to_le_bytes()));
    bytes.extend(grid.threads.iter().flat_map(|&threads| (threads as u16).to_le_bytes()));
    bytes.resize(bytes.len().next_multiple_of(8) + 256, 0);
    bytes
}

/// `hsa_kernel_dispatch_packet_t`. Source: HSA runtime `hsa.h`.
fn packet(descriptor: &Descriptor, grid: &Grid) -> Vec<u8> {
    let mut bytes = vec![2, 0, 3, 0];
    bytes.extend(grid.threads.iter().flat_map(|&threads| (threads as u16).to_le_bytes()));
    bytes.extend([0; 2]);
    bytes.extend(grid.end.iter().zip(&grid.threads).flat_map(|(blocks, threads)| (blocks * threads).to_le_bytes()));
    bytes.extend([descriptor.scratch_bytes, descriptor.lds_bytes].iter().flat_map(|size| size.to_le_bytes()));
    bytes.resize(64, 0);
    bytes
}

/// Each variant with each vector extension of the host.
pub(crate) fn everywhere(variants: &[&str]) -> Vec<String> {
    let all = |isa: Isa| variants.iter().map(move |variant| format!("{variant}@{isa:?}"));
    Isa::available().into_iter().flat_map(all).collect()
}

/// A grid of one axis.
pub(crate) fn line(groups: u32, threads: u32) -> Grid {
    Grid::new([groups, 1, 1], [threads, 1, 1])
}

/// Numbers without a pattern, the same for the same seed.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        // The generator of Steele, Lea and Flood (SplitMix64).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    };
    (0..count).map(|_| next()).collect()
}

/// As [`noise`], in 32 bits.
pub(crate) fn words(seed: u64, count: usize) -> Vec<u32> {
    noise(seed, count).into_iter().map(|x| (x >> 32) as u32).collect()
}
