"""A real browser for tests of the page; tests are skipped where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Opened:
    """A page in the browser with all it asked for and complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@dataclass
class Browser:
    """Opens files in headless Chromium."""

    chromium: Any

    @contextmanager
    def open(self, path: Path, link: str = "", **settings: Any) -> Iterator[Opened]:
        """Open a file in a fresh profile, its scripts having run."""
        settings.setdefault("viewport", {"width": 1280, "height": 800})
        context = self.chromium.new_context(**settings)
        opened = Opened(context.new_page())
        address = path.as_uri()
        opened.page.on("request", lambda request: _note(opened, request.url, address))
        opened.page.on(
            "console", lambda message: opened.complaints.append(message.text)
        )
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.goto(address + link)
        try:
            yield opened
        finally:
            context.close()


def _note(opened: Opened, url: str, address: str) -> None:
    """Note a request for anything but the page itself and data it holds."""
    if url.partition("#")[0] != address and not url.startswith("data:"):
        opened.requests.append(url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once for all tests."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: install Chromium to test the page in a browser")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )
        yield Browser(chromium)
        chromium.close()
