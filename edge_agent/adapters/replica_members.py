"""The members' tables of the shop's copy, row by row, inside somebody's transaction."""

from collections.abc import Iterable
from uuid import UUID

import apsw

from edge_agent.adapters.sqlite_file import Row
from edge_agent.ports.replica import HeldMember
from retail_core.errors import Fault
from retail_core.identity.digit_code import reference_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_found_by, decode_member, decode_uses_gone
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import FoundBy, MemberRecord
from retail_core.wire.messages import Change
from retail_core.wire.snapshot import HeldRow

PHONE_KEY = "phone_key"
CARD = "card"
PHONE = "phone"
DIGITS = "digits"
# Of days as 20260731: a year, for only their order is known here.
_KEPT = 10_000
_HELD = "SELECT ver, record FROM member WHERE member_id = ?"
_PUT = "REPLACE INTO member VALUES (?, ?, ?)"
_CHANGE = "UPDATE member SET ver = ?, record = ? WHERE member_id = ?"
_LOOKUP = "REPLACE INTO lookup VALUES (?, ?, ?)"


def apply(db: apsw.Connection, change: Change, broken: list[FaultCode]) -> bool:
    """Apply one change if it is newer; one of an unknown kind or unreadable is passed over.

    Why a member's record could not be read is put on `broken`.
    """
    if change.kind == ChangeKind.MEMBER:
        try:
            record = decode_member(change.body)
        except Fault as fault:
            broken.append(fault.code)
            return False
        # The bytes as they came: fields that a newer cloud added are there after an update.
        return hold(db, change.key, change.ver, (bytes(change.body), record), change.ver - 1)
    if change.kind == ChangeKind.MEMBER_GONE:
        return hold(db, change.key, change.ver, None, change.ver - 1)
    if change.kind == ChangeKind.MEMBER_LEFT:
        return hold(db, change.key, change.ver, None, change.ver, only_held=True)
    if change.kind == ChangeKind.USES_BACK:
        _note_uses(db, change)
    return False


def _note_uses(db: apsw.Connection, change: Change) -> None:
    """Keep what is gone of a receipt's uses, over what was told of it before."""
    try:
        gone = decode_uses_gone(change.body)
    except Fault:
        return
    db.execute(
        "INSERT INTO uses_back VALUES (?, ?, ?, ?) ON CONFLICT (receipt_id) DO UPDATE"
        " SET ver = excluded.ver, body = excluded.body WHERE excluded.ver > ver",
        (change.key, change.ver, gone.day, bytes(change.body)),
    )
    db.execute("DELETE FROM uses_back WHERE day < ?", (gone.day - _KEPT,))


def hold(
    db: apsw.Connection,
    member_id: bytes,
    ver: int,
    told: tuple[bytes, MemberRecord] | None,
    newer_than: int,
    *,
    only_held: bool = False,
) -> bool:
    """Hold a member, or that she is gone, over a version up to `newer_than`; False when older."""
    held = db.execute(_HELD, (member_id,)).fetchone()
    if (held is not None and held[0] > newer_than) or (only_held and held is None):
        return False
    raw, after = (None, None) if told is None else told
    before = None if held is None or held[1] is None else decode_found_by(held[1])
    if held is None:
        db.execute(_PUT, (member_id, ver, raw))
    else:
        db.execute(_CHANGE, (ver, raw, member_id))
    # Most changes are a purchase: what she is found by stays, and is the dearest part to write.
    if _found_by(before) != _found_by(after):
        db.execute("DELETE FROM lookup WHERE member_id = ?", (member_id,))
        found = () if after is None else lookups_of(member_id, after)
        db.executemany(_LOOKUP, [(kind, value, member_id) for kind, value in found])
    return True


def load(db: apsw.Connection, rows: Iterable[HeldRow]) -> None:
    """Put rows of a snapshot into a file that holds none of them; Fault WIRE_MALFORMED."""
    members, lookups = [], []
    for row in rows:
        members.append((row.key, row.ver, bytes(row.record)))
        found = lookups_of(row.key, decode_member(row.record))
        lookups += [(kind, value, row.key) for kind, value in found]
    db.executemany(_PUT, members)
    db.executemany(_LOOKUP, sorted(lookups))


def forget(db: apsw.Connection, member_id: bytes) -> None:
    """Delete a member with what she is found by, and keep no word of her."""
    db.execute("DELETE FROM lookup WHERE member_id = ?", (member_id,))
    db.execute("DELETE FROM member WHERE member_id = ?", (member_id,))


def lookups_of(member_id: bytes, record: MemberRecord) -> tuple[tuple[str, bytes], ...]:
    """Return what a member is found by."""
    found = [(PHONE_KEY, key.key_id) for key in record.phone_keys]
    found += [(CARD, card) for card in record.cards]
    if record.phone_hash is not None:
        found.append((PHONE, record.phone_hash))
    if record.digit_secret:
        # Two members may have one reference, so the key goes on with who she is.
        found.append((DIGITS, reference_of(member_id).encode() + member_id))
    return tuple(found)


def held_of(row: Row | None) -> HeldMember | None:
    """Return a member out of (id, version, record); None for nobody and for one who is gone."""
    if row is None or row[2] is None:
        return None
    return HeldMember(UUID(bytes=row[0]), int(row[1]), decode_member(row[2]))


def _found_by(record: MemberRecord | FoundBy | None) -> tuple[object, ...]:
    """Return what the look-ups of a record are made from."""
    if record is None:
        return ()
    return record.phone_keys, record.cards, record.phone_hash, bool(record.digit_secret)
