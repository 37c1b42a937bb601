"""The other files of a box: replica, gallery, documents, and the keys that open them."""

from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np
import pytest

from edge_agent.adapters import gallery_binding
from edge_agent.adapters.documents_tinydb import MAGIC, TinyDocuments, pack, unpack
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.ports.gallery_store import Template
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.consents import agree
from tests.factories.shop_floor import SHOP, SOAP, make_change, make_id, make_record
from tests.fakes.clock import NOON_MS
from tests.fakes.ids import FakeIdSource

KEY = b"k" * 32
CORRUPT = FaultCode.DISK_DOCUMENT_CORRUPT.value


# ---- keys ---------------------------------------------------------------------------------------


def test_each_purpose_has_its_own_key() -> None:
    keys = [derive_key(KEY, purpose) for purpose in ("journal", "replica", "gallery")]
    assert len({*keys, KEY}) == 4
    assert {len(key) for key in keys} == {32}
    assert derive_key(KEY, "journal") == keys[0]
    assert derive_key(b"l" * 32, "journal") != keys[0]


def test_a_short_storage_key_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        derive_key(b"k" * 31, "journal")


# ---- replica ------------------------------------------------------------------------------------


def test_the_replica_is_there_after_a_restart(tmp_path: Path) -> None:
    path, member, record = tmp_path / "replica.db", make_id(), make_record()
    first = SqliteReplica(path, KEY)
    first.apply_changes(feed_epoch=3, pos=8, changes=[make_change(8, member, 2, record)])
    first.replace_catalogue(4, [SOAP])
    first.replace_bundle(5, b"rules")
    first.replace_name_map({"香皂": "SOAP"})
    first.close()
    again = SqliteReplica(path, KEY)
    assert again.feed_position() == (3, 8)
    held = again.member(member)
    assert held is not None
    assert held.record == record
    assert again.article_by_receipt_name("香皂") == SOAP
    assert (again.catalogue_version(), again.bundle()) == (4, (5, b"rules"))
    again.close()
    assert record.name.encode() not in path.read_bytes()


def test_changes_and_their_position_go_together(tmp_path: Path) -> None:
    replica = SqliteReplica(tmp_path / "replica.db", KEY)
    replica._file.writer.pragma("max_page_count", replica._file.writer.pragma("page_count"))
    changes = [make_change(at, make_id(), 1, make_record()) for at in range(1, 200)]
    with pytest.raises(Fault) as caught:
        replica.apply_changes(feed_epoch=1, pos=200, changes=changes)
    assert caught.value.code == FaultCode.DISK_FULL
    assert replica.feed_position() == (0, 0)
    assert replica.member_count() == 0
    replica.close()


def test_a_damaged_replica_is_put_aside_and_the_shop_opens(tmp_path: Path) -> None:
    path, tally = tmp_path / "replica.db", FaultTally()
    first = SqliteReplica.opened_or_new(path, KEY, tally)
    for number in range(300):
        first.put_member(make_id(), number, make_record())
    first.close()
    assert tally.snapshot() == {}
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    path.write_bytes(content)
    again = SqliteReplica.opened_or_new(path, KEY, tally)
    assert again.member_count() == 0
    assert again.feed_position() == (0, 0)
    assert tally.snapshot() == {CORRUPT: 1}
    assert (tmp_path / "replica.db.damaged").exists()
    again.close()


def test_a_replica_of_another_key_is_put_aside(tmp_path: Path) -> None:
    path, tally = tmp_path / "replica.db", FaultTally()
    SqliteReplica(path, b"x" * 32).close()
    replica = SqliteReplica.opened_or_new(path, KEY, tally)
    assert tally.snapshot() == {CORRUPT: 1}
    replica.close()


def test_a_replica_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "replica.db").mkdir()
    with pytest.raises(Fault) as caught:
        SqliteReplica.opened_or_new(tmp_path / "replica.db", KEY, FaultTally())
    assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID


# ---- gallery ------------------------------------------------------------------------------------


def open_gallery(path: Path, tally: FaultTally | None = None) -> SqliteGallery:
    return SqliteGallery(path, KEY, FakeIdSource(), tally or FaultTally(), SHOP.device)


def make_template(seed: int) -> Template:
    vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return Template(make_id(), make_id(), "mbf@1", vector)


def put(gallery: SqliteGallery, template: Template) -> None:
    gallery.add(template, consent_event_id=agree(gallery.ledger, template.member_id))


