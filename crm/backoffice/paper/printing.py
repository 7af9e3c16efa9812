"""HTML becomes a PDF: `pdf(page, styles)`; and what of the system it takes."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

import structlog

from config import ROOT
from crm.errors import BramaError
from crm.messages import Message, m

PRESS, FONTS = Path(__file__).with_name("press.py"), ROOT / "static" / "vendor" / "files"
STYLE = Path(__file__).with_name("paper.css")
AT_ONCE, PATIENCE, WAITING = 2, 90, 30  # processes; seconds for one of them, and to wait for a free one
MOST = AT_ONCE + 1  # that are set or waited for; a worker answers four requests at a time, and one of these is always left for everything else
LONGEST = 4 * 1024 * 1024  # bytes of HTML
LACKING = 3  # of press.py
LIBRARIES = ("pango-1.0", "pangoft2-1.0", "harfbuzz", "harfbuzz-subset", "gobject-2.0")
MANAGERS = {
    "apt-get": "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0", "dnf": "dnf install pango", "pacman": "pacman -S pango",
    "apk": "apk add pango", "brew": "brew install pango",
}
MANY = m("Too many PDFs are being made. Try again in a minute.")
# The moment inside fonts, so that the same page is the same file to the byte.
ENVIRONMENT = {"SOURCE_DATE_EPOCH": "946684800", "LC_ALL": "C.UTF-8"}
log, free, places = structlog.get_logger("brama.paper"), BoundedSemaphore(AT_ONCE), BoundedSemaphore(MOST)


class NoPdf(BramaError):
    """The page was not set: a library of the system is missing, too many ask at once, or the page is too long."""

    code = "no_pdf"
    status = 503


def pdf(page: str, styles: Sequence[Path] = ()) -> bytes:
    """The page as a PDF, the same for the same page. The files of `styles` follow STYLE, which brings the fonts. Raises NoPdf."""
    given = page.encode()
    if len(given) > LONGEST:
        raise NoPdf(m("The page is too long to be set as a PDF."))
    if (wanting := lacking()) is not None:
        raise NoPdf(wanting)
    if not places.acquire(blocking=False):
        raise NoPdf(MANY)
    try:
        if not free.acquire(timeout=WAITING):
            raise NoPdf(MANY)
        try:
            done = _set(given, styles)
        finally:
            free.release()
    finally:
        places.release()
    if done is None or done.returncode:
        log.warning("no PDF was made", code=done.returncode if done else "timeout", said=done.stderr[-500:].decode(errors="replace") if done else "")
        raise NoPdf(missing() if done is not None and done.returncode == LACKING else m("The PDF could not be made. The log of the server says why."))
    return done.stdout


def _set(given: bytes, styles: Sequence[Path]) -> "subprocess.CompletedProcess[bytes] | None":
    command = [sys.executable, "-I", str(PRESS), str(FONTS), str(STYLE), *map(str, styles)]
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=PATIENCE, check=False, env={**_own(), **ENVIRONMENT})  # noqa: S603
    except subprocess.TimeoutExpired:
        return None


@cache
def _own() -> dict[str, str]:
    """What the process needs to find itself and the fonts of the system, and nothing of the settings, some of which are secret."""
    return {"PATH": os.defpath, "HOME": str(Path.home())}


def lacking() -> Message | None:
    """What to install, in a sentence; None where everything is there."""
    return None if all(map(_there, LIBRARIES)) else missing()


def missing() -> Message:
    return m("PDFs need Pango on the server. Install it: %(command)s", command=command())


def command() -> str:
    """How one installs it on this system."""
    return next((line for manager, line in MANAGERS.items() if shutil.which(manager)), MANAGERS["apt-get"])


def _there(name: str) -> bool:
    """Whether the system has a library, by the names of Linux and macOS."""
    for file in (f"lib{name}.so.0", f"lib{name}.0.dylib", f"lib{name}.dylib"):
        try:
            ctypes.CDLL(file)
        except OSError:
            continue
        return True
    return False
