"""Files that nothing refers to are swept after a day; what a record, its past, the recycle bin or an import holds stays."""

import io
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from crm.backoffice import files, lost_files
from crm.backoffice.exchange.uploads import TABLE as UPLOADS
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import enqueue
from crm.serving.backup import backup
from tests.factories.pictures import PDF, picture
from tests.field_types.test_files import SignIn, fetch, sent, with_paper
from tests.kit_forms.house import House


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("??/*") if path.is_file()}


def age(folder: Path, seconds: float) -> None:
    """As if every file had been sent so long ago."""
    for path in folder.glob("??/*"):
        os.utime(path, (time.time() - seconds,) * 2)


def test_only_what_nothing_refers_to_goes_and_only_after_a_day(house: House, browser: SignIn, tmp_path: Path) -> None:
    runtime = house.app.extensions["brama"]
    folder, someone = runtime.settings.files, browser("Olena")
    number = with_paper(house, someone, photo=sent(picture(800, 600, "JPEG"), "дача.jpg"))
    assert someone.submit(f"/sample/{number}/edit/", {"paper": sent(PDF + b"%", "Новий.pdf")}).status_code == 303
    removed = with_paper(house, someone)
    house.remove("sample", removed)
    assert someone.submit("/sample/new/", {"name": "", "paper": sent(PDF + b"% refused", "Відхилений.pdf")}).status_code in (200, 422)
    upload = files.keep(folder, io.BytesIO(b"name\nx\n"), limit=100)
    with house.system() as session:
        session.kernel(insert(UPLOADS).values(key="k" * 32, entity="account", made_at=datetime.now(UTC), moved_at=datetime.now(UTC), file_key=upload.key,
                                              file_name="x.csv", size=7, mapping={}, profile={}, why={}))
        session.commit()
    draft = folder / "ab" / ("ab" * 16 + ".part")
    draft.parent.mkdir(exist_ok=True)
    draft.write_bytes(b"half")
    stranger = folder / "ab" / "README"
    stranger.write_text("not ours")
    before = kept(folder)
    assert len(before) == 9, "paper twice, photo twice, one in the bin, the refused one, an import, a draft, another's"

    def sweep() -> int:
        with house.system(write=False) as session:
            return lost_files.sweep(session, folder)

    age(folder, lost_files.AGE - 600)
    assert sweep() == 0 and kept(folder) == before, "a form may still save what it sent"
    age(folder, lost_files.AGE + 600)
    backup(house.engine, runtime.settings, tmp_path / "before.tar")
    with house.system() as session:
        job = enqueue(session, lost_files.JOB, {})
        session.commit()
    execute(house.engine, runtime.settings, house.catalog, job)
    gone = before - kept(folder)
    assert len(gone) == 2 and draft.name in gone and stranger.exists()
    assert fetch(someone, f"/sample/{number}/file/paper").data == PDF + b"%" and fetch(someone, f"/sample/{number}/file/photo?size=small").status_code == 200
    assert sweep() == 0
    told = [backup(house.engine, runtime.settings, tmp_path / f"{name}.tar")["rows"] for name in ("after", "again")]
    assert told[0] == told[1]
