"""Take the screenshots of the README: the page of a graph at three sizes.

python docs/screenshots.py output/graph.html
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
SIZES = ((1280, 800, "light"), (820, 1000, "dark"), (390, 844, "light"))


def main() -> None:
    """Write a picture of the page for each size."""
    page_file = Path(sys.argv[1]).resolve()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for width, height, scheme in SIZES:
            page = chromium.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            page.goto(page_file.as_uri())
            page.wait_for_function("plates.list.length > 0")
            page.screenshot(path=FOLDER / f"page-{width}.png")
        chromium.close()


if __name__ == "__main__":
    main()
