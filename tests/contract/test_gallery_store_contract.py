"""What every store of face templates, with the ledger of consents it rests on, does."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.domain.consents import (
    FACE_GUARDIAN,
    FACE_LOCAL,
    FACE_ROAMING,
    FACE_WALK_UP,
    MARKETING,
    MEMBERSHIP,
    TOO_YOUNG,
    UNDECLARED,
)
from edge_agent.ports.consent_ledger import ConsentLedger
from edge_agent.ports.gallery_store import GalleryStore, Template
from edge_agent.ports.vault import Vault
from edge_agent.recognition.gallery import Gallery
from retail_core.errors import Fault
from retail_core.identity.face_lease import DAY_MS, LOCAL_LEASE_MS, Lease
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.consents import agree, make_consent
from tests.factories.shop_floor import SHOP, make_id
from tests.fakes.clock import NOON_MS
from tests.fakes.gallery_store import FakeConsentLedger, FakeGalleryStore, FakeVault
from tests.fakes.ids import FakeIdSource

COSINE_KEPT = 1e-4


def make_template(member: UUID, model: str = "mbf@1", *, seed: int = 1) -> Template:
    vector = np.random.default_rng(seed).normal(size=512).astype(np.float32)
    return Template(make_id(), member, model, vector / np.linalg.norm(vector))


def same(left: Template, right: Template) -> bool:
    return (left.template_id, left.member_id, left.model_id) == (
        right.template_id,
        right.member_id,
        right.model_id,
    ) and float(left.embedding @ right.embedding) > 1 - COSINE_KEPT


class GalleryStoreContract:
    """The suite; a subclass provides `store` and its `ledger`."""

    def test_gives_back_the_embedding(self, store: GalleryStore, ledger: ConsentLedger) -> None:
        template = make_template(make_id())
        store.add(template, consent_event_id=agree(ledger, template.member_id))
        (loaded,) = tuple(store.load("mbf@1"))
        assert same(loaded, template)
        assert loaded.embedding.dtype == np.float32
        assert loaded.embedding.shape == (512,)

    def test_never_mixes_models(self, store: GalleryStore, ledger: ConsentLedger) -> None:
        old, new = make_template(make_id(), "mbf@1"), make_template(make_id(), "mbf@2")
        for template in (old, new):
            store.add(template, consent_event_id=agree(ledger, template.member_id))
        assert same(next(iter(store.load("mbf@2"))), new)
        assert len(tuple(store.load("mbf@1"))) == 1
        assert tuple(store.load("other")) == ()

    def test_a_gallery_filled_from_rows_is_the_one_filled_from_templates(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        members = [make_id() for _ in range(3)]
        for owner in members:
            consent = agree(ledger, owner)
            for seed in range(2):
                template = make_template(owner, seed=owner.int % 1_000 + seed)
                store.add(template, consent_event_id=consent)
        one_by_one, at_once = Gallery("mbf@1", store.load("mbf@1")), Gallery("mbf@1")
        at_once.fill_rows(store.rows("mbf@1"))
        assert (len(at_once), at_once.members) == (6, 3)
        probe = make_template(members[1], seed=members[1].int % 1_000).embedding
        assert at_once.search(probe) == one_by_one.search(probe)
        at_once.fill_rows(store.rows("other"))
        assert len(at_once) == 6

    def test_one_model_of_a_member_goes_and_the_other_stays(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member, other = make_id(), make_id()
        consents = {one: agree(ledger, one) for one in (member, other)}
        for owner, model in ((member, "mbf@1"), (member, "mbf@2"), (other, "mbf@1")):
            for seed in (1, 2):
                fresh = make_template(owner, model, seed=seed)
                store.add(fresh, consent_event_id=consents[owner])
        assert store.drop_model(member, "mbf@1") == 2
        assert store.drop_model(member, "mbf@1") == 0
        assert {one.member_id for one in store.load("mbf@1")} == {other}
        assert len(tuple(store.load("mbf@2"))) == 2
        held = store.holder(member)
        assert held is not None
        assert held.models == ("mbf@2",)

    def test_refuses_a_template_without_a_standing_consent(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member, other = make_id(), make_id()
        hers = agree(ledger, other)
        roaming = make_consent(member, FACE_ROAMING)
        ledger.add_consent(roaming)
        for consent_id in (make_id(), hers, roaming.consent_id):
            with pytest.raises(Fault) as caught:
                store.add(make_template(member), consent_event_id=consent_id)
            assert caught.value.code is FaultCode.FACE_CONSENT_MISSING
        assert tuple(store.load("mbf@1")) == ()
        assert store.holders() == ()

    def test_who_walks_up_said_so_after_agreeing_to_templates(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member, other = make_id(), make_id()
        assert ledger.walk_up() == frozenset()
        for one in (member, other):
            store.add(make_template(one), consent_event_id=agree(ledger, one))
        ledger.add_consent(make_consent(member, FACE_WALK_UP))
        assert ledger.walk_up() == {member}
        ledger.add_consent(make_consent(member, FACE_WALK_UP, given=False))
        assert ledger.walk_up() == frozenset()
        ledger.add_consent(make_consent(member, FACE_WALK_UP))
        ledger.add_consent(make_consent(member, given=False))
        assert ledger.walk_up() == frozenset(), "nothing is held of her face"
        store.add(make_template(member), consent_event_id=agree(ledger, member))
        assert ledger.walk_up() == frozenset(), "agreeing to faces anew does not bring it back"
        ledger.add_consent(make_consent(member, FACE_WALK_UP))
        assert ledger.walk_up() == {member}
        assert store.holder(other) is not None

    def test_refuses_a_template_under_a_withdrawn_or_older_word(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member = make_id()
        first = agree(ledger, member)
        ledger.add_consent(make_consent(member, given=False))
        with pytest.raises(Fault, match="R108"):
            store.add(make_template(member), consent_event_id=first)
        again = agree(ledger, member)
        with pytest.raises(Fault, match="R108"):
            store.add(make_template(member), consent_event_id=first)
        store.add(make_template(member), consent_event_id=again)
        assert len(tuple(store.load("mbf@1"))) == 1

    def test_erases_a_member_and_nobody_else(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        gone, stays = make_id(), make_id()
        consents = {member: agree(ledger, member) for member in (gone, stays)}
        templates = [make_template(gone, seed=seed) for seed in range(3)]
        for template in (*templates, make_template(stays)):
            store.add(template, consent_event_id=consents[template.member_id])
        erasure = store.erase(gone, "expired", NOON_MS)
        assert erasure is not None
        assert set(erasure.template_ids) == {one.template_id for one in templates}
        assert (erasure.member_id, erasure.cause) == (gone, "expired")
        assert ledger.untold() == ledger.erasures(gone) == (erasure,)
        ledger.told(erasure.erasure_id)
        assert ledger.untold() == ()
        assert store.erase(gone, "expired", NOON_MS) is None
        assert [template.member_id for template in tuple(store.load("mbf@1"))] == [stays]

    def test_counts_what_is_held_and_how_long(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member = make_id()
        consent = agree(ledger, member)
        store.elapsed(2 * DAY_MS)
        store.elapsed(DAY_MS)
        for seed, model in ((1, "a@1"), (2, "a@1"), (3, "b@1")):
            store.add(make_template(member, model, seed=seed), consent_event_id=consent)
        held = store.holder(member)
        assert held is not None
        assert (held.templates, held.models) == (3, ("a@1", "b@1"))
        assert (held.consent_id, held.since_ms) == (consent, NOON_MS)
        assert held.used_day == 2
        assert held.expires_ms == 2 * DAY_MS + LOCAL_LEASE_MS
        store.renew([member], 99 * DAY_MS)
        store.used([member, make_id()], 5)
        (held,) = store.holders()
        assert (held.expires_ms, held.used_day) == (99 * DAY_MS, 5)
        assert store.leases() == (Lease(member, 99 * DAY_MS, 5),)
        assert store.holder(make_id()) is None

    # ---- the ledger -----------------------------------------------------------------------------

    def test_the_newest_word_counts(self, ledger: ConsentLedger) -> None:
        member = make_id()
        first = make_consent(member)
        ledger.add_consent(first)
        last = make_consent(member, given=False)
        ledger.add_consent(last)
        ledger.add_consent(first)
        assert ledger.word(member, FACE_LOCAL) == last
        assert ledger.word(member, MARKETING) is None
        assert ledger.words(member) == (first, last)
        assert ledger.knows(first.consent_id)
        assert not ledger.knows(make_id())

    @pytest.mark.parametrize("kind", [FACE_LOCAL, MEMBERSHIP])
    def test_a_withdrawal_takes_the_templates_along(
        self, store: GalleryStore, ledger: ConsentLedger, kind: str
    ) -> None:
        template = make_template(make_id())
        store.add(template, consent_event_id=agree(ledger, template.member_id))
        erasure = ledger.add_consent(make_consent(template.member_id, kind, given=False))
        assert erasure is not None
        assert erasure.template_ids == (template.template_id,)
        assert erasure.cause == "withdrawn"
        assert tuple(store.load("mbf@1")) == ()
        assert store.holders() == ()

    def test_withdrawing_something_else_leaves_the_templates(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        template = make_template(make_id())
        store.add(template, consent_event_id=agree(ledger, template.member_id))
        for kind in (MARKETING, FACE_ROAMING, FACE_GUARDIAN):
            word = make_consent(template.member_id, kind, given=False)
            assert ledger.add_consent(word) is None
        assert len(tuple(store.load("mbf@1"))) == 1

    @pytest.mark.parametrize("age", [UNDECLARED, TOO_YOUNG])
    def test_faces_need_an_age_or_a_guardian(
        self, store: GalleryStore, ledger: ConsentLedger, age: str
    ) -> None:
        child = make_id()
        wish = make_consent(child, age=age)
        with pytest.raises(Fault) as caught:
            ledger.add_consent(wish)
        assert caught.value.code is FaultCode.FACE_MINOR
        assert ledger.words(child) == ()
        ledger.add_consent(make_consent(child, FACE_GUARDIAN, age=age))
        ledger.add_consent(wish)
        store.add(make_template(child), consent_event_id=wish.consent_id)
        erasure = ledger.add_consent(make_consent(child, FACE_GUARDIAN, given=False, age=age))
        assert erasure is not None, "without the guardian's word the child's template goes"
        assert store.holders() == ()

    def test_closes_twice(self, store: GalleryStore) -> None:
        store.close()
        store.close()


class VaultContract:
    """The suite of the small secrets; a subclass provides `vault`."""

    def test_keeps_the_last_word_under_a_name(self, vault: Vault) -> None:
        assert vault.get("key") is None
        vault.put("key", b"one")
        vault.put("key", b"two")
        vault.put("other", b"")
        assert (vault.get("key"), vault.get("other")) == (b"two", b"")


class TestFakeGalleryStore(GalleryStoreContract, VaultContract):
    @pytest.fixture
    def store(self) -> FakeGalleryStore:
        return FakeGalleryStore()

    @pytest.fixture
    def ledger(self, store: FakeGalleryStore) -> FakeConsentLedger:
        return store.ledger

    @pytest.fixture
    def vault(self, store: FakeGalleryStore) -> FakeVault:
        return store.vault


class TestSqliteGallery(GalleryStoreContract, VaultContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteGallery]:
        store = SqliteGallery(
            tmp_path / "gallery.db", b"g" * 32, FakeIdSource(), FaultTally(), SHOP.device
        )
        yield store
        store.close()

    @pytest.fixture
    def ledger(self, store: SqliteGallery) -> ConsentLedger:
        return store.ledger

    @pytest.fixture
    def vault(self, store: SqliteGallery) -> Vault:
        return store.vault
