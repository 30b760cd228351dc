//! Running a spec, and its answer.

use serde_json::{Map, Value, json};
use sparkle_rdna3::Reg;

use super::spec::{Memory, Spec, SpecError, Want};
use super::watch::Written;
use crate::sanitize::uninit::{Defined, Start};
use crate::sanitize::{Allocation, Launch, Sanitizers, Switches};
use crate::shader::stats::{Collector, Stats};
use crate::shader::{EXEC, GroupPlace, M0, NULL, PageTable, Permissions, Program, VCC, Watcher, Wave, Workgroup};

/// `s_endpgm`, which ends every snippet.
const S_ENDPGM: u32 = 0xbfb0_0000;
/// What follows the end of a program, which the fetcher reads; as much of it as LLVM appends.
const S_CODE_END: u32 = 0xbf9f_0000;
const PADDING: usize = 128;
/// Where the code lies; only `s_getpc_b64` and its like show it.
const CODE_VA: u64 = 0x1_0000_0000;
/// More instructions than a snippet may execute.
const LIMIT: u64 = 1_000_000_000;

/// What came of a spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// The answer.
    pub answer: Value,
    /// Whether everything that it wants came out; `true` if it wants nothing and had no fault.
    pub ok: bool,
    /// What the code did.
    pub stats: Stats,
}

impl Spec {
    /// Runs it under sanitizers. What they say is among the answer's faults and changes nothing else.
    ///
    /// # Errors
    /// If its memory can't be mapped.
    pub fn run(&self, switches: Switches) -> Result<Ran, SpecError> {
        let mut memory = PageTable::default();
        for Memory { va, bytes, .. } in &self.memory {
            if !memory.map(*va, bytes, Permissions::ALL) {
                let problem = format!("{va:#x} is no multiple of 4 or overlaps another entry");
                return Err(SpecError::new("memory", problem));
            }
        }
        let start = self.wave();
        let mut code = self.code.clone();
        code.push(S_ENDPGM);
        code.resize(code.len() + PADDING, S_CODE_END);
        let program = Program::new(&code, CODE_VA, self.target);
        let mut group = Workgroup::new(vec![start.clone()], 0);
        group.lds.clone_from(&self.lds);
        let sanitizers = Sanitizers::new(switches, self.chip);
        let wave_size = self.target.wave;
        let lds_bytes = u32::try_from(self.lds.len()).unwrap_or(u32::MAX);
        let scratch_bytes = u32::try_from(self.scratch_bytes).unwrap_or(u32::MAX);
        let launch = Launch {
            program: &program,
            memory: &memory,
            entry: 0,
            prefetch: 0,
            allocation: Allocation::new(self.chip, wave_size, 256, lds_bytes, scratch_bytes),
            start: &self.defined(&program),
        };
        self.tell(&sanitizers);
        let counts = Collector::default();
        let (fault, written) = {
            let (watching, place) = (sanitizers.over(&launch), GroupPlace::default());
            let counter = counts.watch(&group, place);
            if switches.is_empty() {
                let mut watch = (Written::new(), counter);
                (group.run(&program, &memory, LIMIT, &mut watch).err(), watch.0)
            } else {
                let mut watch = ((Written::new(), counter), watching.watch(&group, place));
                (group.run(&program, &memory, LIMIT, &mut watch).err(), watch.0.0)
            }
        };
        let wave = group.waves.pop().unwrap_or_else(|| start.clone());
        let end = End { spec: self, start: &start, wave: &wave, lds: &group.lds, memory: &memory, written: &written };
        let (mut answer, equal) = end.answer();
        let ok = equal && fault.is_none();
        let reports = sanitizers.reports();
        let faults: Vec<String> =
            fault.iter().map(ToString::to_string).chain(reports.iter().map(ToString::to_string)).collect();
        answer.insert("ok".into(), ok.into());
        answer.insert("faults".into(), faults.into());
        answer.insert("instructions".into(), wave.instructions.into());
        if let Some(name) = &self.name {
            answer.insert("name".into(), name.as_str().into());
        }
        Ok(Ran { answer: Value::Object(answer), ok, stats: counts.into_stats() })
    }

