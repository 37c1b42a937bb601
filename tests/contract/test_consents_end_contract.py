"""How long consents are kept, on every store of the box: while they carry something, and 3 years.

`held` stands for the shop's copy of the members; time is lease time.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.domain.consents import (
    FACE_GUARDIAN,
    FACE_LOCAL,
    FACE_ROAMING,
    FACE_WALK_UP,
    MARKETING,
    MEMBERSHIP,
    Consent,
)
from edge_agent.ports.consent_ledger import ConsentLedger
from edge_agent.ports.gallery_store import GalleryStore
from retail_core.identity.face_lease import CONSENT_KEPT_DAYS, DAY_MS
from retail_core.tally import FaultTally
from tests.contract.test_gallery_store_contract import make_template
from tests.factories.consents import agree, make_consent
from tests.factories.shop_floor import SHOP, make_id
from tests.fakes.clock import NOON_MS
from tests.fakes.gallery_store import FakeConsentLedger, FakeGalleryStore
from tests.fakes.ids import FakeIdSource

THREE_YEARS = CONSENT_KEPT_DAYS
KINDS = (MEMBERSHIP, FACE_LOCAL, FACE_ROAMING, FACE_WALK_UP, FACE_GUARDIAN, MARKETING)


def everybody(_member: UUID) -> bool:
    return True


def nobody(_member: UUID) -> bool:
    return False


def sqlite_gallery(folder: Path) -> SqliteGallery:
    return SqliteGallery(
        folder / "gallery.db", b"g" * 32, FakeIdSource(), FaultTally(), SHOP.device
    )


class ConsentsEndContract:
    """The suite; a subclass provides `store` and its `ledger`."""

    def test_a_withdrawn_consent_is_kept_for_three_years(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member = make_id()
        store.add(make_template(member), consent_event_id=agree(ledger, member))
        store.elapsed(10 * DAY_MS)
        assert ledger.settle(everybody) == 0
        erasure = ledger.add_consent(make_consent(member, given=False))
        assert erasure is not None
        ledger.told(erasure.erasure_id)
        assert ledger.settle(everybody) == 0
        store.elapsed((10 + THREE_YEARS) * DAY_MS - 1)
        assert ledger.settle(everybody) == 0
        assert [one.given for one in ledger.words(member)] == [True, False]
        assert ledger.erasures(member) == (erasure,)
        store.elapsed((10 + THREE_YEARS) * DAY_MS)
        assert ledger.settle(everybody) == 2
        assert ledger.words(member) == ()
        assert ledger.erasures(member) == (), "its receipt goes with the last word"

    def test_what_carries_something_is_kept_for_ever(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        member = make_id()
        membership, face = make_consent(member, MEMBERSHIP), make_consent(member)
        again = make_consent(member)
        for word in (membership, face):
            ledger.add_consent(word)
        store.add(make_template(member), consent_event_id=face.consent_id)
        ledger.add_consent(again)
        for year in range(10):
            store.elapsed(year * 365 * DAY_MS)
            assert ledger.settle(everybody) == 0
        assert ledger.words(member) == (membership, face, again), "the template names the first"

    def test_a_yes_without_templates_is_not_relied_on_for_ever(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        idle, back = make_id(), make_id()
        words = {member: agree(ledger, member) for member in (idle, back)}
        for member in (idle, back):
            store.add(make_template(member), consent_event_id=words[member])
            store.erase(member, "unused", NOON_MS)
        ledger.settle(everybody)
        store.elapsed((THREE_YEARS - 1) * DAY_MS)
        store.add(make_template(back), consent_event_id=words[back])
        store.elapsed(THREE_YEARS * DAY_MS)
        assert ledger.settle(everybody) == 1
        assert ledger.word(idle, FACE_LOCAL) is None
        word = ledger.word(back, FACE_LOCAL)
        assert word is not None
        assert word.consent_id == words[back]
        assert len(ledger.untold()) == 2, "a receipt that is owed is not lost"

    def test_a_member_who_left_is_forgotten_three_years_later(
        self, store: GalleryStore, ledger: ConsentLedger
    ) -> None:
        left, returned = make_id(), make_id()
        for member in (left, returned):
            ledger.add_consent(make_consent(member, MEMBERSHIP))
            ledger.add_consent(make_consent(member, MARKETING))
        ledger.settle(nobody)
        store.elapsed(THREE_YEARS * DAY_MS)
        assert ledger.settle(lambda member: member == returned) == 2
        assert ledger.words(left) == ()
        store.elapsed((2 * THREE_YEARS - 1) * DAY_MS)
        ledger.settle(nobody)
        store.elapsed((2 * THREE_YEARS + 1) * DAY_MS)
        assert ledger.settle(nobody) == 0, "her return stopped the time"
        assert len(ledger.words(returned)) == 2


class TestFakeLedger(ConsentsEndContract):
    @pytest.fixture
    def store(self) -> FakeGalleryStore:
        return FakeGalleryStore()

    @pytest.fixture
    def ledger(self, store: FakeGalleryStore) -> FakeConsentLedger:
        return store.ledger


class TestSqliteLedger(ConsentsEndContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteGallery]:
        store = sqlite_gallery(tmp_path)
        yield store
        store.close()

    @pytest.fixture
    def ledger(self, store: SqliteGallery) -> ConsentLedger:
        return store.ledger

    def test_the_tables_let_no_word_go_before_its_time(self, store: SqliteGallery) -> None:
        member = make_id()
        yes, no = make_consent(member), make_consent(member, given=False)
        for word in (yes, no, make_consent(make_id(), MEMBERSHIP)):
            store.ledger.add_consent(word)
        store.ledger.settle(everybody)
        with pytest.raises(apsw.ConstraintError, match="three years"):
            store._file.writer.execute("DELETE FROM consent")
        with pytest.raises(apsw.ConstraintError, match="on its day"):
            store._file.writer.execute(
                "INSERT INTO ended SELECT consent_id, -2000 FROM consent WHERE kind = 'membership'"
            )
        with pytest.raises(apsw.ConstraintError, match="not moved"):
            store._file.writer.execute("UPDATE ended SET day = -2000")
        store.elapsed(THREE_YEARS * DAY_MS)
        with pytest.raises(apsw.ConstraintError, match="oldest"):
            store._file.writer.execute(
                "DELETE FROM consent WHERE consent_id = ?", (no.consent_id.bytes,)
            )
        assert store.ledger.words(member) == (yes, no)


# Which of two members, which kind, yes or no, and how many days pass before it is said.
SAYINGS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(KINDS),
        st.booleans(),
        st.sampled_from((0, 1, 400, 1_100)),
    ),
    max_size=14,
)


@given(sayings=SAYINGS)
@settings(max_examples=10, deadline=None)
def test_forgetting_old_words_never_changes_what_stands(
    sayings: list[tuple[int, str, bool, int]],
) -> None:
    """Law: a settling deletes no word that ended less than three years ago, and revives no yes."""
    with TemporaryDirectory() as folder:
        store = sqlite_gallery(Path(folder))
        fake = FakeGalleryStore()
        members, day = (make_id(), make_id()), 0
        said: list[tuple[int, Consent]] = []
        for who, kind, yes, days in sayings:
            day += days
            word = make_consent(members[who], kind, given=yes)
            for one in (store, fake):
                one.elapsed(day * DAY_MS)
                one.ledger.add_consent(word)
            said.append((day, word))
            before = {(her, one): stands(store, her, one) for her in members for one in KINDS}
            assert store.ledger.settle(everybody) == fake.ledger.settle(everybody)
            for (her, kept), stood in before.items():
                now = stands(store, her, kept)
                assert now == stood or (not now and kept.startswith("face."))
            young = [word for at, word in said if day - at < THREE_YEARS]
            assert all(store.ledger.knows(word.consent_id) for word in young)
        for member in members:
            assert store.ledger.words(member) == fake.ledger.words(member)
        store.close()


def stands(store: SqliteGallery, member: UUID, kind: str) -> bool:
    word = store.ledger.word(member, kind)
    return word is not None and word.given
