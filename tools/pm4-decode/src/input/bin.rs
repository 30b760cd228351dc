//! Raw little-endian dwords, and the ring files of debugfs.

use super::error::Fault;
use super::{Dump, Stream, StreamKind, aql, ring, scan};

/// Reads dwords. Where `guess` is set, a debugfs ring is recognised and AQL packets are refused.
pub(super) fn read(bytes: &[u8], name: &str, guess: bool) -> Result<Dump, Fault> {
    let (words, tail) = scan::dwords(bytes);
    if words.is_empty() {
        return Err(Fault::Missing("holds less than a dword, 4 bytes: dump the stream again"));
    }
    let mut dump = from_words(words, name, guess)?;
    if !tail.is_empty() {
        dump.notes.push(format!("the last {} bytes make no whole dword and are left out", tail.len()));
    }
    Ok(dump)
}

/// The dump of a file that holds one stream, whatever form its words had there.
fn from_words(words: Vec<u32>, name: &str, guess: bool) -> Result<Dump, Fault> {
    if !guess {
        let mut dump = Dump::default();
        if aql::is_queue(&words) {
            dump.notes.push(format!("these look like {}, read as PM4 all the same", aql::WHAT));
        }
        dump.streams.push(Stream { ring: ring::kind(name), ..Stream::ib(name.to_owned(), None, words) });
        return Ok(dump);
    }
    if aql::is_queue(&words) {
        return Err(Fault::OtherContent { what: aql::WHAT, advice: aql::ADVICE });
    }
    let mut dump = Dump::default();
    if let Some((rptr, wptr, content)) = ring::debugfs(&words) {
        let kind = ring::kind(name);
        dump.streams.push(ring::stream(name.to_owned(), kind, rptr.into(), wptr.into(), content.to_vec()));
    } else if let Some((rptr, wptr, content)) = ring::cut_debugfs(name, &words) {
        dump.notes.push(format!(
            "the ring file is cut short: its pointers are {rptr} and {wptr}, and it holds {} dwords, read from the first",
            content.len()
        ));
        let kind = StreamKind::Ring { rptr: rptr as usize, wptr: wptr as usize };
        dump.streams.push(Stream {
            ring: ring::kind(name),
            kind,
            ..Stream::ib(name.to_owned(), None, content.to_vec())
        });
    } else {
        dump.streams.push(Stream { ring: ring::kind(name), ..Stream::ib(name.to_owned(), None, words) });
    }
    Ok(dump)
}
