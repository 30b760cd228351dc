//! What a card would do out of order or see late, and the model tells.

use sparkle_pm4::Ring;
use sparkle_vgpu::cp::{Coherence, DeviceState, Finding, Ib, Job, Watch};
use sparkle_vgpu::sanitize::{Sanitizer, Sanitizers, Switches};
use sparkle_vgpu::shader::{Chip, Permissions};

use super::bench::{Bench, IB, sample};
use super::examples::{addk_wave32, bench};

const DST: u32 = 0x0020_0000;

/// The worked stream for waves of 32 up to its dispatch; `dst` and `src` are replaced.
fn prefix(dst: u32, src: u32) -> Vec<u32> {
    let mut words = sample("examples-gfx11/c_dispatch_wave32_user15.bin");
    let at = words.windows(4).position(|four| four == [0x0020_0000, 1, 0x0030_0000, 1]).unwrap();
    (words[at], words[at + 2]) = (dst, src);
    let end = words.iter().position(|word| *word == 0xc003_1502).unwrap();
    words.truncate(end);
    words
}

/// Four workgroups of 256 threads, waves of 32.
const DISPATCH: [u32; 5] = [0xc003_1502, 4, 1, 1, 0x8045];
const FLUSH: [u32; 2] = [0xc000_4600, 0x0407];
/// GLK, GLV and GL1 are invalidated.
const ACQUIRE: [u32; 8] = [0xc006_5800, 0, u32::MAX, 0x00ff_ffff, 0, 0, 10, 0x0380];

/// Runs a stream under sanitizers; what the command processor found, and how many reports there are.
fn run(bench: &mut Bench, words: &[u32], sanitizers: &Sanitizers) -> (Vec<Finding>, usize) {
    let ib = bench.stream(IB, words);
    let watch = Watch { shader: sanitizers, coherence: sanitizers, events: &bench.log };
    let outcome = bench.processor.execute(&Job::new(vec![ib]), &bench.memory, &bench.device, &watch);
    assert!(outcome.is_done(), "{outcome}");
    (std::mem::take(&mut *bench.log.findings.lock().unwrap()), sanitizers.reports().len())
}

fn sanitizers(one: Sanitizer) -> Sanitizers {
    Sanitizers::new(Switches::of(&[one]), Chip::GFX1100)
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn dispatches_that_need_each_other_wait() {
    // dst[i] += 7, twice.
    let twice = [prefix(DST, DST), DISPATCH.to_vec(), DISPATCH.to_vec()].concat();
    let mut device = bench(Ring::Compute, &addk_wave32());
    let (findings, _) = run(&mut device, &twice, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), ["cp-order"]);
    assert!(findings[0].what.contains("no CS_PARTIAL_FLUSH is between"), "{}", findings[0].what);
    assert_eq!(device.word(0x1_0020_0000), 0xdead_beef + 14, "the model runs one after the other");

    let waits = [prefix(DST, DST), DISPATCH.to_vec(), FLUSH.to_vec(), DISPATCH.to_vec()].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &waits, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), [""; 0]);
}

#[test]
fn a_dispatch_that_overwrites_what_another_reads_waits() {
    // src2 -> dst, then dst3 = src -> src2: the second stores where the first loads.
    let begin = prefix(DST, 0x0050_0000);
    let overwrite = [0xc004_7600, 0x0240, 0x0050_0000, 1, 0x0030_0000, 1];
    let words = [&begin[..], &DISPATCH, &overwrite, &DISPATCH].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), ["cp-order"]);
    let what = &findings[0].what;
    assert!(
        what.starts_with("0x100500000, which this dispatch writes, the DISPATCH_DIRECT at")
            && what.contains(" reads, "),
        "{what}"
    );
}

#[test]
fn dispatches_that_only_read_the_same_need_no_wait() {
    let second = [0xc002_7600, 0x0240, 0x0020_1000, 1];
    let words = [&prefix(DST, 0x0030_0000)[..], &DISPATCH, &second, &DISPATCH].concat();
    let mut device = bench(Ring::Compute, &addk_wave32());
    device.map(0x1_0020_1000, &[0; 1024], Permissions::ALL);
    let (findings, _) = run(&mut device, &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), [""; 0]);
}

