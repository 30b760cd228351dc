//! A MIOpenDriver line among our own words. Its one-letter flags are taken out before clap sees them.

use crate::cli::args::Cli;
use crate::cli::failure::Failure;
use crate::conv::text::{ProblemText, benchdnn, miopen};
use clap::CommandFactory;
use std::ffi::OsString;

/// The subcommands that take a problem.
const COMMANDS: [&str; 2] = ["conv2d", "plan"];

/// Splits a command line into what is clap's and the MIOpenDriver line in it, if there is one.
///
/// # Errors
/// [`Failure::Input`] where the line is no forward 2-D convolution.
pub(super) fn take_line(argv: Vec<OsString>) -> Result<(Vec<OsString>, Option<ProblemText>), Failure> {
    // Words that aren't UTF-8 are file names; a pasted line has none.
    let words: Option<Vec<String>> = argv.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    let Some(words) = words else {
        return Ok((argv, None));
    };
    let Some(name) = words.get(1).filter(|name| COMMANDS.contains(&name.as_str())) else {
        return Ok((argv, None));
    };
    let options = value_options(name);
    let takes_value = |option: &str| options.iter().any(|known| known == option);
    let Some((start, mut kept)) = find_line(&words[2..], takes_value) else {
        return Ok((argv, None));
    };
    let line = miopen::parse(&words[2 + start..], takes_value).map_err(|error| Failure::Input(error.into()))?;
    kept.splice(0..0, words[..2].iter().cloned());
    kept.extend(line.ours.iter().cloned());
    Ok((kept.into_iter().map(OsString::from).collect(), Some(line)))
}

/// The long options of a subcommand that are followed by a value.
fn value_options(subcommand: &str) -> Vec<String> {
    let command = Cli::command();
    let arguments = command.find_subcommand(subcommand).into_iter().flat_map(clap::Command::get_arguments);
    arguments
        .filter(|argument| argument.get_action().takes_values())
        .filter_map(|argument| argument.get_long())
        .map(str::to_owned)
        .collect()
}

/// Where the line's command word stands, and our options before it; a path in front of the command is dropped.
fn find_line(words: &[String], takes_value: impl Fn(&str) -> bool) -> Option<(usize, Vec<String>)> {
    let mut ours = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if let Some(option) = word.strip_prefix("--") {
            ours.push(word.clone());
            if takes_value(option) {
                at += 1;
                ours.extend(words.get(at).cloned());
            }
        } else if miopen::is_line(std::slice::from_ref(word)) {
            return Some((at, ours));
        } else if benchdnn::parse(word).is_ok() {
            ours.push(word.clone()); // a second problem, which is refused where both are known
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;

    fn split(words: &[&str]) -> Result<(Vec<String>, Option<ProblemText>), Failure> {
        let (argv, line) = take_line(words.iter().map(OsString::from).collect())?;
        Ok((argv.into_iter().map(|word| word.into_string().expect("UTF-8")).collect(), line))
    }

    #[test]
    fn our_options_around_a_line_stay() {
        let words = ["sparkle-run", "conv2d", "--json", "--output", "conv", "./bin/MIOpenDriver", "conv", "-n", "2"];
        let tail = ["-c", "8", "--threads", "2", "-k", "16", "--explain"];
        let (argv, line) = split(&[&words[..], &tail].concat()).expect("a good line");
        assert_eq!(argv[2..], ["--json", "--output", "conv", "--threads", "2", "--explain"]);
        let spec = *line.expect("a line").problem.spec();
        assert_eq!((spec.batch, spec.in_channels, spec.out_channels), (2, 8, 16));
    }

    #[test]
    fn a_quoted_line_is_one_word() {
        let (argv, line) =
            split(&["sparkle-run", "plan", "MIOpenDriver conv -n 2 -c 8 -k 16", "--json"]).expect("good");
        assert_eq!(argv, ["sparkle-run", "plan", "--json"]);
        assert!(line.is_some());
    }

    #[test]
    fn everything_else_is_left_alone() {
        for words in [
            &["sparkle-run", "conv2d", "--output", "conv", "--json"][..],
            &["sparkle-run", "conv2d", "mb1ic64ih56oc64kh3ph1"],
            &["sparkle-run", "bench", "conv", "-n", "1"],
            &["sparkle-run"],
            &[],
        ] {
            let (argv, line) = split(words).expect("nothing to parse");
            assert!(argv == words && line.is_none(), "{words:?}");
        }
    }
}
