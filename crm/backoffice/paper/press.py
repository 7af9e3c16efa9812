"""The process that sets one PDF: HTML on its standard input, the file on its standard output.

    python -I press.py FONTS STYLE… < page.html > page.pdf

It is a program of its own because WeasyPrint takes a second to load and a page may take whatever it likes: here it has a bounded share of time and
memory, and whatever becomes of it the server goes on. Nothing is fetched: what a page names, files of the machine and addresses alike, is left out.
"""

import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

SECONDS, MEMORY, OPEN_FILES = 40, 2 * 1024**3, 64
LACKING = 3  # the exit code where a library of the system is missing
FONT = "font:"


def main(fonts: Path, styles: list[Path]) -> int:
    """Sets the page. 0 when it was written."""
    try:
        weasyprint, urls, text = import_module("weasyprint"), import_module("weasyprint.urls"), import_module("weasyprint.text.fonts")
    except (OSError, ImportError) as lacking:
        sys.stderr.write(f"{lacking}\n")
        return LACKING
    ours = {path.name: path for path in fonts.glob("*.woff2")}

    class OurFonts(urls.URLFetcher):  # type: ignore[name-defined, misc]
        """Gives our fonts by their name, and refuses whatever else a page asks for."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix(FONT)
            if not url.startswith(FONT) or name not in ours:
                raise ValueError("nothing is fetched")
            return urls.URLFetcherResponse(url, ours[name].read_bytes(), {"Content-Type": "font/woff2"})

    fetcher, found = OurFonts(allowed_protocols={"font"}, allow_redirects=False), text.FontConfiguration()
    sheets = [weasyprint.CSS(string=path.read_text(), url_fetcher=fetcher, font_config=found) for path in styles]
    page = weasyprint.HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=fetcher)
    page.write_pdf(sys.stdout.buffer, stylesheets=sheets, font_config=found, pdf_tags=True)
    return 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    if sys.platform == "linux":  # elsewhere the system does not keep to it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.exit(main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]]))
