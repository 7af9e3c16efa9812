"""`python -m benchmarks.duplicates`: how long it takes to find what is there twice among the accounts of a company, and to try a file of as many
rows that may be there already. `BENCH_ACCOUNTS=20000` for fewer than 100,000, `BENCH_DATABASES=sqlite` for one database alone.

Names are such as registers hold: made of thousands of words of which few are very common, with legal forms, numbers of branches, and one in five a
person's full name. One account in twenty is there twice already; two rows of the file in five are of accounts that are there, spelled otherwise.
"""

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

from stdnum.ua import edrpou

from benchmarks.data import BORN, FIRST, Filler, Row
from benchmarks.databases import database
from benchmarks.exchange import Run, apart, flask
from benchmarks.load import bulk, copy, writing
from config import Settings
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.contacts.demo_words import MEN, SURNAMES, WOMEN, latin
from crm.contacts.models import Account
from tests.company import build

WORDS = 6000
FORMS = ("ТОВ", "ТОВ", "ТОВ", "ПП", "АТ", "ФГ", "Товариство з обмеженою відповідальністю", "")
OPEN = ("ба", "ве", "ги", "до", "жу", "за", "ко", "ла", "ми", "ну", "пе", "ро", "са", "ти", "фа", "хо", "че", "ші", "ля", "рі", "тя", "цо", "ніка", "стро")
CLOSED = ("вар", "дон", "зем", "кур", "лан", "мир", "нік", "пол", "рад", "сил", "тех", "фарм", "буд", "край", "сот", "гран", "хол", "цвіт", "шлях", "янт")
ENGLISH, UKRAINIAN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.", "йцукенгшщзхїфівапролджєячсмитьбю"
OTHER_LAYOUT = str.maketrans(UKRAINIAN, ENGLISH)
MAPPING = "entity: account\ncolumns: {Назва: name, ЄДРПОУ: tax_code, Телефон: phone, Сайт: website, Місто: city}\n"
COLUMNS = ("Назва", "ЄДРПОУ", "Телефон", "Сайт", "Місто")
CITIES = ("Київ", "Львів", "Одеса", "Дніпро", "Харків", "Ізмаїл", "Чернівці", "Галич")

Firm = tuple[str, str, str, str, str]  # in the order of COLUMNS


