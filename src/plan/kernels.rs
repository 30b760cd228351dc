//! The kernels worth cutting a problem for: those with the least arithmetic.

use crate::conv::{ConvProblem, Padding};
use crate::plan::cost;
use crate::plan::least::Least;
use crate::plan::machine::{Family, KernelVariant, MachineModel};
use crate::plan::rows::{Missed, RowTiles, filled_pixels, knows_rows};

/// Kernels that are tried with all their blockings; the others lose on arithmetic alone.
const KERNELS_TRIED: usize = 4;

/// Share of the pixels that tiles of one height must compute in vain for a second height to pay where there is no padding.
const WORTHWHILE: f64 = 0.02;

/// A kernel that is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    pub variant: &'a KernelVariant,
    /// The kernel of the shorter tiles, where tiles end with the row.
    pub shorter: Option<&'a KernelVariant>,
}

/// The kernels with the least arithmetic for this problem, tails and idle lanes counted, by its seconds as
/// [`cost::arithmetic`] counts them.
pub(super) fn tried<'a>(problem: &ConvProblem, machine: &'a MachineModel) -> Least<Tried<'a>, KERNELS_TRIED> {
    let dtype = problem.spec().dtype;
    let has_own = machine.variants.iter().any(|variant| variant.dtype == dtype);
    let widened = |variant: &KernelVariant| !has_own && variant.dtype.bytes() > dtype.bytes();
    let usable = |variant: &KernelVariant| (variant.dtype == dtype || widened(variant)) && variant.can_compute(problem);
    // Lane by lane, each group costs its own lanes: only worth it where a vector has no room for more of one group.
    let narrow = problem.spec().groups > 1;
    let wanted = |variant: &KernelVariant| match variant.family {
        Family::Broadcast => true,
        Family::Lanewise => narrow,
        Family::Planes => super::planes::can_compute(problem, machine, variant),
    };
    let none_wanted = !machine.variants.iter().any(|variant| wanted(variant) && usable(variant));
    let fit = || machine.variants.iter().filter(|variant| (none_wanted || wanted(variant)) && usable(variant));

    // On a GPU padding is multiplied.
    let missed = if machine.compute.caller_is_unit { Missed::new(problem) } else { Missed::default() };
    let least_met = missed.least_met_share(problem);
    let mut least = Least::new();
    let seconds = |tried: &Tried<'_>, limit: f64| {
        let at_least = cost::arithmetic(problem, machine, tried, least_met);
        if at_least >= limit || least_met >= 1.0 {
            return at_least;
        }
        let in_rows = tried.shorter.is_some() || problem.output()[1].is_multiple_of(tried.variant.tile_m);
        cost::arithmetic(problem, machine, tried, missed.met_share(problem, tried.variant, in_rows))
    };
    for variant in fit() {
        // The way that takes less.
        let mut tried = Tried { variant, shorter: None };
        let mut least_seconds = seconds(&tried, least.limit());
        if let Some(shorter) = shorter(problem, machine, variant) {
            let in_rows = Tried { variant, shorter: Some(shorter) };
            let in_rows_seconds = seconds(&in_rows, least.limit().min(least_seconds));
            if in_rows_seconds < least_seconds {
                (tried, least_seconds) = (in_rows, in_rows_seconds);
            }
        }
        least.add(least_seconds, tried);
    }
    least
}

/// The kernel that is like `variant` but for a pixel less, where tiles of the two end with the output rows and leave out
/// padding, or with the last pixel. A GPU's kernels leave out none.
fn shorter<'a>(problem: &ConvProblem, machine: &'a MachineModel, variant: &KernelVariant) -> Option<&'a KernelVariant> {
    if variant.family != Family::Broadcast || !machine.compute.caller_is_unit {
        return None;
    }
    let pixels = filled_pixels(problem);
    let row = RowTiles::new(pixels, variant.tile_m)?;
    let idle = row.short as f64 / pixels as f64;
    let padded = problem.spec().padding != Padding::default();
    if !padded && (knows_rows(problem) || idle < WORTHWHILE) {
        return None;
    }
    let is_shorter = |other: &&KernelVariant| {
        (other.family, other.dtype, other.tile_n, other.tile_m + 1)
            == (variant.family, variant.dtype, variant.tile_n, variant.tile_m)
    };
    machine.variants.iter().find(is_shorter)
}
