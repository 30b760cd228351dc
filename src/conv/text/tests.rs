#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::{ProblemText, TextError, benchdnn, miopen, options, parse_problem_words};
use crate::conv::{Activation, ConvProblem, ConvSpec, DType, Epilogue, Layout, Padding};
use proptest::prelude::*;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn takes_value(name: &str) -> bool {
    matches!(name, "threads" | "weights" | "bias" | "input" | "device")
}

fn line(text: &str) -> Result<ProblemText, TextError> {
    miopen::parse(&words(text), takes_value)
}

fn spec_of(text: &str) -> ConvSpec {
    *benchdnn::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).problem.spec()
}

mod descriptors {
    use super::*;

    #[test]
    fn the_canonical_form_says_everything() {
        let parsed =
            benchdnn::parse("mb1ic64ih56iw56oc64oh56ow56kh3kw3sh1sw1ph1pw1dh0dw0g1n\"res2a_branch2b*3\"").unwrap();
        assert_eq!(*parsed.problem.spec(), ConvSpec::default());
        assert_eq!(parsed.name.as_deref(), Some("res2a_branch2b*3"));
        assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
    }

    #[test]
    fn the_width_follows_the_height_and_underscores_separate() {
        assert_eq!(spec_of("mb1_ic64ih56_oc64oh56_kh3ph1_nNAME"), ConvSpec::default());
        assert_eq!(benchdnn::parse("ic64ih56oc64kh3nNAME").unwrap().name.as_deref(), Some("NAME"));
        let spec = spec_of("mb2ic8ih9oc8kh3sh2ph1dh1");
        assert_eq!((spec.kernel, spec.stride, spec.dilation), ([3, 3], [2, 2], [2, 2]));
        assert_eq!(spec.padding, Padding::symmetric(1, 1));
    }

    #[test]
    fn a_partly_given_width_is_completed_with_a_note() {
        let parsed = benchdnn::parse("mb1ic3ih224iw112oc8kh3sh2ph1").unwrap();
        let spec = parsed.problem.spec();
        assert_eq!((spec.input, spec.kernel, spec.stride), ([224, 112], [3, 3], [2, 2]));
        assert_eq!(spec.padding, Padding::symmetric(1, 1));
        assert!(parsed.notes[0].starts_with("kw, sw, pw taken from the height"), "{:?}", parsed.notes);
    }

    #[test]
    fn only_a_width_is_a_one_row_problem() {
        let spec = spec_of("mb1ic8iw16oc8kw3pw1");
        assert_eq!((spec.input, spec.kernel), ([1, 16], [1, 3]));
        assert_eq!(spec.padding, Padding::symmetric(0, 1));
    }

    #[test]
    fn a_missing_batch_is_one_and_said() {
        let parsed = benchdnn::parse("ic64ih56oc64kh3ph1").unwrap();
        assert_eq!(parsed.problem.spec().batch, 1);
        assert_eq!(parsed.notes.len(), 1);
    }

    #[test]
    fn padding_is_deduced_from_the_output() {
        assert_eq!(spec_of("mb1ic64ih56oc64oh56kh3").padding, Padding::symmetric(1, 1));
        // An even filter needs an odd total: the odd pixel goes to the bottom and right.
        let odd = Padding { top: 0, left: 0, bottom: 1, right: 1 };
        assert_eq!(spec_of("mb1ic64ih56oc64oh56kh2").padding, odd);
        assert_eq!(spec_of("mb1ic64ih56oc64oh54kh3").padding, Padding::default());
    }

    #[test]
    fn rows_that_a_stride_leaves_unused_are_no_negative_padding() {
        // ResNet-50's shortcut and stem as benchdnn's inputs have them.
        assert_eq!(spec_of("mb1ic256ih56oc512oh28kh1sh2ph0").padding, Padding::default());
        assert_eq!(spec_of("mb1ic3ih224oc64oh112kh7sh2ph3").padding, Padding::symmetric(3, 3));
        assert_eq!(spec_of("mb1ic256ih56oc512oh28kh1sh2").padding, Padding::default());
    }