class Namer:
    """Gives names as companies have them, from a seed."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.words = ["".join(rng.choice(OPEN) for _ in range(rng.randint(1, 2))) + rng.choice(CLOSED) for _ in range(WORDS)]
        self.shares = tuple(accumulate(1 / (place + 3) for place in range(WORDS)))  # the hundredth word is heard a twentieth as often as the first

    def name(self) -> str:
        rng = self.rng
        if rng.random() < 0.2:
            man = rng.random() < 0.5
            surname = rng.choice(SURNAMES)[0 if man else 1] if rng.random() < 0.5 else self.word().capitalize() + "енко"
            father = rng.choice(MEN)
            return f"ФОП {surname} {rng.choice(MEN if man else WOMEN).name} {father.son if man else father.daughter}"
        brand = " ".join(self.word().capitalize() for _ in range(rng.choice((1, 2, 2, 2, 3))))
        branch = f" {rng.randint(1, 40)}" if rng.random() < 0.03 else ""
        return f"{rng.choice(FORMS)} «{brand}{branch}»".strip()

    def word(self) -> str:
        return self.rng.choices(self.words, cum_weights=self.shares)[0]

    def otherwise(self, name: str) -> str:
        """The name as somebody else may have written it."""
        rng = self.rng
        bare = name.translate({ord("«"): None, ord("»"): None})
        way = rng.randrange(6)
        if way == 0:
            return latin(bare).replace("-", " ").title()
        if way == 1:
            return bare.casefold().translate(OTHER_LAYOUT)
        if way == 2:
            place = rng.randrange(len(bare))
            return bare[:place] + bare[place + 1 :]
        if way == 3:
            return " ".join(rng.sample(bare.split(), len(bare.split())))
        return bare.upper() if way == 4 else name


def firms(count: int, seed: int) -> Iterator[Firm]:
    """So many companies; every twentieth is one of those before it."""
    rng = Random(seed)
    namer = Namer(rng)
    before: list[Firm] = []
    for n in range(count):
        one = again(namer, rng.choice(before)) if n % 20 == 19 else firm(namer)
        if n % 7 == 0:
            before.append(one)
        yield one


def firm(namer: Namer) -> Firm:
    rng = namer.rng
    name = namer.name()
    site = f"https://{latin(name)[:40]}{rng.randrange(1000)}.example" if rng.random() < 0.5 else ""
    body = str(rng.randrange(2_000_000, 4_500_000))
    code = body + edrpou.calc_check_digit(body) if rng.random() < 0.8 else ""
    # One phone in a hundred is that of a whole business centre.
    phone = f"+380443{rng.randrange(30):06}" if rng.random() < 0.01 else f"+38067{rng.randrange(10**7):07}" if rng.random() < 0.7 else ""
    return name, code, phone, site, rng.choice(CITIES)


def again(namer: Namer, one: Firm) -> Firm:
    rng = namer.rng
    name, code, phone, site, city = one
    return namer.otherwise(name), code if rng.random() < 0.5 else "", phone if rng.random() < 0.5 else "", site if rng.random() < 0.3 else "", city


def fill(url: str, count: int, seed: int) -> None:
    """The accounts into an empty database, past the door: their keys are still to be made."""
    engine = make_engine(url, statement_seconds=0)
    build(engine)
    filler = Filler(load_catalog(engine), Random(seed), 0, (), {}, 0, {})

    def rows() -> Iterator[Row]:
        for n, (name, code, phone, site, city) in enumerate(firms(count, seed)):
            yield filler.stored("account", FIRST + n, BORN, {
                "code": f"A-{FIRST + n}", "name": name, "tax_code": code or None, "phone": phone or None, "website": site or None, "city": city})

    with bulk(engine, [Account.__table__]), writing(engine) as connection:
        copy(connection, Account, rows())
    engine.dispose()


def write(path: Path, count: int, known: int, seed: int) -> Path:
    """A file of so many companies; two in five are among the `known` that `fill` makes of the same seed."""
    there = list(firms(known, seed))
    rng = Random(f"{seed}/file")
    namer = Namer(Random(seed))  # the same words
    namer.rng = rng
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(again(namer, rng.choice(there)) if rng.random() < 0.4 else firm(namer) for _ in range(count))
    return path


@dataclass(frozen=True)
class Step:
    name: str
    command: Sequence[str]


def steps(instance: Path, rows: int, seed: int) -> list[Step]:
    file = write(instance / "accounts.csv", rows, rows, seed)
    mapping = instance / "accounts.yaml"
    mapping.write_text(MAPPING)
    search = flask("data", "duplicates", "account", "--limit", "1")
    return [
        Step("search, keys and pairs", search), Step("search once more", search),
        Step("trial of a file", flask("data", "import", "account", str(file), "--mapping", str(mapping), "--dry-run")),
        Step("trial with likeness", flask("data", "import", "account", str(file), "--mapping", str(mapping), "--dry-run", "--review")),
    ]


def told(run: Run) -> str:
    said = json.loads(run.said)
    return ", ".join(f"{said[key]:,} {key}" for key in ("mended", "created", "updated", "skipped", "failed") if isinstance(said.get(key), int))


def main() -> int:
    rows, seed = int(os.environ.get("BENCH_ACCOUNTS") or 100_000), int(os.environ.get("BENCH_SEED") or 7)
    for kind in (os.environ.get("BENCH_DATABASES") or "sqlite,postgres").split(","):
        with database(kind) as (url, instance):
            fill(url, rows, seed)
            settings = Settings(instance=instance, database_url=url, secret_key="s" * 40)
            for step in steps(instance, rows, seed):
                run = apart(step.command, settings, keep=True)
                print(f"{kind:9} {step.name:24} {run.seconds:8.1f} s {run.cpu:8.1f} s of processor {run.memory:6.0f} MB  {told(run)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