    /// Tells of the buffers, all of which are defined; what the spec wants of memory is a result.
    fn tell(&self, sanitizers: &Sanitizers) {
        let uninit = sanitizers.uninit();
        for Memory { va, bytes, .. } in &self.memory {
            uninit.region(*va, bytes.len() as u64, Defined::All); // CAST: usize has at most 64 bits
        }
        for Memory { va, bytes, .. } in self.want.iter().flat_map(|want| &want.memory) {
            uninit.result(*va, bytes.len() as u64); // CAST: usize has at most 64 bits
        }
    }

    /// What the wave starts with: what the spec sets is defined, and nothing else but the rest of tuples, whose zeros
    /// specs leave out.
    fn defined(&self, program: &Program) -> Start {
        let mut scalars = self.sgpr.iter().fold(self.named.scalars, |set, (index, _)| set | 1 << (index & 127));
        let mut vectors: Vec<u8> = self.vgpr.iter().map(|(index, _)| *index).collect();
        let mut pc = 0;
        while let Some(instruction) = program.instruction(pc) {
            for (reg, dwords) in instruction.reads() {
                match reg {
                    Reg::Sgpr(first) if scalars >> first & 1 != 0 => {
                        (1..dwords).for_each(|at| scalars |= 1 << (first.saturating_add(at) & 127));
                    }
                    Reg::Vgpr(first) if vectors.contains(&first) => {
                        vectors.extend((1..dwords).map(|at| first.wrapping_add(at)));
                    }
                    _ => {}
                }
            }
            pc += instruction.len_dwords();
        }
        Start {
            scalars,
            scc: self.named.scc,
            vectors: vectors.into_iter().map(|index| (index, u64::MAX)).collect(),
            lds_bytes: self.named.lds,
        }
    }

    fn wave(&self) -> Wave {
        let mut wave = Wave::new(self.target.wave == sparkle_rdna3::WaveSize::Wave64, self.mode);
        wave.set_scalar64(EXEC, self.exec);
        wave.set_scalar64(VCC, self.vcc);
        wave.set_scalar(M0, self.m0);
        wave.scc = self.scc;
        for &(index, value) in &self.sgpr {
            wave.set_scalar(index, value);
        }
        for (index, values) in &self.vgpr {
            for (lane, &value) in (0..).zip(values) {
                wave.set_lane(*index, lane, value);
            }
        }
        wave.scratch = vec![0; self.scratch_bytes.saturating_mul(wave.lanes() as usize)]; // CAST: 32 or 64
        wave
    }
}

fn is_nan(x: u32) -> bool {
    f32::from_bits(x).is_nan()
}

fn equal(nan: bool, a: u32, b: u32) -> bool {
    a == b || nan && is_nan(a) && is_nan(b)
}

fn equal_bytes(nan: bool, found: &[u8], want: &[u8]) -> bool {
    let dwords =
        |bytes: &[u8]| -> Vec<u32> { bytes.as_chunks::<4>().0.iter().map(|x| u32::from_le_bytes(*x)).collect() };
    if !nan || found.len() != want.len() {
        return found == want;
    }
    let rest = |bytes: &[u8]| bytes.as_chunks::<4>().1.to_vec();
    dwords(found).iter().zip(dwords(want)).all(|(&a, b)| equal(true, a, b)) && rest(found) == rest(want)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The state at the end, beside what it began with and what is wanted.
struct End<'a> {
    spec: &'a Spec,
    start: &'a Wave,
    wave: &'a Wave,
    lds: &'a [u8],
    memory: &'a PageTable,
    written: &'a Written,
}

