"""Run queries on ClickHouse in process and print their rows: the far half of the parity job.

Needs nothing but chDB, so that it can be run by a Python that has nothing else: the package is half
a gigabyte. Reads {"folder", "views", "steps", "asks"} as JSON from stdin, prints the rows of each
query asked as JSON. `make parity-clickhouse` makes that Python in var/parity.
"""

import json
import sys
from pathlib import Path
from typing import Any

SETTINGS = (
    # What a left join does not find is nothing, as everywhere else, and not 0 or ''.
    "set join_use_nulls = 1",
    "set data_type_default_nullable = 1",
    "set schema_inference_make_columns_nullable = 1",
)


def main() -> int:
    """Answer what stdin asks."""
    from chdb import session  # type: ignore[import-not-found]  # noqa: PLC0415 - see above

    asked: dict[str, Any] = json.load(sys.stdin)
    engine = session.Session()
    for setting in SETTINGS:
        engine.query(setting)
    folder = Path(asked["folder"])
    for table, columns in asked["views"].items():
        file = folder / table / "**" / "*.parquet"
        shown = f"select {columns} from file('{file}', Parquet)"  # noqa: S608 - the caller's words
        engine.query(f"create view {table} as {shown}")
    for name, query in asked["steps"]:
        engine.query(f"create table {name} engine = Memory as {query}")
    rows = {}
    for name, query in asked["asks"].items():
        text = str(engine.query(query, "JSONCompactEachRow"))
        rows[name] = [json.loads(line) for line in text.splitlines()]
    json.dump(rows, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