#[test]
fn the_command_processor_waits_for_what_it_reads_and_writes() {
    // COPY_DATA of the result's first dword, then WRITE_DATA over it.
    let uses = [0xc004_4000, 0x0010_0502, DST, 1, 0x0050_0000, 1, 0xc003_3700, 0x0010_0500, DST, 1, 5];
    let words = [&prefix(DST, 0x0030_0000)[..], &DISPATCH, &uses].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), ["cp-order", "cp-order"]);
    assert_eq!(findings[0].at.name, "COPY_DATA");
    let words = [&prefix(DST, 0x0030_0000)[..], &DISPATCH, &FLUSH, &uses].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), [""; 0]);
}

#[test]
fn a_wait_for_an_event_s_write_is_a_wait_for_the_work_before_it() {
    let release = [0xc006_4900, 0x0660_3514, 0x2300_0000, 0x0040_0000, 1, 1, 0, 0];
    let wait = [0xc005_3c00, 0x13, 0x0040_0000, 1, 1, u32::MAX, 4];
    let words = [&prefix(DST, DST)[..], &DISPATCH, &release, &wait, &DISPATCH].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), [""; 0]);
    let words = [&prefix(DST, DST)[..], &DISPATCH, &release, &DISPATCH].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), ["cp-order"], "the event alone stops nobody");
    // A dispatch between event and wait is not waited for.
    let words = [&prefix(DST, DST)[..], &release, &DISPATCH, &wait, &DISPATCH].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), ["cp-order"]);
}

#[test]
fn an_invalidate_before_the_wait_comes_too_early() {
    let words = [&prefix(DST, DST)[..], &DISPATCH, &ACQUIRE, &FLUSH, &DISPATCH].concat();
    let (findings, _) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Race));
    assert_eq!(rules(&findings), ["cp-acquire-early"]);
}

#[test]
fn a_dispatch_that_reads_old_lines_is_reported() {
    // src -> dst, then dst -> src2: the second dispatch loads what other compute units stored.
    let second = [0xc004_7600, 0x0240, 0x0050_0000, 1, DST, 1];
    let begin = prefix(DST, DST);
    let stale = [&begin[..], &DISPATCH, &FLUSH, &second, &DISPATCH].concat();
    let (_, reports) = run(&mut bench(Ring::Compute, &addk_wave32()), &stale, &sanitizers(Sanitizer::Cache));
    assert_eq!(reports, 0, "each compute unit reads through what it wrote itself");
    // Shifted by one workgroup, so that another compute unit reads what one wrote.
    let shifted = [0xc004_7600, 0x0240, 0x0050_0000, 1, DST + 0x400, 1];
    let in_place = [0xc003_1502, 3, 1, 1, 0x8045];
    // All load all first: in place, once over, and once from where the others will store.
    let words = [
        &begin[..],
        &shifted,
        &in_place,
        &FLUSH,
        &[0xc004_7600, 0x0240, DST, 1, DST, 1],
        &DISPATCH,
        &FLUSH,
        &shifted,
        &in_place,
    ]
    .concat();
    let (_, reports) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Cache));
    assert!(reports > 0);
    let words = [
        &begin[..],
        &shifted,
        &in_place,
        &FLUSH,
        &[0xc004_7600, 0x0240, DST, 1, DST, 1],
        &DISPATCH,
        &FLUSH,
        &ACQUIRE,
        &shifted,
        &in_place,
    ]
    .concat();
    let (_, reports) = run(&mut bench(Ring::Compute, &addk_wave32()), &words, &sanitizers(Sanitizer::Cache));
    assert_eq!(reports, 0);
}

