"""What older versions sent and wrote is read by the code of the day."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from retail_core.catalog.delta import open_delta
from retail_core.catalog.encoding import open_catalogue
from retail_core.wire.codec import decode_member, encode_body
from retail_core.wire.snapshot import open_rows
from tests.factories.wire import examples, member_record
from tests.factories.wire_sync import snapshot_examples
from tests.unit.retail_core.test_wire_golden import DECODERS
from tools.snapshot_wire import FOLDER, main, wire_of_today

DOCUMENTS: dict[str, Callable[[bytes], object]] = {
    "doc_segment": lambda raw: [decode_member(row.record) for row in open_rows(raw)],
    "doc_delta": lambda raw: open_delta(raw).version,
    "doc_catalogue": lambda raw: open_catalogue(raw).version,
}
OLD = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_what_an_older_version_sent_is_read(path: Path) -> None:
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    assert kept
    for name, raw in kept.items():
        (DECODERS | DOCUMENTS)[name](bytes.fromhex(raw))


def test_a_message_of_before_a_field_was_added_says_its_default() -> None:
    kept = json.loads((FOLDER / "v0.1.json").read_text(encoding="utf-8"))
    published = DECODERS["published"](bytes.fromhex(kept["published"]))
    assert published == examples()["published"]
    assert kept["published"] != wire_of_today()["published"], "it was shorter then"


def test_the_newest_file_knows_every_document() -> None:
    kept = json.loads(OLD[0].read_text(encoding="utf-8")) | json.loads(OLD[-1].read_text("utf-8"))
    assert snapshot_examples(encode_body(member_record())).keys() <= kept.keys()
    raw = bytes.fromhex(json.loads((FOLDER / "2026-11.json").read_text("utf-8"))["doc_segment"])
    # It was written before words but that on faces travelled when they were taken back.
    faces = {"walk_up_withdrawn_ms": 0, "guardian_withdrawn_ms": 0}
    older = replace(member_record(), **faces, worked=(), calls=())
    assert DOCUMENTS["doc_segment"](raw) == [older]


def test_a_file_that_was_written_is_never_written_again() -> None:
    before = OLD[-1].read_bytes()
    assert main(OLD[-1].stem) == 1
    assert OLD[-1].read_bytes() == before
