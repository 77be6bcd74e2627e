"""A process of our own that answers one request after the other.

A request is a line of JSON, which tells the size of the bytes that follow it; its answer is
a line of JSON.  What ends the process, by a limit, a signal or a fault in native code, ends
no more than that, and it ends with the thread that started it (Linux) or when its pipe does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

# -P: what lies in the working folder is no module of ours.
_START = ("-P", "-c")
_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from kg.apart import run; run(*sys.argv[2:])"
)


class Apart:
    """A process that runs ``main`` of one of our modules, until something ends it."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Start the process.

        Args:
            module: Whose ``main`` calls :func:`answer_all`.
            arguments: What ``main`` is called with.
        """
        root = Path(__file__).parents[1]
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [
                *(sys.executable, *_START, _CHILD),
                *(str(root), str(os.getpid()), module, *arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        # Its thread may end before the program does.
        self._end = weakref.finalize(self, _end, self._process)

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the process from any thread; who waits for an answer gets none."""
        self._process.kill()

    def answer(
        self, request: dict[str, Any], data: bytes, seconds: float | None = None
    ) -> Any:
        """Ask something.

        Args:
            request: What JSON can tell.
            data: Bytes that go with it.
            seconds: How long it may take; None for as long as it takes.

        Returns:
            What was answered.

        Raises:
            TimeoutError: It took longer; the process has ended.
            EndedError: The process ended amid it.
        """
        to, back = _pipes(self._process)
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = None
        if seconds is not None:
            timer = threading.Timer(seconds, stop)
            timer.daemon = True
            timer.start()
        try:
            # If it has ended already, its exit code says why.
            with suppress(BrokenPipeError):
                to.write(json.dumps({**request, "size": len(data)}).encode() + b"\n")
                to.write(data)
                to.flush()
            line = back.readline()
        finally:
            if timer is not None:
                timer.cancel()
        if line.endswith(b"\n"):
            return json.loads(line)
        self._end()
        if late.is_set():
            raise TimeoutError
        raise EndedError(self._process.returncode)


class EndedError(Exception):
    """The process ended amid a request.

    Attributes:
        code: Its exit code, negative for a signal.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        name = signal.Signals(-code).name if code < 0 else f"code {code}"
        super().__init__(name)


def answer_all(answer: Callable[[dict[str, Any], bytes], object]) -> None:
    """Answer requests until there are no more, in the process that was started.

    Args:
        answer: Called with a request and the bytes that go with it.
    """
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints is no answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in requests:
        request = json.loads(line)
        data = requests.read(request["size"])
        answers.write(json.dumps(answer(request, data)).encode() + b"\n")
        answers.flush()


def run(parent: str, module: str, *arguments: str) -> None:
    """Run ``main`` of a module in the process that was started, and end with its parent.

    Args:
        parent: The process that started this one.
        module: Its name.
        arguments: What ``main`` is called with.
    """
    # Before anything that takes a while: whoever started this may be gone by then.
    _end_with(int(parent))
    import_module(module).main(*arguments)


def _end_with(parent: int) -> None:
    """Leave it to whoever started this process when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        # Should the parent be killed where it cannot take this process along.
        on_parents_death = 1
        ctypes.CDLL(None).prctl(on_parents_death, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    return process.stdin, process.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in _pipes(process):
        with suppress(BrokenPipeError):  # what it was still to be told
            pipe.close()
