//! The text forms of a problem: benchdnn descriptors, MIOpenDriver lines, and our own long options.
//!
//! Every form parses and prints. A form that can't express a problem refuses to print it and names what it can't
//! say, so whatever is printed parses back to an equal problem. Splitting a command line into words, files and
//! everything else that isn't the problem stay with the caller.

pub mod benchdnn;
pub mod miopen;
pub mod options;
#[cfg(test)]
mod tests;

use crate::conv::{ConvProblem, ProblemError};

/// A problem as somebody wrote it, and what was said along with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemText {
    /// The problem.
    pub problem: ConvProblem,
    /// Its name: benchdnn's trailing `n"NAME"`.
    pub name: Option<String>,
    /// How often to run it: MIOpen's `-i`.
    pub iters: Option<usize>,
    /// Whether to check the result: MIOpen's `-V`.
    pub verify: Option<bool>,
    /// The words that belong to our own command line, in their order.
    pub ours: Vec<String>,
    /// What the reader should know: defaults that differ from the other tool's, flags without a meaning here.
    pub notes: Vec<String>,
}

impl ProblemText {
    fn new(problem: ConvProblem, notes: Vec<String>) -> Self {
        Self { problem, name: None, iters: None, verify: None, ours: Vec::new(), notes }
    }
}

/// Why a text is no problem, or a problem has no text in some form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text is well formed, but what it describes can't be computed.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A descriptor has something else where a key must be.
    #[error("no benchdnn key at position {position} of the descriptor, at `{found}`; write {keys}")]
    UnknownKey {
        /// Bytes before it.
        position: usize,
        /// What is there, shortened.
        found: String,
        /// The keys there are.
        keys: &'static str,
    },
    /// A descriptor says one key twice.
    #[error("the key `{key}` at position {position} was given before; give it once")]
    DuplicateKey {
        /// The key.
        key: &'static str,
        /// Bytes before its second occurrence.
        position: usize,
    },
    /// A descriptor leaves out a key that nothing else implies.
    #[error("the descriptor has no `{key}`; add it")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A third spatial dimension.
    #[error("`{key}` belongs to 3-D convolution; only 2-D is supported, so leave it out")]
    ThreeD {
        /// The key or flag.
        key: String,
    },
    /// A value that isn't what its key, flag or option takes.
    #[error("`{key}` takes {expected}, not `{given}`")]
    Value {
        /// The key, flag or option.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        given: String,
    },
    /// A number beyond the address space.
    #[error("`{given}` is too large for `{key}`; the limit is {}", usize::MAX)]
    Overflow {
        /// The key, flag or option.
        key: String,
        /// What was given.
        given: String,
    },
    /// A stated output that only negative padding would give.
    #[error(
        "output {axis} {output} would need negative padding after the input (input {input}, padding {before} before it); the largest output without padding after it is {limit}"
    )]
    NegativePadding {
        /// `height` or `width`.
        axis: &'static str,
        /// The stated output.
        output: usize,
        /// The input.
        input: usize,
        /// Padding at the top or left.
        before: usize,
        /// The output that no padding at the bottom or right gives.
        limit: usize,
    },
    /// A name that starts with a quote and doesn't end with one.
    #[error("the name {given} lacks its closing quote; write n\"NAME\"")]
    UnclosedName {
        /// The name as given.
        given: String,
    },
    /// A flag at the end of the line.
    #[error("`{flag}` takes a value; write one after it")]
    MissingValue {
        /// The flag.
        flag: String,
    },
    /// A word that is neither a flag nor a flag's value.
    #[error("unexpected `{word}`; {advice}")]
    UnexpectedWord {
        /// The word.
        word: String,
        /// What to do instead.
        advice: &'static str,
    },
    /// Something of MIOpen's or benchdnn's that isn't done here.
    #[error("`{what}` is not supported: {why}")]
    Unsupported {
        /// The flag with its value, or the command.
        what: String,
        /// What is supported instead.
        why: &'static str,
    },
    /// No word says a problem.
    #[error(
        "`{word}` is no problem; give a benchdnn descriptor (mb1ic64ih56oc64kh3ph1) or a MIOpenDriver line (conv -n 1 -c 64 ...)"
    )]
    NoProblem {
        /// The first word, empty where there is none.
        word: String,
    },
    /// The problem has something that the form can't express.
    #[error("a problem with {what} can't be written as {form}; remove it or choose another form")]
    Inexpressible {
        /// What the form lacks.
        what: String,
        /// The form.
        form: &'static str,
    },
}

/// Reads the problem that `words` start with: a benchdnn descriptor, or a MIOpenDriver line as words or as one
/// quoted string. Everything else is in [`ProblemText::ours`].
///
/// `takes_value` tells which of our own options (named without their dashes) are followed by a value.
///
/// # Errors
/// [`TextError`], with the position or the flag at fault.
pub fn parse_problem_words(words: &[String], takes_value: impl Fn(&str) -> bool) -> Result<ProblemText, TextError> {
    let Some((first, rest)) = words.split_first() else {
        return Err(TextError::NoProblem { word: String::new() });
    };
    // The descriptor goes first: a word `conv` after it is some option's value.
    match benchdnn::parse(first) {
        Ok(parsed) => Ok(ProblemText { ours: rest.to_vec(), ..parsed }),
        Err(_) if miopen::is_line(words) => miopen::parse(words, takes_value),
        Err(error) if benchdnn::looks_like(first) => Err(error),
        Err(_) => Err(TextError::NoProblem { word: first.clone() }),
    }
}

/// A whole number, nothing but digits.
fn number(key: &str, text: &str) -> Result<usize, TextError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let expected = "a whole number that is not negative";
        return Err(TextError::Value { key: key.into(), expected, given: text.into() });
    }
    text.parse().map_err(|_| TextError::Overflow { key: key.into(), given: text.into() })
}

/// The first thing about `problem` that a form without options for it can't say: an activation or a residual.
fn check_plain(problem: &ConvProblem, form: &'static str) -> Result<(), TextError> {
    let epilogue = &problem.spec().epilogue;
    let what = if epilogue.residual {
        "a residual".to_owned()
    } else if epilogue.activation != crate::conv::Activation::None {
        match options::print_activation(epilogue.activation) {
            Some(name) => format!("the activation {name}"),
            None => "an activation".to_owned(),
        }
    } else {
        return Ok(());
    };
    Err(TextError::Inexpressible { what, form })
}
