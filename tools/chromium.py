"""The Chromium of browser tests and pictures: the system's, else Playwright's own, else installed by apt where one may.

`python tools/chromium.py` is a step of `make test` and `make screenshots`: it is silent when there is one, installs it as root where
apt-get exists, and otherwise ends with the command that does. Root gets the one without windows even beside another one: it draws the same
pages with a third of the processor's work.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

WITHOUT_WINDOWS = "chromium-headless-shell"
NAMES = (WITHOUT_WINDOWS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
ELSEWHERE = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
MANAGERS = {"dnf": "sudo dnf install chromium", "pacman": "sudo pacman -S chromium", "apk": "apk add chromium", "brew": "brew install --cask chromium"}
PATIENCE = 60
# Playwright's own build, for systems whose package is only a shell around another store.
BY_PLAYWRIGHT = ".venv/bin/python -m playwright install --with-deps chromium"


def find() -> str | None:
    """The path of a Chromium that starts, or None."""
    places = [found for name in NAMES if (found := shutil.which(name))]
    places += [place for place in ELSEWHERE if Path(place).exists()]
    downloaded = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in ("chromium_headless_shell-*/chrome-*/*headless*shell", "chromium-*/chrome-*/chrome"):
        places += map(str, sorted(downloaded.glob(pattern), reverse=True))
    return next((place for place in places if starts(place)), None)


def starts(place: str) -> bool:
    """Whether this program says that it is a browser: an Ubuntu without snap has a `chromium-browser` that only asks for snap."""
    try:
        told = subprocess.run([place, "--version"], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0


def command() -> str:
    """How one installs it on this system, in words for a terminal."""
    if shutil.which("apt-get"):
        return "apt-get install chromium" if os.geteuid() == 0 else "sudo apt-get install chromium"
    return next((line for manager, line in MANAGERS.items() if shutil.which(manager)), BY_PLAYWRIGHT)


def install(*, needed: bool) -> str | None:
    """Installs one by apt; the path of what there is afterwards. Where none is `needed`, only the one without windows and without a word;
    otherwise a failure stands in apt's own words on the terminal."""
    print("Installing Chromium …", flush=True)
    wanted, said = (WITHOUT_WINDOWS, "chromium") if needed else (WITHOUT_WINDOWS,), ""
    for package in wanted:
        if apt("install", "-y", "-qq", "--no-install-recommends", package).returncode == 0:
            break
        apt("update", "-qq")  # a list that could not be renewed may still do
        done = apt("install", "-y", "-qq", "--no-install-recommends", package)
        if done.returncode == 0:
            break
        said = done.stdout
    else:
        if needed:
            print(said, file=sys.stderr)
    return find()


def apt(*said: str) -> "subprocess.CompletedProcess[str]":
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["apt-get", *said], env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def main() -> int:
    found = find()
    if (found is None or "headless" not in Path(found).name) and os.geteuid() == 0 and shutil.which("apt-get"):
        found = install(needed=found is None)
    if found is None:
        wanted = command()
        print(f"No Chromium was found: {wanted}" + (f" (or {BY_PLAYWRIGHT})" if wanted != BY_PLAYWRIGHT else ""), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
