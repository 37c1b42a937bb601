"""What every store of face templates does."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.ports.gallery_store import GalleryStore, Template
from retail_core.tally import FaultTally
from tests.factories.shop_floor import make_id
from tests.fakes.gallery_store import FakeGalleryStore
from tests.fakes.ids import FakeIdSource

CONSENT = make_id()


def make_template(member: UUID, model: str = "mbf@1", *, seed: int = 1) -> Template:
    vector = np.random.default_rng(seed).normal(size=512).astype(np.float32)
    return Template(make_id(), member, model, vector / np.linalg.norm(vector))


def same(left: Template, right: Template) -> bool:
    return (left.template_id, left.member_id, left.model_id) == (
        right.template_id,
        right.member_id,
        right.model_id,
    ) and np.array_equal(left.embedding, right.embedding)


class GalleryStoreContract:
    """The suite; a subclass provides `store`."""

    def test_gives_back_the_very_embedding(self, store: GalleryStore) -> None:
        template = make_template(make_id())
        store.add(template, consent_event_id=CONSENT)
        (loaded,) = store.load("mbf@1")
        assert same(loaded, template)
        assert loaded.embedding.dtype == np.float32
        assert loaded.embedding.shape == (512,)

    def test_never_mixes_models(self, store: GalleryStore) -> None:
        old, new = make_template(make_id(), "mbf@1"), make_template(make_id(), "mbf@2")
        store.add(old, consent_event_id=CONSENT)
        store.add(new, consent_event_id=CONSENT)
        assert same(store.load("mbf@2")[0], new)
        assert len(store.load("mbf@1")) == 1
        assert store.load("other") == ()

    def test_erases_a_member_and_nobody_else(self, store: GalleryStore) -> None:
        gone, stays = make_id(), make_id()
        for seed in range(3):
            store.add(make_template(gone, seed=seed), consent_event_id=CONSENT)
        store.add(make_template(stays), consent_event_id=CONSENT)
        assert store.delete_member(gone) == 3
        assert store.delete_member(gone) == 0
        assert [template.member_id for template in store.load("mbf@1")] == [stays]

    def test_closes_twice(self, store: GalleryStore) -> None:
        store.close()
        store.close()


class TestFakeGalleryStore(GalleryStoreContract):
    @pytest.fixture
    def store(self) -> FakeGalleryStore:
        return FakeGalleryStore()


class TestSqliteGallery(GalleryStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteGallery]:
        store = SqliteGallery(tmp_path / "gallery.db", b"g" * 32, FakeIdSource(), FaultTally())
        yield store
        store.close()
