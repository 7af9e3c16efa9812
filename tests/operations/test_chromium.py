"""Where the browser of the tests comes from: the system, else apt; a missing one is named with the command that installs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

STEP = Path(__file__).resolve().parents[2] / "tools" / "chromium.py"
BROWSER = "#!/bin/sh\necho Chromium 156\n"
# What apt-get install does, as far as the step can tell: afterwards there is a program of that name.
APT = """#!/bin/sh
echo "$@" >> "{log}"
for name; do :; done
case "$name" in {missing}) exit 100;; esac
case "$1" in install) printf "#!/bin/sh\\necho Chromium\\n" > "{place}/$name"; chmod +x "{place}/$name";; esac
"""
SMALL = "chromium-headless-shell"


class System:
    """A machine of which the step sees only `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.log = place.parent / "apt.log"
        (place / "sh").symlink_to("/bin/sh")
        (place / "chmod").symlink_to(str(shutil.which("chmod")))

    def has(self, name: str, text: str) -> None:
        program = self.place / name
        program.write_text(text)
        program.chmod(0o755)

    def has_apt(self, missing: str = "nothing") -> None:
        """An apt-get that knows every package but `missing`."""
        self.has("apt-get", APT.format(log=self.log, place=self.place, missing=missing))

    def run(self) -> "subprocess.CompletedProcess[str]":
        there = {"PATH": str(self.place), "HOME": str(self.place.parent), "PLAYWRIGHT_BROWSERS_PATH": str(self.place.parent / "none")}
        return subprocess.run([sys.executable, STEP], env=there, capture_output=True, text=True, check=False)


@pytest.fixture
def system(tmp_path: Path) -> System:
    place = tmp_path / "bin"
    place.mkdir()
    return System(place)


def test_the_browser_of_the_system_is_taken_and_nothing_is_said(system: System) -> None:
    system.has(SMALL, BROWSER)
    system.has_apt()
    done = system.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not system.log.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install")
@pytest.mark.parametrize("there", ["google-chrome", ""])
def test_root_gets_the_one_without_windows(system: System, there: str) -> None:
    if there:
        system.has(there, BROWSER)
    system.has_apt()
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert system.log.read_text().splitlines() == [f"install -y -qq --no-install-recommends {SMALL}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install")
@pytest.mark.parametrize(("there", "tried"), [("google-chrome", SMALL), ("", "chromium")])
def test_where_apt_does_not_know_it_another_one_does(system: System, there: str, tried: str) -> None:
    if there:
        system.has(there, BROWSER)
    system.has_apt(missing=SMALL)
    done = system.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert system.log.read_text().splitlines()[-1].endswith(f" {tried}")


def test_a_program_that_is_no_browser_does_not_count(system: System) -> None:
    system.has("chromium-browser", "#!/bin/sh\necho 'snap install chromium' >&2\nexit 10\n")
    assert system.run().returncode == 1


@pytest.mark.parametrize(("manager", "line"), [("dnf", "sudo dnf install chromium"), ("", "python -m playwright install")])
def test_where_it_cannot_be_installed_the_command_is_named(system: System, manager: str, line: str) -> None:
    if manager:
        system.has(manager, "#!/bin/sh\n")
    done = system.run()
    assert done.returncode == 1
    assert line in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install")
def test_an_installation_that_fails_is_said_with_the_words_of_apt(system: System) -> None:
    system.has("apt-get", "#!/bin/sh\necho 'E: Unable to locate package chromium'\nexit 100\n")
    done = system.run()
    assert done.returncode == 1
    assert "Unable to locate package" in done.stderr
    assert "apt-get install chromium" in done.stderr
