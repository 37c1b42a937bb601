"""A small change of the catalogue does in a box exactly what the whole catalogue would do."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.shop.shelf import Shelf
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.delta import encode_delta
from retail_core.catalog.encoding import Catalogue, encode_catalogue, open_catalogue
from retail_core.catalog.price_lists import ListPrice, store_scope
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.messages import WIRE_VERSION, Published
from tests.factories.shop_floor import MASK, SHOP, SOAP
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.replica import FakeReplica

OWN = store_scope(SHOP.store.hex)
SKUS = ("A", "B", "C")
DAYS = (20_260_730, 20_260_731, 20_260_802)


def article(sku: str, fen: int, codes: tuple[str, ...]) -> Article:
    return Article(UUID(int=ord(sku)), sku, f"品{sku}", "个", fen, codes)


def of_one_catalogue(drawn: list[Article]) -> list[Article]:
    """Let each article and each barcode stand once, as in every catalogue that HQ can publish."""
    kept: dict[str, Article] = {}
    for one in drawn:
        taken = {code for other in kept.values() for code in other.barcodes}
        if one.sku not in kept:
            kept[one.sku] = replace(one, barcodes=tuple(c for c in one.barcodes if c not in taken))
    return list(kept.values())


ARTICLES = st.lists(
    st.builds(
        article,
        st.sampled_from(SKUS),
        st.integers(1, 9),
        st.lists(st.sampled_from(("690", "691", "692")), max_size=2, unique=True).map(tuple),
    ),
    max_size=4,
).map(of_one_catalogue)
PRICES = st.builds(
    ListPrice,
    st.sampled_from(SKUS),
    st.sampled_from(("", OWN, "r:else")),
    st.sampled_from(DAYS),
    st.none() | st.integers(1, 9),
)


def catalogue(version: int, articles: Sequence[Article], prices: Sequence[ListPrice]) -> Catalogue:
    by_sku = {one.sku: one for one in articles}
    listed = {(one.sku, one.scope, one.day): one for one in prices}
    content = encode_catalogue(version, by_sku.values(), day=20_260_731, prices=listed.values())
    return open_catalogue(content)


class Box:
    """A box with a shelf, before a cloud in memory."""

    def __init__(self) -> None:
        self.replica = FakeReplica()
        self.directory = FakeCloudDirectory()
        self.tally = FaultTally()
        clock = FakeClock()
        self.shelf = Shelf(self.replica, self.directory, SHOP, clock)
        self.line = Downlink(
            self.replica,
            self.directory,
            clock,
            self.tally,
            bundle_public_key=b"k" * 32,
            shelf=self.shelf,
        )

    def announced(self, content: bytes, before: bytes, delta: bytes) -> None:
        version = open_catalogue(content).version
        self.directory.catalogues[version] = content
        frame = Published(
            WIRE_VERSION,
            "catalogue",
            version,
            sha256(content).digest(),
            len(content),
            version - 1,
            sha256(before).digest(),
            delta,
        )
        self.line.take(Inbound("all/catalogue", encode(frame)))
        self.line.settle()

    def shown(self) -> object:
        prices = sorted(self.replica.list_prices(), key=lambda one: (one.sku, one.scope, one.day))
        codes = [self.replica.article_by_barcode(code) for code in ("690", "691", "692")]
        return [self.replica.article_by_sku(sku) for sku in SKUS], codes, prices


@given(
    ARTICLES,
    st.lists(PRICES, max_size=5),
    ARTICLES,
    st.lists(PRICES, max_size=5),
)
def test_a_step_ends_where_the_whole_does(
    old: list[Article], old_prices: list[ListPrice], new: list[Article], prices: list[ListPrice]
) -> None:
    before, after = catalogue(1, old, old_prices), catalogue(2, new, prices)
    delta = encode_delta(before, after, limits.CATALOGUE_DELTA_BYTES_MAX)
    if delta is None:
        return
    stepped, whole = Box(), Box()
    stepped.shelf.take(before, b"1" * 32)
    frame = Published(WIRE_VERSION, "catalogue", 2, b"2" * 32, 1, 1, b"1" * 32, delta)
    assert stepped.shelf.step(frame)
    whole.shelf.take(after)
    assert stepped.shown() == whole.shown()
    assert stepped.replica.catalogue_version() == 2


FIRST = encode_catalogue(1, [SOAP, MASK], day=20_260_731)
SECOND = encode_catalogue(2, [replace(SOAP, price_fen=1_490), MASK], day=20_260_731)


def delta_between(one: bytes, two: bytes) -> bytes:
    delta = encode_delta(open_catalogue(one), open_catalogue(two), limits.CATALOGUE_DELTA_BYTES_MAX)
    assert delta is not None
    return delta


def test_one_price_travels_in_its_announcement() -> None:
    box = Box()
    box.announced(FIRST, b"", b"")
    box.directory.asked.clear()
    delta = delta_between(FIRST, SECOND)
    assert len(delta) < 150
    box.announced(SECOND, FIRST, delta)
    assert box.directory.asked == [], "nothing was fetched"
    found = box.replica.article_by_sku("SOAP")
    assert found is not None
    assert found.price_fen == 1_490


def test_a_box_that_missed_a_version_fetches_the_whole() -> None:
    box = Box()
    third = encode_catalogue(3, [SOAP, MASK], day=20_260_731)
    box.announced(FIRST, b"", b"")
    box.announced(third, SECOND, delta_between(SECOND, third))
    assert "catalogue 3" in box.directory.asked
    assert box.replica.catalogue_version() == 3
    assert box.tally.snapshot() == {FaultCode.CATALOGUE_DELTA_MISFIT.value: 1}


def test_a_small_change_that_only_a_newer_box_can_read_is_fetched_as_the_whole() -> None:
    box = Box()
    box.announced(FIRST, b"", b"")
    box.announced(SECOND, FIRST, b"\x96\x09\x01\x01\x90\x90\x90")
    assert box.replica.catalogue_version() == 2, "a shop may not stay at yesterday's prices"
    assert box.tally.snapshot() == {FaultCode.WIRE_VERSION.value: 1}
