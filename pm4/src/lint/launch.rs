//! Rules about what a dispatch needs and the stream did not set: registers keep what another stream wrote.

use alloc::format;
use alloc::string::String;

use super::registers::RegisterName;
use super::{At, Linter, Rule};
use crate::decode::walk::Memory;
use crate::packets::Packet;
use crate::registers::{ComputePgmRsrc2, RegOffset, offset};
use crate::state::Dispatch;
use crate::{Generation, Gfx, Ring};

/// COMPUTE_STATIC_THREAD_MGMT_SE0 to SE7.
const CU_MASKS: [RegOffset; 8] = [
    offset::COMPUTE_STATIC_THREAD_MGMT_SE0,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE1,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE2,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE3,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE4,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE5,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE6,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE7,
];

/// COMPUTE_USER_DATA registers.
const USER_DATA: u32 = 16;

/// Shader engines of a chip, as far as known.
///
/// Source: Mesa `src/amd/drm-shim/amdgpu_devices.c`, `num_shader_engines`, for navi10, navi21, navi31 and navi33; Linux
/// `gfx_v11_0.c` for 6 on gfx1100. The others are from public descriptions of the chips; a chip itself tells by
/// `AMDGPU_INFO_DEV_INFO`.
pub(super) const fn shader_engines(gfx: Gfx) -> Option<usize> {
    match gfx.number() {
        0x1100 => Some(6),
        0x1030 | 0x1201 => Some(4),
        0x1101 => Some(3),
        0x1010 | 0x1031 | 0x1032 | 0x1102 | 0x1151 | 0x1200 => Some(2),
        0x1033..=0x1036 | 0x1103 | 0x1150 => Some(1),
        _ => None,
    }
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    /// The value of a register, if the stream set it to one that it shows.
    pub(super) fn value(&self, register: RegOffset) -> Option<u32> {
        self.state.value(register)
    }

    pub(super) fn is_set(&self, register: RegOffset) -> bool {
        self.state.get(register).is_some()
    }

    pub(super) fn check_dispatch(&mut self, at: &At<'_>, dispatch: &Dispatch) {
        self.check_required(at.at);
        self.check_cu_masks(at.at);
        self.check_user_data(at.at);
        self.check_indirect(at);
        self.check_initiator(at.at, dispatch);
        self.check_workgroup(at.at, dispatch);
        self.check_grid(at.at, dispatch);
        self.check_resources(at.at, dispatch);
        self.check_scratch(at.at);
        self.check_code(at.at, dispatch);
    }

    /// The registers of `list` that the stream did not set, by their names.
    fn unset(&self, list: &[RegOffset]) -> Option<String> {
        let mut names = String::new();
        for &register in list.iter().filter(|&&register| !self.is_set(register)) {
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(&format!("{}", RegisterName(self.generation, register)));
        }
        (!names.is_empty()).then_some(names)
    }

    fn check_required(&mut self, at: usize) {
        let limits: &[RegOffset] = &[
            offset::COMPUTE_PGM_HI,
            offset::COMPUTE_PGM_RSRC3,
            offset::COMPUTE_RESOURCE_LIMITS,
            offset::COMPUTE_TMPRING_SIZE,
        ];
        // Drivers of the graphics ring leave the scratch ring's size alone where no stream needs one.
        let limits = if self.on_compute() { limits } else { limits.get(..3).unwrap_or(limits) };
        let required: [(Rule, &[RegOffset]); 4] = [
            (Rule::PgmUnset, &[offset::COMPUTE_PGM_LO]),
            (Rule::RsrcUnset, &[offset::COMPUTE_PGM_RSRC1, offset::COMPUTE_PGM_RSRC2]),
            (
                Rule::NumThreadUnset,
                &[offset::COMPUTE_NUM_THREAD_X, offset::COMPUTE_NUM_THREAD_Y, offset::COMPUTE_NUM_THREAD_Z],
            ),
            (Rule::LimitsUnset, limits),
        ];
        if self.is_continuation {
            self.check_elsewhere(at, required.map(|(_, list)| list));
        } else {
            for (rule, list) in required {
                if let Some(names) = self.unset(list) {
                    self.report(rule, at, format!("not set before the dispatch: {names}"));
                }
            }
        }
        let address = (self.value(offset::COMPUTE_PGM_LO), self.value(offset::COMPUTE_PGM_HI));
        if address == (Some(0), Some(0)) {
            self.report(Rule::PgmUnset, at, String::from("COMPUTE_PGM_LO and HI are 0: give the code's address >> 8"));
        }
    }

    /// Tells once of what a stream that is not at hand must have set.
    fn check_elsewhere(&mut self, at: usize, required: [&[RegOffset]; 4]) {
        if self.work.told_of_unset {
            return;
        }
        let mut text = String::new();
        for names in required.iter().filter_map(|list| self.unset(list)) {
            text.push_str(if text.is_empty() { "" } else { ", " });
            text.push_str(&names);
        }
        if !text.is_empty() {
            self.work.told_of_unset = true;
            self.report(Rule::SetElsewhere, at, format!("not set in this stream: {text}"));
        }
    }

    fn check_cu_masks(&mut self, at: usize) {
        let engines = CU_MASKS.iter().take(shader_engines(self.options.gfx).unwrap_or(1));
        let unset = (0..)
            .zip(engines)
            .filter(|_| !self.is_continuation)
            .filter(|(_, mask)| !self.is_set(**mask))
            .map(|(engine, _)| engine);
        if let Some(engines) = list_numbers(unset) {
            let message =
                format!("COMPUTE_STATIC_THREAD_MGMT_SE {engines} not set before the dispatch: write 0xffffffff");
            self.report(Rule::CuMasksUnset, at, message);
        }
        let most = if self.generation < Generation::Gfx11 { 4 } else { CU_MASKS.len() };
        let all = shader_engines(self.options.gfx).unwrap_or(most);
        if CU_MASKS.iter().take(all).all(|&mask| self.value(mask) == Some(0)) {
            self.report(Rule::CuMasksZero, at, String::from("every COMPUTE_STATIC_THREAD_MGMT is 0: write 0xffffffff"));
        }
    }

    fn check_user_data(&mut self, at: usize) {
        let fresh = core::mem::take(&mut self.work.fresh_user_data);
        let Some(rsrc2) = self.value(offset::COMPUTE_PGM_RSRC2).map(ComputePgmRsrc2) else { return };
        let count = rsrc2.user_sgpr();
        if count > USER_DATA {
            let message = format!("USER_SGPR is {count} (RSRC2 {:#010x}): at most 16", rsrc2.0);
            self.report(Rule::ManyUserSgprs, at, message);
            return;
        }
        let first = offset::COMPUTE_USER_DATA_0.dwords();
        let missing = (0..count).filter(|index| !self.is_set(RegOffset::new(first + index)));
        // Drivers of the graphics ring leave out what a kernel does not read.
        if let Some(names) = list_numbers(missing).filter(|_| self.on_compute()) {
            let message = format!(
                "USER_SGPR is {count} and COMPUTE_USER_DATA {names} not set: write 0 to what the kernel does not read"
            );
            self.report(Rule::UserDataUnset, at, message);
        }
        let unused = (count..USER_DATA).filter(|index| fresh & 1 << index != 0);
        if let Some(names) = list_numbers(unused) {
            let message =
                format!("USER_SGPR is {count} and COMPUTE_USER_DATA {names} set for this dispatch: raise USER_SGPR");
            self.report(Rule::UserDataUnused, at, message);
        }
    }

    fn check_indirect(&mut self, at: &At<'_>) {
        let unaligned = match &at.packet {
            Packet::DispatchIndirect(dispatch) => Some(dispatch.addr()),
            Packet::DispatchIndirectOffset(dispatch) => Some(dispatch.data_offset().into()),
            _ => None,
        };
        if let Some(address) = unaligned.filter(|address| !address.is_multiple_of(4)) {
            self.report(Rule::IndirectAlignment, at.at, format!("the arguments are at {address:#x}"));
        }
        if matches!(at.packet, Packet::DispatchIndirectOffset(_))
            && self.options.ring == Ring::Gfx
            && !self.work.indirect_base
            && !self.is_continuation
        {
            let message =
                String::from("no SET_BASE with index 1 before it: set the address that the offset counts from");
            self.report(Rule::IndirectBase, at.at, message);
        }
    }
}

/// Numbers as a list, with the verb; `None` where there are none.
fn list_numbers(numbers: impl Iterator<Item = u32>) -> Option<String> {
    let mut text = String::new();
    let mut count = 0;
    for number in numbers {
        text.push_str(&format!("{}{number}", if count == 0 { "" } else { ", " }));
        count += 1;
    }
    text.push_str(if count == 1 { " is" } else { " are" });
    (count > 0).then_some(text)
}
