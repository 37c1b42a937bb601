"""Whoever is erased while the gallery is read into memory again is not in it afterwards."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.bootstrap.basis import Storage
from edge_agent.bootstrap.faces import refilling
from edge_agent.ports.gallery_store import MemberRows, Template
from edge_agent.recognition.gallery import Gallery
from retail_core.tally import FaultTally
from tests.factories.consents import agree
from tests.factories.shop_floor import SHOP
from tests.fakes.ids import FakeIdSource

MODEL = "mbf@1"
KEY = b"k" * 32


class Interrupted(SqliteGallery):
    """One of which a member is erased just after her rows were read."""

    gallery: Gallery

    def rows(self, model_id: str) -> Iterator[MemberRows]:
        """Read, then erase whom the first page holds."""
        for page in super().rows(model_id):
            for member in page.members:
                self.erase(member, "withdrawn", 0)
                self.gallery.remove_member(member)
            yield page


def test_a_member_erased_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    ids = FakeIdSource()
    store = Interrupted(tmp_path / "gallery.db", KEY, ids, FaultTally(), SHOP.device)
    store.gallery = Gallery(MODEL)
    member = ids.uuid7()
    template = Template(ids.uuid7(), member, MODEL, np.eye(8, dtype=np.float32)[0])
    store.add(template, consent_event_id=agree(store.ledger, member))
    refilling(cast("Storage", SimpleNamespace(gallery=store)), (store.gallery,))()
    assert store.gallery.members == 0
    store.close()
