//! A GPU submission on disk: the capture format that the runtime writes and the tools read.
