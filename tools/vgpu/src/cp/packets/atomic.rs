//! ATOMIC_MEM.

use std::time::{Duration, Instant};

use sparkle_pm4::packets::AtomicMem;
use sparkle_pm4::packets::values::AtomicCommand;

use crate::cp::outcome::Stop;
use crate::cp::run::Run;

/// How often a packet looks at memory that others write.
pub(super) const POLL: Duration = Duration::from_micros(50);

/// What an atomic does with the old value: the number of GL2's operation without the bits for its width and its answer.
///
/// Source: AMD PAL `gfx9_plus_merged_f32_mec_pm4_packets.h`, `TC_OP`; the arithmetic as the RDNA3 ISA has it for
/// GLOBAL_ATOMIC_*.
pub(crate) fn operation(number: u32, wide: bool, source: u64, compare: u64) -> Option<Box<dyn Fn(u64) -> u64>> {
    let mask = if wide { u64::MAX } else { u32::MAX.into() };
    let (source, compare) = (source & mask, compare & mask);
    let signed = move |value: u64| {
        // CAST: the two's complement of its width
        if wide { value as i64 } else { i64::from(value as u32 as i32) }
    };
    Some(match number {
        7 => Box::new(move |_| source),
        8 => Box::new(move |old| if old == compare { source } else { old }),
        15 => Box::new(move |old| old.wrapping_add(source) & mask),
        16 => Box::new(move |old| old.wrapping_sub(source) & mask),
        17 => Box::new(move |old| if signed(source) < signed(old) { source } else { old }),
        18 => Box::new(move |old| old.min(source)),
        19 => Box::new(move |old| if signed(source) > signed(old) { source } else { old }),
        20 => Box::new(move |old| old.max(source)),
        21 => Box::new(move |old| old & source),
        22 => Box::new(move |old| old | source),
        23 => Box::new(move |old| old ^ source),
        24 => Box::new(move |old| if old >= source { 0 } else { old + 1 }),
        25 => Box::new(move |old| if old == 0 || old > source { source } else { old - 1 }),
        26 if !wide => Box::new(move |old| old.saturating_sub(source)),
        27 if !wide => Box::new(move |old| if old >= source { old - source } else { old }),
        _ => return None,
    })
}

impl Run<'_> {
    pub(super) fn atomic_mem(&mut self, atomic: &AtomicMem) -> Result<(), Stop> {
        let op = atomic.atomic();
        let wide = op.0 >> 5 & 1 != 0;
        let va = if wide { atomic.addr_64b() } else { atomic.addr() };
        let both = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let source = both(atomic.src_data_lo(), atomic.src_data_hi());
        let compare = both(atomic.cmp_data_lo(), atomic.cmp_data_hi());
        let Some(operation) = operation(op.0 & 31, wide, source, compare).filter(|_| op.name().is_some()) else {
            return Err(Stop::not_modelled(format_args!("ATOMIC_MEM with {op:?}")));
        };
        let loops = match atomic.command() {
            AtomicCommand::LOOP_UNTIL_COMPARE_SATISFIED => true,
            AtomicCommand::SINGLE_PASS_ATOMIC
            | AtomicCommand::WAIT_FOR_WRITE_CONFIRMATION
            | AtomicCommand::SEND_AND_CONTINUE => false,
            other => return Err(Stop::not_modelled(format_args!("ATOMIC_MEM with {other:?}"))),
        };
        if loops && op.0 & 31 != 8 {
            return Err(Stop::not_modelled(format_args!("ATOMIC_MEM that loops with {op:?}")));
        }
        let wanted = if wide { compare } else { compare & u64::from(u32::MAX) };
        let begin = Instant::now();
        loop {
            let old = self.memory.update(va, wide, &operation)?;
            self.state.atomic_return = old;
            if !loops || old == wanted {
                return Ok(());
            }
            if self.job.gives_up(begin, &self.device.limits()) {
                return Err(Stop::Hang(format!("{va:#x} holds {old:#x} and never becomes {wanted:#x}")));
            }
            std::thread::sleep(POLL);
        }
    }
}
