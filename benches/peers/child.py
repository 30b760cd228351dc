"""A runner's process, asked one line at a time and stopped in between."""

from __future__ import annotations

import os
import signal
import subprocess
from types import TracebackType
from typing import IO

CLOSING_SECONDS = 10


class ChildError(Exception):
    """A runner that ended, or never got ready."""


class Child:
    """Stopped (SIGSTOP) except while it answers, so that its spinning threads take nothing from the others."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], errors: IO[bytes]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        if (line := self.read()) != "READY":
            self.process.kill()
            self.process.wait()
            raise ChildError(f"{name} said {line!r} instead of READY")
        self.pause()

    def ask(self, request: str) -> str:
        """One line in, one line out."""
        self.resume()
        try:
            assert self.process.stdin is not None
            print(request, file=self.process.stdin, flush=True)
            return self.read()
        except BrokenPipeError as error:
            raise ChildError(f"{self.name} ended") from error
        finally:
            self.pause()

    def read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise ChildError(f"{self.name} ended with status {self.process.wait()}")
        return line.rstrip("\n")

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, number)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resume()
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
            self.process.wait(CLOSING_SECONDS)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
