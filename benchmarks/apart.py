"""An export of one of the other contenders in a process of its own: `python -m benchmarks.apart bare|stock DATABASE_URL`."""

import sys

from sqlalchemy import text

from benchmarks.bare import exported
from benchmarks.caller import Caller
from benchmarks.data import READER
from benchmarks.stock import make_stock
from crm.backoffice.database import make_engine


def main(name: str, database_url: str) -> None:
    engine = make_engine(database_url, statement_seconds=0)
    if name == "bare":
        for piece in exported(engine):
            sys.stdout.buffer.write(piece)
        return
    with engine.connect() as connection:
        user = connection.execute(text('SELECT id FROM "user" WHERE email = :email'), {"email": READER}).scalar_one()
    stock = Caller(make_stock(engine, 1))
    stock.get(f"/sign-in/{user}")
    sys.stdout.buffer.write(stock.get("/admin/deal/export/csv/").body)


if __name__ == "__main__":
    main(*sys.argv[1:])
