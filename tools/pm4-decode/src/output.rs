//! Standard output: colours, and a reader who has seen enough.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use sparkle_pm4::text::Palette;

use crate::args::Color;

/// Standard output. Once its reader has gone, nothing more is written, and that is no error.
pub(crate) struct Output {
    to: BufWriter<StdoutLock<'static>>,
    pub(crate) palette: Palette,
    closed: bool,
}

impl Output {
    pub(crate) fn new(color: Color) -> Self {
        let to = io::stdout().lock();
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => to.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        let palette = if coloured { Palette::ANSI } else { Palette::default() };
        Self { to: BufWriter::with_capacity(1 << 16, to), palette, closed: false }
    }

    /// Whether the reader has gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    fn tell(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.to.write_all(bytes);
        self.tell(result)
    }

    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_vec(value)?;
        Ok(self.bytes(&text)?)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.to.flush();
        self.tell(result)
    }
}
