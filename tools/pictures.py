"""`make pictures`: docs/images, each view of the page in light, dark and on a phone, of an exchange
of its own with demo traders. Needs node, npm and chromium; takes about four minutes.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.conftest import deeds
from tests.browser.drive import drive
from tests.browser.page import Tools, build, found_chromium, install_driver
from tests.server import ROOT, running_server

FOLDER = ROOT / "docs" / "images"
TOGETHER_MAX = 2_000_000  # bytes, for they are part of every clone


def main(folder: Path) -> int:
    node, npm, chromium = shutil.which("node"), shutil.which("npm"), found_chromium()
    if node is None or npm is None or chromium is None:
        print("pictures need node, npm and chromium", file=sys.stderr)
        return 1
    install_driver(npm)
    build(npm)
    tools = Tools(node=node, chromium=chromium)
    with TemporaryDirectory() as data:
        with running_server(
            Path(data) / "data", "--seed-demo", "--no-limits", traders=True
        ) as server:
            told = {"XYK_PICTURES": str(folder)}
            drive(tools, "pictures.mjs", server.url, deeds(server), told, timeout_s=1_800)
    together = sum(path.stat().st_size for path in folder.glob("*.webp"))
    print(f"{together / 1000:,.0f} kB in {folder}")
    return int(together > TOGETHER_MAX)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
