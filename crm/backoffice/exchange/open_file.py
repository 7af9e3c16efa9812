"""A file of any of the four formats as a table."""

from pathlib import Path

from crm.backoffice.exchange.mapping import FileForm
from crm.backoffice.exchange.read_csv import open_csv
from crm.backoffice.exchange.read_jsonl import open_jsonl
from crm.backoffice.exchange.read_vcard import open_vcard
from crm.backoffice.exchange.read_xlsx import open_xlsx
from crm.backoffice.exchange.sniff import file_format
from crm.backoffice.exchange.table import COMMAND_LINE_LIMIT, MEGABYTE, Table, Unreadable
from crm.messages import m


def open_file(path: Path, form: FileForm, *, name: str = "", limit: int = COMMAND_LINE_LIMIT) -> Table:
    """The rows of `path`, read as `form` says; `name` is what the sender called the file. Raises Unreadable."""
    if not path.is_file():
        raise Unreadable(m("There is no file “%(path)s”.", path=path.name))
    size = path.stat().st_size
    if size > limit:
        raise Unreadable(m("The file has %(size)s MB, at most %(limit)s MB are read here.", size=size // MEGABYTE, limit=limit // MEGABYTE))
    match file_format(path, name or path.name, form.format):
        case "xlsx":
            return open_xlsx(path, sheet=form.sheet, header=form.header)
        case "jsonl":
            return open_jsonl(path)
        case "vcard":
            return open_vcard(path, encoding=form.encoding)
        case _:
            return open_csv(path, encoding=form.encoding, delimiter=form.delimiter, header=form.header)