    #[test]
    fn the_output_decides_the_bottom_and_right() {
        let parsed = benchdnn::parse("mb1ic1ih8iw8oc1oh9ow7kh3kw3ph1pw0").unwrap();
        assert_eq!(parsed.problem.spec().padding, Padding { top: 1, left: 0, bottom: 2, right: 1 });
        assert_eq!(parsed.problem.output(), [9, 7]);
    }

    #[test]
    fn where_symmetric_padding_does_not_fit_the_smallest_is_taken() {
        for height in [8, 9] {
            let spec = spec_of(&format!("mb1ic1ih{height}iw8oc1oh5ow8kh3kw3sh2sw1ph3pw1"));
            assert_eq!((spec.padding.top, spec.padding.bottom), (3, 0));
        }
    }

    #[test]
    fn negative_padding_is_refused() {
        let error = benchdnn::parse("mb1ic64ih56oc64oh10kh3sh1ph1").unwrap_err();
        let want = TextError::NegativePadding { axis: "height", output: 10, input: 56, before: 1, limit: 55 };
        assert_eq!(error, want);
    }

    #[test]
    fn errors_name_the_key_or_the_position() {
        for (text, part) in [
            ("mb1ic64ih56oc64zz3", "position 15"),
            ("mb1ic64ih56oc64kh3mb2", "`mb` at position 18"),
            ("mb1ic64id8ih56oc64kh3", "`id` belongs to 3-D"),
            ("mb1ic64ih56oc64kh3dd1", "`dd` belongs to 3-D"),
            ("mbic64", "`mb` takes a whole number"),
            ("mb1ic64ih56oc64kh-3", "`kh` takes a whole number"),
            ("mb99999999999999999999ic1", "too large for `mb`"),
            ("mb1ih56oc64kh3", "no `ic`"),
            ("mb1ic64oc64kh3", "no `ih`"),
            ("mb1ic64ih56oc64", "no `kh`"),
            ("mb1ic64ih56oc64kh3n\"x", "closing quote"),
            ("mb1ic64ih56oc64kh3sh0oh3", "stride (height) is 0"),
            ("mb1ic64ih56oc64kh3é", "position 18"),
            ("mb1ic64ih56oc64kh3g3", "3 groups"),
            ("mb1ic64ih56oc64kh3dh18446744073709551615", "too large for `dh`"),
            ("mb1ic1ih1oc1oh18446744073709551615kh3sh18446744073709551615", "too large"),
        ] {
            let error = benchdnn::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn what_a_descriptor_lacks_is_named() {
        let base = ConvProblem::new(ConvSpec::default()).unwrap();
        type Change = fn(&mut ConvSpec);
        let changes: [(Change, &str); 7] = [
            (|s| s.layout = Layout::Nhwc, "nhwc"),
            (|s| s.dtype = DType::F16, "f16"),
            (|s| s.epilogue.bias = true, "bias"),
            (|s| s.epilogue.residual = true, "residual"),
            (|s| s.epilogue.activation = Activation::Relu6, "relu6"),
            (|s| (s.stride, s.padding.bottom) = ([2, 2], 0), "padding 0 at the bottom"),
            (|s| (s.stride, s.padding.right) = ([3, 3], 2), "padding 2 at the right"),
        ];
        for (change, part) in changes {
            let error = benchdnn::print(&base.respecify(change).unwrap(), None).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

mod driver_lines {
    use super::*;

    const LOG: &str = "MIOpen(HIP): Command [LogCmdConvolution] ./bin/MIOpenDriver conv -n 1 -c 64 -H 56 -W 56 -k 64 \
                       -y 3 -x 3 -p 1 -q 1 -u 1 -v 1 -l 1 -j 1 -m conv -g 1 -F 1 -t 1";

    #[test]
    fn a_line_from_a_log() {
        let parsed = line(LOG).unwrap();
        assert_eq!(*parsed.problem.spec(), ConvSpec::default());
        assert_eq!(parsed.notes, ["flags without a meaning here: -t 1"]);
        assert_eq!((parsed.iters, parsed.verify), (None, None));
    }

    #[test]
    fn a_quoted_line_may_be_followed_by_our_words() {
        let parsed = parse_problem_words(&[LOG.into(), "--input".into(), "my file.npy".into()], takes_value).unwrap();
        assert_eq!(*parsed.problem.spec(), ConvSpec::default());
        assert_eq!(parsed.ours, ["--input", "my file.npy"]);
    }

    #[test]
    fn missing_flags_have_miopens_defaults() {
        let spec = *line("conv").unwrap().problem.spec();
        assert_eq!((spec.batch, spec.in_channels, spec.out_channels), (100, 3, 32));
        assert_eq!((spec.input, spec.kernel, spec.stride, spec.dilation), ([32, 32], [3, 3], [1, 1], [1, 1]));
        assert_eq!((spec.padding, spec.groups, spec.epilogue), (Padding::default(), 1, Epilogue::default()));
    }

    #[test]
    fn long_names_flags_and_types() {
        let parsed = line(
            "convfp16 --batchsize 2 --in_channels=8 --in_h 7 --in_w 9 --out_channels 4 --fil_h 1 --fil_w 3 --pad_w 1 \
             --conv_stride_h 2 --dilation_w 2 --group_count 2 --forw 1 -I NHWC -O NHWC -f NHWC -b 1 -i 5 -V 0 -_ 2",
        )
        .unwrap();
        let spec = parsed.problem.spec();
        assert_eq!((spec.batch, spec.in_channels, spec.input, spec.out_channels), (2, 8, [7, 9], 4));
        assert_eq!((spec.kernel, spec.stride, spec.dilation, spec.groups), ([1, 3], [2, 1], [1, 2], 2));
        assert_eq!((spec.padding, spec.layout, spec.dtype), (Padding::symmetric(0, 1), Layout::Nhwc, DType::F16));
        assert!(spec.epilogue.bias);
        assert_eq!((parsed.iters, parsed.verify), (Some(5), Some(false)));
    }

    #[test]
    fn our_options_pass_through_in_order() {
        let parsed =
            line("conv -c 4 --threads 2 --json --device=cpu --verify -k 8 --weights w.npy --bias b.npy").unwrap();
        assert_eq!(parsed.ours, words("--threads 2 --json --device=cpu --verify --weights w.npy --bias b.npy"));
        assert_eq!((parsed.verify, parsed.problem.spec().out_channels), (None, 8));
        let parsed = line("conv --verify 1 --bias 1").unwrap();
        assert_eq!((parsed.verify, parsed.problem.spec().epilogue.bias), (Some(true), true));
        assert!(parsed.ours.is_empty());
        assert_eq!(line("conv --verify").unwrap().ours, ["--verify"]);
        assert_eq!(line("conv --verify=0").unwrap().verify, Some(false));
    }

    #[test]
    fn padding_modes_are_miopens() {
        let padding = |text: &str| line(text).unwrap().problem.spec().padding;
        assert_eq!(padding("conv -z same -p 7"), Padding::symmetric(1, 1));
        assert_eq!(padding("conv -z valid -p 1"), Padding::default());
        assert_eq!(padding("conv -z default -p 1 -q 2"), Padding::symmetric(1, 2));
        // Dilated: no effect, and said.
        let dilated = line("conv -z same -p 2 -q 2 -l 2 -j 2").unwrap();
        assert_eq!((dilated.problem.spec().padding, dilated.notes.len()), (Padding::symmetric(2, 2), 1));
        // (7 - 2) / 2 on both sides: 111 rows, not ONNX's 112.
        let stem = line("conv -H 224 -W 224 -y 7 -x 7 -u 2 -v 2 -z same").unwrap();
        assert_eq!((stem.problem.output(), stem.notes.len()), ([111, 111], 1));
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for (text, part) in [
            ("convbfp16 -n 1", "convbfp16"),
            ("convint8 -n 1", "convint8"),
            ("conv -F 2", "-F 1"),
            ("conv -F 4", "-F 1"),
            ("conv --forw 3", "-F 1"),
            ("conv -F 8", "0 or 1"),
            ("conv -m trans", "-m conv"),
            ("conv -_ 3", "3-D"),
            ("conv -! 4", "3-D"),
            ("conv --fil_d 4", "3-D"),
            ("conv -I NCDHW", "NCHW and NHWC"),
            ("conv -I NHWC -O NCHW", "one layout"),
            ("conv -Z 1", "vectorized"),
            ("conv -U fp8", "not cast"),
            ("conv -z full", "same, valid or default"),
            ("conv -i 0", "at least 1"),
            ("conv -n", "takes a value"),
            ("conv -n -1", "not negative"),
            ("conv -n1", "two words"),
            ("conv -E 1", "no such flag"),
            ("conv -h", "help"),
            ("conv 3", "flags with their values"),
            ("conv --", "name"),
            ("conv -", "two words"),
            ("conv -n 0", "batch is 0"),
            ("MIOpenDriver pool", "no problem"),
        ] {
            let error = line(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn what_a_line_lacks_is_named() {
        let base = ConvProblem::new(ConvSpec::default()).unwrap();
        type Change = fn(&mut ConvSpec);
        let changes: [(Change, &str); 3] = [
            (|s| s.padding.bottom = 2, "asymmetric padding 1,1,2,1"),
            (|s| s.epilogue.residual = true, "residual"),
            (|s| s.epilogue.activation = Activation::LeakyRelu(0.5), "leaky-relu:0.5"),
        ];
        for (change, part) in changes {
            let error = miopen::print(&base.respecify(change).unwrap()).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn flags_without_a_meaning_are_named_and_do_nothing() {
        let ignored = "-Y 0 -X 0 -C dir -t 1 -w 0 -s 0 -P 1 -o 0 -d x.bin -e w.bin -a b.bin -D dy.bin -S -1 -G 0 -~ 0 \
                       -N 0 -& 0 -M 1 -Q 0 -J 0 --time 1";
        let parsed = line(&format!("conv {ignored} -n 2")).unwrap();
        assert_eq!(parsed.problem, line("conv -n 2").unwrap().problem);
        let listed = words(ignored).chunks(2).map(|flag| flag.join(" ")).collect::<Vec<_>>().join(", ");
        assert_eq!(parsed.notes, [format!("flags without a meaning here: {listed}")]);
    }

    #[test]
    fn harmless_values_of_unsupported_flags_are_accepted() {
        let parsed = line("conv -g 0 -Z 0 -L 1 -U -1 -T -1 -R -1 -r 0 -m conv -_ 2 -F 0 -f NCHW").unwrap();
        assert_eq!(parsed, line("conv").unwrap());
    }

    #[test]
    fn lines_split_at_whitespace_outside_quotes() {
        assert_eq!(miopen::split_line("  a 'b c'\t\"d e\"f can't "), ["a", "b c", "d e", "f", "can't"]);
        assert_eq!(miopen::split_line("'tis conv"), ["'tis", "conv"]);
    }
}

#[test]
fn each_form_is_recognised() {
    let parse = |text: &str| parse_problem_words(&words(text), takes_value);
    let parsed = parse("mb1ic64ih56oc64oh56kh3ph1 --input conv").unwrap();
    assert_eq!((*parsed.problem.spec(), parsed.ours), (ConvSpec::default(), words("--input conv")));
    assert_eq!(parse("./MIOpenDriver conv -k 7").unwrap().problem.spec().out_channels, 7);
    assert!(matches!(parse("mb1ic64ih56oc64kh3zz"), Err(TextError::UnknownKey { position: 18, .. })));
    assert!(matches!(parse("garbage"), Err(TextError::NoProblem { .. })));
    assert!(matches!(parse(""), Err(TextError::NoProblem { .. })));
}

#[test]
fn option_values() {
    assert_eq!(options::parse_stride("2"), Ok([2, 2]));
    assert_eq!(options::parse_stride("2,3"), Ok([2, 3]));
    assert_eq!(options::parse_kernel("5x3"), Ok([5, 3]));
    assert_eq!(options::parse_kernel("7"), Ok([7, 7]));
    let explicit = |top, left, bottom, right| options::PaddingOption::Explicit(Padding { top, left, bottom, right });
    assert_eq!("2".parse(), Ok(explicit(2, 2, 2, 2)));
    assert_eq!("1,2".parse(), Ok(explicit(1, 2, 1, 2)));
    assert_eq!("1,2,3,4".parse(), Ok(explicit(1, 2, 3, 4)));
    assert_eq!("same".parse(), Ok(options::PaddingOption::Same));
    assert_eq!("valid".parse(), Ok(options::PaddingOption::Valid));
    assert_eq!(options::parse_activation("leaky-relu:0.01"), Ok(Activation::LeakyRelu(0.01)));
    for text in ["", "0", "1,0", "-1", "1,2,3", "1;2", "x", "99999999999999999999"] {
        assert!(options::parse_dilation(text).is_err(), "{text}");
    }
    for text in ["", "-1", "1,2,3", "SAME", "1,2,3,4,5", "1,", "1,-1"] {
        assert!(text.parse::<options::PaddingOption>().is_err(), "{text}");
    }
    for text in ["", "leaky-relu", "leaky-relu:", "leaky-relu:nan", "leaky-relu:inf", "ReLU"] {
        assert!(options::parse_activation(text).is_err(), "{text}");
    }
}

#[test]
fn same_padding_is_onnx_same_upper() {
    let same = |input, kernel, stride, dilation| options::PaddingOption::Same.resolve(input, kernel, stride, dilation);
    assert_eq!(same([224; 2], [7; 2], [2; 2], [1; 2]), Ok(Padding { top: 2, left: 2, bottom: 3, right: 3 }));
    assert_eq!(same([10; 2], [3; 2], [1; 2], [2; 2]), Ok(Padding::symmetric(2, 2)));
    assert!(same([usize::MAX; 2], [usize::MAX; 2], [1; 2], [3; 2]).is_err());
}

/// Reads what [`options::print`] writes.
fn parse_options(text: &str) -> ConvProblem {
    let words = words(text);
    let value = |name: &str| words[words.iter().position(|word| word == name).unwrap() + 1].as_str();
    let number = |name: &str| value(name).parse().unwrap();
    let input = [number("--height"), number("--width")];
    let kernel = options::parse_kernel(value("--kernel")).unwrap();
    let stride = options::parse_stride(value("--stride")).unwrap();
    let dilation = options::parse_dilation(value("--dilation")).unwrap();
    let padding: options::PaddingOption = value("--padding").parse().unwrap();
    let activation = options::parse_activation(value("--activation")).unwrap();
    ConvProblem::new(ConvSpec {
        batch: number("--batch"),
        in_channels: number("--in-channels"),
        input,
        out_channels: number("--out-channels"),
        kernel,
        stride,
        padding: padding.resolve(input, kernel, stride, dilation).unwrap(),
        dilation,
        groups: number("--groups"),
        layout: options::parse_layout(value("--layout")).unwrap(),
        dtype: options::parse_dtype(value("--dtype")).unwrap(),
        epilogue: Epilogue { activation, ..Epilogue::default() },
    })
    .unwrap()
}

fn activations() -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::None),
        Just(Activation::Relu),
        Just(Activation::Relu6),
        Just(Activation::Silu),
        Just(Activation::Gelu),
        any::<f32>().prop_map(Activation::LeakyRelu),
    ]
}

fn problems() -> impl Strategy<Value = ConvProblem> {
    let pair = |low: usize, high: usize| prop::array::uniform2(low..high);
    let sizes = (1_usize..5, 1_usize..4, 1_usize..5, 1_usize..5, pair(1, 40));
    let steps = (pair(1, 6), pair(1, 5), pair(1, 4), prop::array::uniform4(0_usize..4), any::<bool>());
    let rest = (any::<bool>(), any::<bool>(), 0_u8..4, activations(), any::<bool>());
    (sizes, steps, rest).prop_filter_map("the filter is larger than the input", |(sizes, steps, rest)| {
        let (batch, groups, ins, outs, input) = sizes;
        let (kernel, stride, dilation, [top, left, bottom, right], symmetric) = steps;
        let (nhwc, half, epilogue, activation, plain) = rest;
        let padding = Padding { top, left, bottom, right };
        ConvProblem::new(ConvSpec {
            batch,
            in_channels: groups * ins,
            input,
            out_channels: groups * outs,
            kernel,
            stride,
            padding: if symmetric { Padding::symmetric(top, left) } else { padding },
            dilation,
            groups,
            layout: if nhwc && !plain { Layout::Nhwc } else { Layout::Nchw },
            dtype: if half && !plain { DType::F16 } else { DType::F32 },
            epilogue: Epilogue {
                bias: epilogue == 1,
                residual: epilogue == 2,
                activation: if plain { Activation::None } else { activation },
            },
        })
        .ok()
    })
}

fn is_plain(problem: &ConvProblem) -> bool {
    !problem.spec().epilogue.residual && problem.spec().epilogue.activation == Activation::None
}

fn is_symmetric(problem: &ConvProblem) -> bool {
    let p = problem.spec().padding;
    (p.top, p.left) == (p.bottom, p.right)
}

proptest! {
    #[test]
    fn descriptors_round_trip(problem in problems(), name in prop::option::of("\\PC*")) {
        let s = problem.spec();
        match benchdnn::print(&problem, name.as_deref()) {
            Ok(text) => {
                let parsed = benchdnn::parse(&text).unwrap();
                prop_assert_eq!(parsed.problem, problem, "{}", text);
                prop_assert_eq!(parsed.name, name);
                prop_assert!(parsed.notes.is_empty());
            }
            // Unit strides leave no choice at the bottom and right, so everything else can be said.
            Err(error) => prop_assert!(
                !is_plain(&problem) || s.epilogue.bias || s.layout != Layout::Nchw || s.dtype != DType::F32
                    || (!is_symmetric(&problem) && s.stride != [1, 1]),
                "{}: {:?}", error, s
            ),
        }
    }

    #[test]
    fn driver_lines_round_trip(problem in problems()) {
        match miopen::print(&problem) {
            Ok(text) => {
                prop_assert_eq!(line(&text).unwrap().problem, problem, "{}", text);
                let quoted = parse_problem_words(std::slice::from_ref(&text), takes_value).unwrap();
                prop_assert_eq!(quoted.problem, problem);
            }
            Err(error) => prop_assert!(!is_plain(&problem) || !is_symmetric(&problem), "{}", error),
        }
    }

    #[test]
    fn options_round_trip(problem in problems()) {
        let epilogue = problem.spec().epilogue;
        match options::print(&problem) {
            Ok(text) => prop_assert_eq!(parse_options(&text), problem, "{}", text),
            Err(error) => prop_assert!(
                epilogue.bias || epilogue.residual || options::print_activation(epilogue.activation).is_none(),
                "{}", error
            ),
        }
    }

    #[test]
    fn whatever_parses_as_a_descriptor_prints_and_parses_back(
        text in "(mb[0-3])?ic[0-9]{1,2}ih[0-9]{1,3}(iw[0-9]{1,3})?oc[0-9]{1,2}(oh[0-9]{1,3})?(ow[0-9]{1,3})?kh[0-9](kw[0-9])?(sh[0-9])?(sw[0-9])?(ph[0-9])?(pw[0-9])?(dh[0-9])?(g[0-9])?"
    ) {
        if let Ok(parsed) = benchdnn::parse(&text) {
            let printed = benchdnn::print(&parsed.problem, None).unwrap();
            prop_assert_eq!(benchdnn::parse(&printed).unwrap().problem, parsed.problem, "{}", printed);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC*", keys in "((mb|ic|oc|ih|iw|oh|ow|kh|kw|sh|ph|dh|g|n|_)[0-9]{0,20})*",
                      flags in "conv( (-[a-zA-Z_]|--[a-z_]{1,12}) ?(-?[0-9]{1,20}|same|NHWC)?)*") {
        for text in [text, keys, flags] {
            let _ = benchdnn::parse(&text);
            let _ = miopen::parse(&words(&text), takes_value);
            let _ = parse_problem_words(std::slice::from_ref(&text), takes_value);
            let _ = (options::parse_stride(&text), options::parse_kernel(&text), options::parse_activation(&text));
            let _ = text.parse::<options::PaddingOption>();
        }
    }
}
