"""`loop.c`, compiled when it is first needed: peers with a C API are called from it, without Python between calls."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("loop.c")


def loop_in_c() -> ctypes.CDLL:
    """Compiles with `cc` into a temporary folder, which may go once the library is loaded."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "loop.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE)], check=True)
        return ctypes.CDLL(str(library))