def raw(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", "raw:" + KEY.hex())
    connection.pragma("foreign_keys", "ON")
    return connection


def test_sealed_rows_put_in_anothers_place_do_not_open(tmp_path: Path) -> None:
    path, tally = tmp_path / "gallery.db", FaultTally()
    gallery = open_gallery(path)
    mine, hers = make_template(1), make_template(2)
    for template in (mine, hers):
        put(gallery, template)
    gallery.close()
    connection = raw(path)
    connection.execute(
        "UPDATE template SET sealed = (SELECT sealed FROM template WHERE member_id = ?1),"
        " ids = (SELECT ids FROM template WHERE member_id = ?1) WHERE member_id = ?2",
        (hers.member_id.bytes, mine.member_id.bytes),
    )
    connection.close()
    gallery = open_gallery(path, tally)
    assert [one.template_id for one in gallery.load("mbf@1")] == [hers.template_id]
    assert tally.snapshot() == {CORRUPT: 1}
    gallery.close()


def test_a_gallery_begun_with_smaller_pages_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(gallery_binding, "PAGE_BYTES", 4_096)
        gallery = open_gallery(tmp_path / "old.db")
        first = make_template(1)
        put(gallery, first)
        gallery.close()
    gallery = open_gallery(tmp_path / "old.db")
    second = make_template(2)
    put(gallery, second)
    assert [one.template_id for one in gallery.load("mbf@1")] == [
        first.template_id,
        second.template_id,
    ]
    gallery.close()
    open_gallery(tmp_path / "new.db").close()
    sizes = [raw(tmp_path / name).pragma("page_size") for name in ("old.db", "new.db")]
    assert sizes == [4_096, 16_384]


def test_another_box_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    gallery = open_gallery(path)
    put(gallery, make_template(1))
    gallery.close()
    with pytest.raises(Fault) as caught:
        SqliteGallery(path, KEY, FakeIdSource(), FaultTally(), make_id())
    assert caught.value.code == FaultCode.DISK_KEY_WRONG


def test_the_tables_themselves_refuse_what_no_consent_covers(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    gallery = open_gallery(path)
    held, other = make_template(1), make_id()
    put(gallery, held)
    hers = agree(gallery.ledger, other)
    gallery.close()
    connection = raw(path)
    member = held.member_id.bytes
    refused = (
        ("INSERT INTO holder VALUES (?, ?, x'00', 0, 0, 0)", (make_id().bytes, hers.bytes)),
        ("INSERT INTO holder VALUES (?, ?, x'00', 0, 0, 0)", (make_id().bytes, bytes(16))),
        (
            "INSERT INTO template (member_id, model_id, epoch, ids, sealed) VALUES (?,'m',1,?,x'')",
            (other.bytes, bytes(16)),
        ),
        ("UPDATE template SET member_id = ? WHERE member_id = ?", (other.bytes, member)),
        ("UPDATE holder SET member_id = ? WHERE member_id = ?", (make_id().bytes, member)),
        ("UPDATE holder SET consent_id = ? WHERE member_id = ?", (hers.bytes, member)),
        ("UPDATE consent SET given = 0 WHERE member_id = ?", (member,)),
        ("DELETE FROM consent WHERE member_id = ?", (member,)),
        ("DELETE FROM rotation WHERE epoch > ?", (0,)),
    )
    for sql, values in refused:
        with pytest.raises(apsw.ConstraintError):
            connection.execute(sql, values)
    assert list(connection.execute("SELECT count(*) FROM template")) == [(1,)]
    connection.close()


def test_an_embedding_is_not_in_the_file_even_for_who_has_its_key(tmp_path: Path) -> None:
    path, template = tmp_path / "gallery.db", make_template(3)
    gallery = open_gallery(path)
    put(gallery, template)
    gallery.close()
    connection = raw(path)
    (sealed,) = next(iter(connection.execute("SELECT sealed FROM template")))
    connection.close()
    for written in (np.float32, np.float64, np.float16):
        assert template.embedding.astype(written).tobytes()[:16] not in sealed


def test_an_erased_template_leaves_no_page_behind(tmp_path: Path) -> None:
    path, template = tmp_path / "gallery.db", make_template(4)
    gallery = open_gallery(path)
    put(gallery, template)
    rows = gallery._file.rows("SELECT sealed, wrapped FROM template JOIN holder USING (member_id)")
    assert gallery.erase(template.member_id, "withdrawn", NOON_MS) is not None
    assert (tmp_path / "gallery.db-wal").stat().st_size == 0
    gallery.close()
    connection = raw(path)
    connection.pragma("rekey", "")
    connection.close()
    for piece in rows[0]:
        assert bytes(piece)[12:40] not in path.read_bytes()


def test_a_new_epoch_turns_every_row_and_destroys_the_old_key(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    gallery = open_gallery(path)
    faces = [make_template(seed) for seed in range(5)]
    first = gallery.rotation.epoch
    before = [gallery.rotation.turn(face.embedding) for face in faces]
    for face, turned in zip(faces, before, strict=True):
        put(gallery, replace(face, embedding=turned))
    new = gallery.rotate()
    gallery.close()
    assert (first, new.epoch) == (1, 2)
    gallery = open_gallery(path)
    assert gallery.rotation.epoch == 2
    held = {one.template_id: one.embedding for one in gallery.load("mbf@1")}
    for face, turned in zip(faces, before, strict=True):
        size = float(face.embedding @ face.embedding)
        stored = held[face.template_id]
        assert float(stored @ gallery.rotation.turn(face.embedding)) / size > 1 - 1e-4
        assert abs(float(stored @ turned)) / size < 0.5
    assert gallery._file.rows("SELECT epoch FROM rotation") == [(2,)]
    gallery.close()


def test_a_row_that_does_not_open_does_not_keep_the_others_from_turning(tmp_path: Path) -> None:
    path, tally = tmp_path / "gallery.db", FaultTally()
    gallery = open_gallery(path, tally)
    sound, damaged = make_template(1), make_template(2)
    for template in (sound, damaged):
        put(gallery, template)
    with gallery._file.transaction() as db:
        db.execute(
            "UPDATE template SET sealed = zeroblob(60) WHERE member_id = ?",
            (damaged.member_id.bytes,),
        )
    assert gallery.rotate().epoch == 2
    assert [one.template_id for one in gallery.load("mbf@1")] == [sound.template_id]
    assert tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT.value: 2}, "met twice"
    gallery.close()


def test_a_log_that_cannot_be_emptied_is_said_and_spoils_neither_rotation_nor_erasure(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gallery.db"
    gallery, template = open_gallery(path), make_template(1)
    put(gallery, template)
    reader = raw(path)
    reader.execute("BEGIN; SELECT count(*) FROM template").fetchall()
    gallery._file.writer.set_busy_timeout(1)
    assert gallery.rotate().epoch == gallery.rotation.epoch == 2
    erasure = gallery.erase(template.member_id, "withdrawn", NOON_MS)
    assert erasure is not None
    assert not erasure.scrubbed
    reader.close()
    gallery.close()


# ---- documents ----------------------------------------------------------------------------------


def test_documents_are_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    first = TinyDocuments(path, FaultTally())
    first.put("lane", {"camera": "前台"})
    first.close()
    again = TinyDocuments(path, FaultTally())
    assert again.get("lane") == {"camera": "前台"}
    again.close()


@pytest.mark.parametrize("left", [0, 5, len(MAGIC) + 12, -3])
def test_a_torn_copy_falls_back_to_the_previous_one(tmp_path: Path, left: int) -> None:
    path, tally = tmp_path / "documents.json", FaultTally()
    documents = TinyDocuments(path, tally)
    documents.put("lane", {"n": 1})
    documents.put("lane", {"n": 2})
    path.write_bytes(path.read_bytes()[:left])
    assert documents.get("lane") == {"n": 1}
    assert tally.snapshot()[CORRUPT] >= 1
    documents.put("lane", {"n": 3})
    assert documents.get("lane") == {"n": 3}
    path.write_bytes(b"torn again")
    assert documents.get("lane") == {"n": 1}, "the damaged copy never replaced the good one"
    documents.close()


def test_two_damaged_copies_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    documents = TinyDocuments(path, FaultTally())
    documents.put("lane", {"n": 1})
    documents.put("lane", {"n": 2})
    for copy in tmp_path.iterdir():
        copy.write_bytes(b"x")
    with pytest.raises(Fault) as caught:
        documents.get("lane")
    assert caught.value.code == FaultCode.DISK_DOCUMENT_CORRUPT
    documents.close()


def test_an_unfinished_write_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    documents = TinyDocuments(path, FaultTally())
    documents.put("lane", {"n": 1})
    (tmp_path / "documents.json.new").write_bytes(b"half a docu")
    assert documents.get("lane") == {"n": 1}
    documents.put("lane", {"n": 2})
    assert documents.get("lane") == {"n": 2}
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "documents.json",
        "documents.json.previous",
    ]
    documents.close()


def test_the_checksum_covers_every_byte() -> None:
    content = pack({"t": {"1": {"name": "店"}}})
    assert unpack(content) == {"t": {"1": {"name": "店"}}}
    for at in range(len(content)):
        flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(ValueError, match="checksum"):
            unpack(flipped)
