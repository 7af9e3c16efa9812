"""What kind of file this is: format by content, encoding by its bytes, delimiter by its first rows."""

import codecs
import csv
import re
from pathlib import Path

from crm.backoffice.exchange.table import MAX_COLUMNS, MEGABYTE, Unreadable
from crm.messages import m

FORMATS = ("csv", "xlsx", "jsonl", "vcard")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1251", "cp1252", "koi8-u", "cp866", "iso-8859-1", "iso-8859-5")
DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 64 * 1024

# Legacy formats get a sentence of their own: the reader can do something about them.
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
CYRILLIC = "А-Яа-яЁёЄєІіЇїҐґЎўЂђЃѓЉљЊњЋћЌќЏџЅѕЈј"
MIXED = re.compile(f"[A-Za-z][{CYRILLIC}]|[{CYRILLIC}][A-Za-z]")
WORD = re.compile(f"[A-Za-z{CYRILLIC}]+")


def file_format(path: Path, name: str, wanted: str = "auto") -> str:
    """`csv`, `xlsx`, `jsonl` or `vcard`: as wanted, else by content, then by the name's ending. Raises Unreadable."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if not head.strip():
        raise Unreadable(m("The file is empty: there is no row with the names of columns."))
    if head.startswith(OLD_EXCEL):
        raise Unreadable(m("This is a workbook of an old or protected form (.xls or with a password). Save it as .xlsx without a password."))
    zipped = head.startswith(b"PK")
    if wanted != "auto":
        if zipped != (wanted == "xlsx"):
            raise Unreadable(m("The file is not in the format “%(format)s” that the mapping names.", format=wanted))
        return wanted
    if zipped:
        return "xlsx"
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"\x7fELF", b"MZ")):
        raise Unreadable(m("This is neither CSV nor XLSX nor JSONL nor vCard."))
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if head.replace(b"\0", b"").lstrip(b"".join(marks) + b" \r\n\t").upper().startswith(b"BEGIN:VCARD") or name.lower().endswith((".vcf", ".vcard")):
        return "vcard"
    lines_of_json = name.lower().endswith((".jsonl", ".ndjson"))
    starts_an_object = re.match(rb'(\xef\xbb\xbf)?\s*\{\s*("|\})', head) is not None
    return "jsonl" if lines_of_json or starts_an_object else "csv"


def file_encoding(path: Path, wanted: str = "auto") -> str:
    """The codec that reads the whole file: as wanted, by its mark, UTF-8, else Windows-1251. Raises Unreadable."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if wanted != "auto":
        return wanted
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        raise Unreadable(m("The file holds zero characters: it is damaged or no text at all."))
    if _decodes(path, "utf-8"):
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if not head.startswith(codecs.BOM_UTF8) and _decodes(path, "cp1251") and _reads_as_ukrainian(_words_around_foreign_bytes(path)):
        return "cp1251"
    raise Unreadable(m("The encoding of the file is not known: it is neither UTF-8 nor Windows-1251. Save it as UTF-8 or name its encoding in the mapping."))


def file_delimiter(text: str, wanted: str = "auto") -> str:
    """The sign between cells: as wanted, else the one that cuts the first rows into the same, largest number of cells."""
    if wanted != "auto":
        return wanted
    scores = {sign: _regularity(text, sign) for sign in DELIMITERS}
    best = max(DELIMITERS, key=lambda sign: scores[sign])
    return best if scores[best] > (0, 0) else ","


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(MEGABYTE):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _words_around_foreign_bytes(path: Path, limit: int = 400) -> list[bytes]:
    """Some words of the file that have bytes beyond ASCII, from wherever they stand."""
    words: list[bytes] = []
    with path.open("rb") as file:
        while len(words) < limit and (block := file.read(MEGABYTE)):
            words += re.findall(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*", block)[:limit]
    return words


def _reads_as_ukrainian(words: list[bytes]) -> bool:
    """Whether words of an unknown 8-bit text make sense as Windows-1251: «Taqueria» with an accent would mix two alphabets in a word."""
    texts = [word.decode("cp1251", "replace") for word in words]
    sound = sum(1 for text in texts if WORD.fullmatch(text.strip("«»„“”‘’–—…№ \u00a0")) and not MIXED.search(text) and _case_is_plausible(text))
    return bool(texts) and sound >= 0.7 * len(texts)


def _case_is_plausible(word: str) -> bool:
    """A capital letter after a small one is a sign of a wrong alphabet (KOI8 read as Windows-1251 swaps the case)."""
    return word.isupper() or word[1:] == word[1:].lower() or len(word) < 3


def _regularity(text: str, sign: str) -> tuple[int, int]:
    """How many of the first rows have as many cells as the header, and how many cells that is; (0, 0) when it cuts nothing."""
    try:
        rows = [row for row, _ in zip(csv.reader(text.splitlines(keepends=True), delimiter=sign), range(50), strict=False) if row]
    except csv.Error:
        return 0, 0
    if not rows or len(rows[0]) < 2 or len(rows[0]) > 20 * MAX_COLUMNS:
        return 0, 0
    alike = sum(1 for row in rows if len(row) == len(rows[0]))
    # The last row of the sample may be cut in the middle.
    share = round(100 * alike / max(len(rows) - (len(rows) > 2), 1))
    return min(share, 100), len(rows[0])
