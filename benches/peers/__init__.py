"""Sparkle beside the convolutions of other libraries. README.md says how to use it."""
