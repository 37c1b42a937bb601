"""What the books hold of the points that a batch touches, and one wallet's books as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.ingest_effects import Facts
from cloud_broker.domain.points_plan import PURSES
from cloud_broker.ports.unit import Unit
from retail_core.loyalty.lots import LotBook, fold
from retail_core.loyalty.policy import Policies
from retail_core.loyalty.postings import MemberPurse, brand_account, member_account
from retail_core.wire.codec import Body
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund


def look_up_points(unit: Unit, opened: Sequence[tuple[Arrival, Body]], facts: Facts) -> None:
    """Add what refunds and pending points need; a batch without any costs nothing."""
    if any(
        posting.credit.endswith(":pending")
        for _, body in opened
        if isinstance(body, Sale)
        for posting in body.postings
    ):
        facts.policies = unit.points_desk.policies()
    refunds = [(arrival, body) for arrival, body in opened if isinstance(body, Refund)]
    if not refunds:
        return
    facts.refunds = unit.ledger.known_refunds([UUID(bytes=body.refund_id) for _, body in refunds])
    facts.held = unit.ledger.held({UUID(bytes=body.receipt_id) for _, body in refunds})
    wallets = {one.wallet for one in facts.held.values() if one.wallet is not None}
    wallets |= {
        facts.wallets[arrival.member]
        for arrival, _ in refunds
        if arrival.member is not None and arrival.member in facts.wallets
    }
    facts.holders |= unit.ledger.holders(wallets)
    accounts = {
        member_account(wallet, purse)
        for wallet in {facts.holders.get(wallet, wallet) for wallet in wallets}
        for purse in PURSES
    }
    # The brands' accounts too, in one order with the rest: nobody waits for somebody who waits.
    for arrival, _ in refunds:
        entity = arrival.place.legal_entity
        accounts |= {brand_account(entity, "liability"), brand_account(entity, "suspense")}
        accounts.add(brand_account(entity, "clearing"))
    facts.balances = unit.ledger.locked(accounts)


@dataclass(frozen=True, slots=True)
class WalletBooks:
    """One wallet with its balances, locked, and the lots of its whole group."""

    wallet: UUID
    purses: dict[MemberPurse, int]
    book: LotBook
    policies: Policies

    @property
    def free(self) -> int:
        """What lies in no box and in no basket."""
        return self.purses["free"]

    @property
    def spendable(self) -> int:
        """What she can spend anywhere: what is free without what she owes."""
        return max(0, self.free + self.purses["owed"])


def open_wallet(unit: Unit, wallet: UUID, issuers: Sequence[UUID] = ()) -> WalletBooks:
    """Lock a wallet's accounts and work out its lots."""
    names = {member_account(wallet, purse): purse for purse in PURSES}
    brands = [
        brand_account(issuer, purse) for issuer in issuers for purse in ("adjust", "breakage")
    ]
    balances = unit.ledger.locked([*names, *brands])
    policies = unit.points_desk.policies()
    book = fold(unit.ledger.dated(unit.ledger.group(wallet)), policies)
    purses = {purse: balances[name] for name, purse in names.items()}
    return WalletBooks(wallet, purses, book, policies)
