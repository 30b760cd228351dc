//! What the kernels' tests ask of a device, answered by the backend on a software device.

use super::super::machine::{Machine, soon};
use sparkle::amdgpu::GpuVa;
use sparkle::backend::gpu::{self, Buffer, CommandList, Dispatch, Gpu, LoadOptions, Memory, Module, Stream};
use sparkle_vgpu::kmd::Flavour;
use sparkle_vgpu::shader::Grid;
use std::collections::BTreeMap;

/// A number as it lies in memory.
pub(crate) trait Number: Copy {
    fn bytes(self) -> Vec<u8>;
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
    At(u64),
    Word(u32),
}

/// What a launch did, as far as the tests ask.
pub(crate) struct Totals {
    pub(crate) groups: u64,
}

pub(crate) struct Device {
    name: String,
    buffers: BTreeMap<u64, Buffer>,
    /// The buffer whose address was asked for before it was made.
    next: Option<Buffer>,
    list: CommandList,
    stream: Stream,
    module: Module,
    gpu: Gpu,
    machine: Machine,
}

/// Bytes of a buffer whose address is told in advance.
const NEXT_BYTES: u64 = 1 << 16;

impl Device {
    /// Loads `{object}.co` for a name `{object}@{flavour}`.
    pub(crate) fn new(name: &str) -> Self {
        let (object, flavour) = name.split_once('@').unwrap();
        let path = format!("{}/tools/vgpu/tests/kernels/objects/{object}.co", env!("CARGO_MANIFEST_DIR"));
        let machine = Machine::new(Flavour::find(flavour).unwrap(), "gfx1100");
        let gpu = machine.gpu();
        // Code without optimization asks for a queue that it never looks at, and calls functions by their addresses.
        let options = LoadOptions::default().null_pointers().dynamic_stack(1024);
        let module = Module::load_with(&gpu, &std::fs::read(path).unwrap(), options).unwrap();
        let stream = gpu.stream().unwrap();
        Self {
            name: name.to_owned(),
            buffers: BTreeMap::new(),
            next: None,
            list: stream.list().unwrap(),
            stream,
            module,
            gpu,
            machine,
        }
    }

    /// A buffer with these contents; its address. They are in the card's memory and in the system's by turns.
    pub(crate) fn buffer<T: Number>(&mut self, values: &[T]) -> u64 {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.bytes()).collect();
        let memory = if self.buffers.len().is_multiple_of(2) { Memory::Device } else { Memory::Host };
        let mut buffer = match self.next.take() {
            Some(buffer) => buffer,
            None => self.gpu.buffer(memory, bytes.len().max(1) as u64).unwrap(),
        };
        buffer.write(0, bytes.as_slice()).unwrap();
        let address = buffer.address().get();
        self.buffers.insert(address, buffer);
        address
    }

    /// The address that [`Device::buffer`] gives next.
    pub(crate) fn next_address(&mut self) -> u64 {
        let buffer = self.gpu.buffer(Memory::Device, NEXT_BYTES).unwrap();
        self.next.insert(buffer).address().get()
    }

    /// The numbers at an address.
    pub(crate) fn read<T: Number>(&self, va: u64, count: usize) -> Vec<T> {
        let mut bytes = vec![0; count * size_of::<T>()];
        self.buffers[&va].read(0, bytes.as_mut_slice()).unwrap();
        bytes.chunks(size_of::<T>()).map(T::from_bytes).collect()
    }

    /// Launches a kernel and waits for its end.
    pub(crate) fn run(&mut self, kernel: &str, grid: Grid, args: &[Arg]) -> Totals {
        let found = self.module.kernel(kernel).unwrap();
        let groups = grid.end;
        let grid = gpu::Grid::workgroups(groups, grid.threads);
        let args: Vec<gpu::Arg<'_>> = args
            .iter()
            .map(|arg| match arg {
                // Some addresses are in the middle of a buffer, and kernels follow pointers to others.
                Arg::At(va) => self.buffers.get(va).map_or(GpuVa::new(*va).into(), Into::into),
                Arg::Word(word) => (*word).into(),
            })
            .collect();
        self.list.reset().unwrap();
        for buffer in self.buffers.values() {
            self.list.uses(buffer.mapping()).unwrap();
        }
        self.list.dispatch(&Dispatch::new(&found, grid, &args)).unwrap();
        let sent = self.stream.submit(&mut self.list);
        let done = sent.and_then(|mut pending| pending.wait(soon()));
        let findings = self.machine.findings();
        assert!(findings.is_empty(), "{}, {kernel}:\n{}", self.name, findings.join("\n"));
        done.unwrap_or_else(|error| panic!("{}, {kernel}: {error}", self.name));
        Totals { groups: groups.into_iter().map(u64::from).product() }
    }
}

/// Each variant under each flavour of the kernel.
pub(crate) fn everywhere(variants: &[&str]) -> Vec<String> {
    let all = |flavour: Flavour| variants.iter().map(move |variant| format!("{variant}@{}", flavour.name()));
    Flavour::ALL.into_iter().flat_map(all).collect()
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
