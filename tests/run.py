"""Check everything: format, lint, types, tests.

    python3 tests/run.py           in an environment of its own, which it makes (.venv-test)
    python3 tests/run.py --here    with the Python that runs it

Chromium draws the page in some tests.  Where it is missing and this runs as root on a
machine with apt, it is installed; elsewhere those tests are skipped and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-test"


def main() -> int:
    """Run the checks; return the exit code of the first that fails."""
    python = Path(sys.executable)
    if "--here" not in sys.argv:
        python = prepared_environment()
        install_chromium()
    # A file's tests share what they set up, so that one process takes them all.
    tests = [python, "-m", "pytest", "-n", "auto", "--dist", "loadfile"]
    checks = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "mypy"],
        [*tests, *[a for a in sys.argv[1:] if a != "--here"]],
    ]
    for command in checks:
        print("$", " ".join(map(str, command[1:])), flush=True)
        code = subprocess.run(command, cwd=ROOT).returncode
        if code:
            return code
    return 0


def prepared_environment() -> Path:
    """Make the environment of the pinned packages; return its Python."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    pinned = ["--require-hashes", "-r", "constraints-dev.txt"]
    subprocess.run([*install, *pinned], cwd=ROOT, check=True)
    editable = ["--no-deps", "--no-build-isolation", "-e", "."]
    subprocess.run([*install, *editable], cwd=ROOT, check=True)
    return python


def install_chromium() -> None:
    """Install Debian's Chromium if it is missing and can be installed."""
    present = shutil.which("chromium") or shutil.which("chromium-browser")
    if present or not shutil.which("apt-get") or os.name == "nt" or os.geteuid():
        return
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-qy", "chromium"]):
        if subprocess.run(["apt-get", *command], env=environment, **quiet).returncode:
            print("Chromium could not be installed: its tests are skipped", flush=True)
            return


if __name__ == "__main__":
    sys.exit(main())