impl End<'_> {
    fn answer(&self) -> (Map<String, Value>, bool) {
        let none = Want::default();
        let want = self.spec.want.as_ref().unwrap_or(&none);
        let mut out = Map::new();
        let parts = [
            self.sgprs(want, &mut out),
            self.vgprs(want, &mut out),
            self.flags(want, &mut out),
            self.lds(want, &mut out),
            self.memory(want, &mut out),
        ];
        (out, parts.iter().all(|ok| *ok))
    }

    fn touched(&self, index: u8) -> bool {
        let written = self.written.sgpr.get(usize::from(index)).copied().unwrap_or(false);
        written || self.wave.scalar(index) != self.start.scalar(index)
    }

    fn sgprs(&self, want: &Want, out: &mut Map<String, Value>) -> bool {
        let named = |index: u8| want.sgpr.iter().any(|(wanted, _)| *wanted == index);
        let found: Map<String, Value> = (0..NULL)
            .chain([M0, EXEC, EXEC + 1])
            .filter(|&index| {
                let has_key = matches!(index, VCC | M0 | EXEC) || index == VCC + 1 || index == EXEC + 1;
                named(index) || !has_key && self.touched(index)
            })
            .map(|index| (index.to_string(), self.wave.scalar(index).into()))
            .collect();
        if !found.is_empty() {
            out.insert("sgpr".into(), found.into());
        }
        want.sgpr.iter().all(|&(index, value)| equal(want.nan, self.wave.scalar(index), value))
    }

    fn lanes(&self, index: u8) -> Vec<u32> {
        (0..self.wave.lanes()).map(|lane| self.wave.lane(index, lane)).collect()
    }

    fn vgprs(&self, want: &Want, out: &mut Map<String, Value>) -> bool {
        let changed =
            |index: u8| (0..self.wave.lanes()).any(|lane| self.wave.lane(index, lane) != self.start.lane(index, lane));
        let found: Map<String, Value> = (0..=255)
            .filter(|&index| {
                let written = self.written.vgpr.get(usize::from(index)).copied().unwrap_or(false);
                written || changed(index) || want.vgpr.iter().any(|(wanted, _)| *wanted == index)
            })
            .map(|index| (index.to_string(), self.lanes(index).into()))
            .collect();
        if !found.is_empty() {
            out.insert("vgpr".into(), found.into());
        }
        want.vgpr.iter().all(|(index, values)| {
            self.lanes(*index).iter().zip(values).all(|(&found, &value)| equal(want.nan, found, value))
        })
    }

    fn flags(&self, want: &Want, out: &mut Map<String, Value>) -> bool {
        let mut ok = true;
        for (name, index, wanted) in [("vcc", VCC, want.vcc), ("exec", EXEC, want.exec)] {
            // The upper half of a wave32 counts only if it is named.
            let high = self.wave.is_wide() || wanted.is_some_and(|wanted| wanted >> 32 != 0) || self.touched(index + 1);
            let whole = self.wave.scalar64(index);
            let value = if high { whole } else { whole & 0xffff_ffff };
            if wanted.is_some() || self.touched(index) || self.touched(index + 1) {
                out.insert(name.into(), value.into());
            }
            ok &= wanted.is_none_or(|wanted| wanted == value);
        }
        if want.scc.is_some() || self.written.scc || self.wave.scc != self.start.scc {
            out.insert("scc".into(), u32::from(self.wave.scc).into());
        }
        if want.m0.is_some() || self.touched(M0) {
            out.insert("m0".into(), self.wave.scalar(M0).into());
        }
        ok && want.scc.is_none_or(|wanted| wanted == u32::from(self.wave.scc))
            && want.m0.is_none_or(|wanted| wanted == self.wave.scalar(M0))
    }

    fn lds(&self, want: &Want, out: &mut Map<String, Value>) -> bool {
        let wanted = want.lds.as_deref();
        let shown = self.written.lds_end.max(wanted.map_or(0, <[u8]>::len)).min(self.lds.len());
        if wanted.is_some() || shown > 0 {
            out.insert("lds".into(), hex(self.lds.get(..shown).unwrap_or(&[])).into());
        }
        wanted
            .is_none_or(|wanted| self.lds.get(..wanted.len()).is_some_and(|found| equal_bytes(want.nan, found, wanted)))
    }

    fn memory(&self, want: &Want, out: &mut Map<String, Value>) -> bool {
        let mut ok = true;
        let mut entries = Vec::new();
        for Memory { va, bytes, nan } in &want.memory {
            let found = self.memory.read(*va, bytes.len());
            ok &= found.as_deref().is_some_and(|found| equal_bytes(want.nan || *nan, found, bytes));
            entries.push(json!({"va": format!("{va:#x}"), "hex": found.as_deref().map(hex)}));
        }
        for (va, size) in self.written.ranges() {
            let named = want.memory.iter().any(|entry| {
                entry.va <= va && va - entry.va + size <= entry.bytes.len() as u64 // CAST: usize has at most 64 bits
            });
            let found = usize::try_from(size).ok().and_then(|size| self.memory.read(va, size));
            if let (false, Some(found)) = (named, found) {
                entries.push(json!({"va": format!("{va:#x}"), "hex": hex(&found)}));
            }
        }
        if !entries.is_empty() {
            out.insert("memory".into(), entries.into());
        }
        ok
    }
}
