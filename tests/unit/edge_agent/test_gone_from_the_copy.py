"""A member who is erased leaves a box's copy: no table of it says her any more."""

from pathlib import Path

import apsw
import msgspec

from edge_agent.adapters.replica_sqlite import SqliteReplica
from tests.factories.shop_floor import make_change, make_gone, make_id, make_record

KEY = b"k" * 32
HERS = {
    "name": "诸葛小满满",
    "phone_hash": b"her-phone-hash-of-thirty-two-byt",
    "cards": (b"her-card-hash-of-thirty-two-byte",),
    "digit_secret": b"her-digit-secret-20b",
}


def test_nothing_of_her_is_left(tmp_path: Path) -> None:
    file = tmp_path / "replica.db"
    member, other = make_id(), make_id()
    replica = SqliteReplica(file, KEY)
    stays = make_record(name="欧阳小雨雨")
    replica.apply_changes(
        feed_epoch=1,
        pos=2,
        changes=[
            make_change(1, member, 1, msgspec.structs.replace(make_record(), **HERS)),
            make_change(2, other, 1, stays),
        ],
    )
    assert replica.member(member) is not None
    replica.apply_changes(feed_epoch=1, pos=3, changes=[make_gone(3, member, 2)])
    assert replica.member(member) is None
    assert replica.member(other) is not None
    replica.close()
    words = [
        one if isinstance(one, bytes) else str(one).encode()
        for one in (HERS["name"], HERS["phone_hash"], HERS["cards"][0], HERS["digit_secret"])
    ]
    base = apsw.Connection(str(file))
    base.pragma("key", "raw:" + KEY.hex())
    tables = [row[0] for row in base.execute("select name from sqlite_master where type = 'table'")]
    assert len(tables) > 5
    held = 0
    for table in tables:
        for row in base.execute(f'select * from "{table}"'):  # noqa: S608 - a table's own name
            cells = [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
            held += "欧阳小雨雨".encode() in b"".join(cells)
            assert not [word for word in words for cell in cells if word in cell], table
    base.close()
    assert held > 0