/// A stream that rewrites the literal of code that a dispatch has run before, and runs it again.
fn rewrite(invalidate: bool) -> (Bench, Vec<Finding>) {
    let code = 0x1_0090_0000;
    let mut device = Bench::compute(&[]);
    // s_branch over an s_endpgm; v0 = 0; v1 = literal; store at s[0:1].
    let kernel = [0xbfa0_0001, 0xbfb0_0000, 0x7e00_0280, 0x7e02_02ff, 0x11, 0xdc6a_0000, 0x0000_0100, 0xbfb0_0000];
    let mut program = kernel.to_vec();
    program.resize(128, 0xbf9f_0000);
    device.map(code, &program, Permissions::ALL);
    let mut words = sample("examples-gfx11/c_dispatch_wave64_user6.bin");
    let end = words.iter().position(|word| *word == 0xc003_1502).unwrap();
    words.truncate(end);
    let patch = |words: &mut Vec<u32>, from: &[u32], to: &[u32]| {
        let at = words.windows(from.len()).position(|window| window == from).unwrap();
        words.splice(at..at + to.len(), to.iter().copied());
    };
    patch(&mut words, &[0x0000_020c, 0x0100_0000], &[0x0000_020c, 0x0100_9000]);
    patch(&mut words, &[0x0020_0000, 1, 0x0030_0000], &[0x0050_0000]);
    let launch = [0xc003_1502, 1, 1, 1, 0x45];
    words.extend(launch);
    words.extend(FLUSH);
    words.extend([0xc003_3700, 0x0010_0500, 0x0090_0010, 1, 0x22]); // the literal
    if invalidate {
        words.extend([0xc006_5800, 0, u32::MAX, 0x00ff_ffff, 0, 0, 10, 0x0001]);
    }
    words.extend([0xc001_7600, 0x0240, 0x0050_0004]);
    words.extend(launch);
    let ib = device.stream(IB, &words);
    let outcome = device.job(&Job { space: 5, ..Job::new(vec![ib]) });
    assert!(outcome.is_done(), "{outcome}");
    let findings = std::mem::take(&mut *device.log.findings.lock().unwrap());
    (device, findings)
}

#[test]
fn code_that_was_fetched_stays_until_it_is_invalidated() {
    let (device, findings) = rewrite(false);
    assert_eq!(device.words(0x1_0050_0000, 2), [0x11, 0x11]);
    assert_eq!(rules(&findings), ["cp-stale-code"]);
    assert!(findings[0].what.starts_with("the code at 0x100900010 was written"), "{}", findings[0].what);
    let (device, findings) = rewrite(true);
    assert_eq!(device.words(0x1_0050_0000, 2), [0x11, 0x22]);
    assert_eq!(rules(&findings), [""; 0]);
}

#[test]
fn another_address_space_has_its_own_code() {
    let device = DeviceState::new(Chip::GFX1100);
    let kernel = |value: u32| [0x7e00_0280, 0x7e02_02ff, value, 0xdc6a_0000, 0x0000_0100, 0xbfb0_0000];
    for (space, value) in [(1, 0x11), (2, 0x22)] {
        let mut client = bench(Ring::Compute, &addk_wave32());
        client.map(0x1_0090_0000, &kernel(value), Permissions::ALL);
        let mut words = sample("examples-gfx11/c_dispatch_wave64_user6.bin");
        let at = words.iter().position(|word| *word == 0x0100_0000).unwrap();
        words[at] = 0x0100_9000;
        let ib: Ib = client.stream(IB, &words);
        let job = Job { space, ..Job::new(vec![ib]) };
        let outcome = client.processor.execute(&job, &client.memory, &device, &Watch::NONE);
        assert!(outcome.is_done(), "{outcome}");
        assert_eq!(client.word(0x1_0020_0000), value);
    }
}

#[test]
fn the_kernel_s_fence_and_sync_are_told() {
    #[derive(Default)]
    struct Heard(std::sync::Mutex<Vec<(bool, bool)>>);
    impl Coherence for Heard {
        fn caches(&self, set: sparkle_vgpu::sanitize::CacheSet, _: Option<std::ops::Range<u64>>) {
            self.0.lock().unwrap().push((set.instruction, set.gl2_write_back));
        }
    }
    let mut device = Bench::compute(&[]);
    let ib = device.stream(IB, &[0xffff_1000; 8]);
    let heard = Heard::default();
    let watch = Watch { coherence: &heard, ..Watch::NONE };
    let job = Job { sync_before: true, ..Job::new(vec![ib]) };
    assert!(device.processor.execute(&job, &device.memory, &device.device, &watch).is_done());
    assert_eq!(*heard.0.lock().unwrap(), [(true, true), (false, true)]);
}
