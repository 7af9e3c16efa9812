"""Files are what is in them and not what they are called; what is refused leaves nothing behind."""

import io
import random
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from crm.backoffice import attachments, files
from crm.backoffice.fields.base import FieldError
from crm.messages import Message, render
from tests.factories.pictures import PDF, archive, bomb, document, picture
from tests.values.test_facets import field

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def take(folder: Path, data: bytes, name: str = "файл.bin", kind: str = "file", **facets: Any) -> Any:
    return attachments.take(folder, io.BytesIO(data), name, field(kind, **facets))  # type: ignore[arg-type]


def refusal(folder: Path, data: bytes, name: str = "файл.bin", kind: str = "file", **facets: Any) -> str:
    with pytest.raises(FieldError) as refused:
        take(folder, data, name, kind, **facets)
    assert [p for p in folder.rglob("*") if p.is_file()] == [], "nothing of what is refused stays"
    message: Message = refused.value.message
    assert render(message, "uk")
    return render(message, "en")


@pytest.mark.parametrize(("data", "media"), [
    (PDF, "application/pdf"), (picture(), "image/png"), (picture(form="JPEG"), "image/jpeg"), (picture(form="GIF", mode="P"), "image/gif"),
    (picture(form="WEBP"), "image/webp"), (document(), WORD), (archive(a=b"x"), "application/zip"), ("Звичайний текст\n".encode(), "text/plain"),
    ("Текст".encode("cp1251"), "text/plain"), (b"a;b\n1;2\n", "text/plain"),
])
def test_the_media_type_is_found_in_the_file_whatever_its_name(tmp_path: Path, data: bytes, media: str) -> None:
    for name in ("x.exe", "x.html", "x"):
        ref = take(tmp_path, data, name)
        assert (ref.media, ref.name, ref.size) == (media, name, len(data))
        assert files.path_of(tmp_path, ref.key).read_bytes() == data


@pytest.mark.parametrize(("data", "why"), [
    (b"", "empty"), (b"MZ\x90\x00" + b"\0" * 60, "not accepted"), (b"\x7fELF\x02\x01", "not accepted"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", "SVG"), (b"<?xml version='1.0'?><svg/>", "SVG"), (b"<!DOCTYPE html><p>x", "HTML"),
    (b"hello <script>alert(1)</script>", "HTML"), (b"GIF89a/*<script>x</script>*/", "HTML"), (b"%PDF-1.4 <html><body>", "HTML"),
    (b"\xff\xd8\xff<svg/onload=1>", "SVG"), (b"PK\x03\x04" + b"x" * 50, "damaged"), (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "not a picture"),
    (b"GIF89a" + b"\0" * 4, "not a picture"), (document(**{"word/vbaProject.bin": b"x"}), "macros"), (bomb(30_000, 30_000), "30000 × 30000"),
    (bomb(20_000, 2), "too large"),
])
def test_what_is_dangerous_damaged_or_unknown_is_refused_with_a_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    assert why in refusal(tmp_path, data, "договір.pdf")


def test_what_is_larger_than_the_field_takes_is_refused(tmp_path: Path) -> None:
    assert "too large" in refusal(tmp_path, PDF + b"x" * 1_100_000, most=1_000_000)


def test_a_picture_is_drawn_anew_so_that_nothing_else_of_the_file_stays(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "секретний опис"
    exif[0x0112] = 6  # lies on its side
    data = picture(400, 200, "JPEG", exif=exif) + b"PK\x03\x04<script>alert(1)</script>"
    ref = take(tmp_path, data, "C:\\світлини\\дача.jpeg", "image")
    kept = files.path_of(tmp_path, ref.key).read_bytes()
    assert (ref.media, ref.name, ref.width, ref.height) == ("image/jpeg", "дача.jpg", 200, 400)
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as opened:
        assert (opened.size, dict(opened.getexif())) == ((200, 400), {})
    with Image.open(files.path_of(tmp_path, ref.small)) as small:
        assert max(small.size) <= 320
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 2, "what came in is forgotten"


def test_transparency_stays_and_large_pictures_become_smaller(tmp_path: Path) -> None:
    clear = take(tmp_path, picture(50, 50, "PNG", "RGBA"), "a.png", "image")
    with Image.open(files.path_of(tmp_path, clear.key)) as opened:
        assert opened.mode == "RGBA"
    large = take(tmp_path, picture(6000, 3000, "JPEG"), "b.jpg", "image")
    assert (large.width, large.height) == (4096, 2048)
    assert take(tmp_path, picture(form="GIF", mode="P"), "c.gif", "image").media == "image/png"


@pytest.mark.parametrize("data", [
    PDF, b"text", document(), bomb(30_000, 30_000), picture()[:60], picture(form="JPEG")[:200], b"\x89PNG\r\n\x1a\n", b"BM" + b"\0" * 60,
])
def test_what_is_no_picture_is_refused_where_a_picture_is_wanted(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path, data, "x.png", "image")


def test_a_picture_that_would_unfold_into_gigabytes_costs_nothing(tmp_path: Path) -> None:
    tracemalloc.start()
    refusal(tmp_path, bomb(30_000, 30_000), "x.png", "image")
    refusal(tmp_path, bomb(11_000, 11_000), "x.png", "image")
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(("given", "kept"), [
    ("../../etc/passwd", "passwd"), ("C:\\Users\\a.pdf", "a.pdf"), ("a\x00b.pdf", "a b.pdf"), ("", "file"), ("...", "file"),
    ("договір\u202efdp.exe", "договір fdp.exe"),
    ('a"b;c\r\nX: y.pdf', "a b;c X  y.pdf"), ("x" * 300 + ".pdf", "x" * 146 + ".pdf"), (" .htaccess ", "htaccess"),
])
def test_names_lead_nowhere_and_mislead_nobody(given: str, kept: str) -> None:
    assert attachments.safe_name(given) == kept


def opened(compression: int, said: bytes = b"application/vnd.oasis.opendocument.text") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        archive.writestr("mimetype", said)
        archive.writestr("content.xml", "<a/>")
    return made.getvalue()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_is_damaged_anywhere_is_refused_or_kept_and_never_a_fault(tmp_path: Path, compression: int) -> None:
    whole, chance = opened(compression), random.Random(compression)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(4, len(data))] = chance.choice((0, 255, chance.randrange(256)))
        with suppress(FieldError):
            take(tmp_path, bytes(data))


def test_the_word_of_an_open_document_is_not_unpacked(tmp_path: Path) -> None:
    assert take(tmp_path, opened(zipfile.ZIP_STORED)).media == "application/vnd.oasis.opendocument.text"
    assert take(tmp_path, opened(zipfile.ZIP_LZMA)).media == "application/zip"


@pytest.mark.parametrize("large", [b"", b"PK\x06\x07" + b"\0" * 16])
def test_an_archive_of_very_many_files_is_refused_before_they_are_listed(tmp_path: Path, large: bytes) -> None:
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    many = one * (100 if large else 200_000)
    data = b"PK\3\4" + b"\0" * 26 + many + large + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, len(many), 30, 0)
    assert "too many files" in refusal(tmp_path, data, most=25_000_000)


def test_a_name_keeps_no_halves_of_signs() -> None:
    assert attachments.safe_name("a\ud800b.txt") == "a b.txt"
