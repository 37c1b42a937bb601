"""Postings are written with their balances, and whoever holds their members hears of it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from cloud_broker.domain.points import Moment, new_posting
from cloud_broker.domain.postings import sums_up
from cloud_broker.ports.ledger import Merge
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Unit
from cloud_broker.services.points.books import WalletBooks
from cloud_broker.services.stores.refresh import refresh
from retail_core.loyalty.lots import Lot
from retail_core.loyalty.merging import merging
from retail_core.loyalty.postings import MERGE, MemberPurse, Posting


def post(
    unit: Unit,
    tenant: UUID,
    under: UUID,
    postings: Iterable[tuple[Posting, UUID]],
    moment: Moment,
) -> None:
    """Append postings (each with the wallet it stands under) and move their balances."""
    made = list(postings)
    unit.ledger.add_postings(
        [new_posting(tenant, under, posting, wallet, moment) for posting, wallet in made]
    )
    unit.journal.move_balances(sums_up(posting for posting, _ in made), moment.now_ms)
    unit.placements.queue({wallet for _, wallet in made}, moment.now_ms)


def tell(unit: Unit, tenant: UUID, members: set[UUID], now_ms: int) -> None:
    """Let the stores that hold these members, and whoever is looking, hear of it."""
    refresh(unit, members, now_ms)
    unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))


def sweep(unit: Unit, tenant: UUID, merge: Merge, books: WalletBooks, moment: Moment) -> int:
    """Move what lies in a merged wallet to where it belongs; return how many postings it took."""
    nth = 1 + max((posting.nth for posting in merge_postings(unit, merge)), default=-1)
    wallet = merge.from_wallet
    lots: dict[MemberPurse, Sequence[tuple[Lot, int]]] = {
        "free": books.book.lots(wallet),
        "pending": books.book.lots(wallet, "pending"),
    }
    made = merging(wallet, merge.into_wallet, books.purses, lots, nth)
    post(unit, tenant, merge.merge_id, [(one, wallet) for one in made], moment)
    return len(made)


def merge_postings(unit: Unit, merge: Merge) -> list[Posting]:
    """Return what a merge and its sweeps moved so far."""
    return [
        one.posting
        for one in unit.ledger.dated([merge.from_wallet])
        if one.key.receipt_id == merge.merge_id and one.key.kind == MERGE
    ]
