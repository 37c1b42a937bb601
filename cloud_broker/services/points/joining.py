"""Two members' wallets become one, and two again, as each would be had they never been one.

By postings alone: what was moved comes back, and what a member did meanwhile goes home with her.
"""

from collections.abc import Collection, Iterable
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.points import Moment
from cloud_broker.ports.growth import MERGE as MERGED
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.ledger import Merge
from cloud_broker.ports.unit import Unit
from cloud_broker.services.points.booking import merge_postings, post, sweep, tell
from cloud_broker.services.points.books import WalletBooks, open_wallet
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.mall_wishes import recall
from cloud_broker.services.rights.one_gift import keep_one_gift
from retail_core.loyalty.lots import Dated, base_kind
from retail_core.loyalty.merging import unmerging
from retail_core.loyalty.parting import acts_in, going_home
from retail_core.loyalty.postings import AWARD


def join_wallets(unit: Unit, tenant: UUID, made: Merge, moment: Moment) -> None:
    """Pour one member's wallet into another's, which holds both from now on."""
    books = _both(unit, made)[0]
    members = {made.source, made.target}
    benefits = Benefits(unit, tenant, moment.now_ms)
    keep_one_gift(unit, benefits, made.source, made.target)
    benefits.tell()
    unit.points_desk.add_merge(made)
    unit.growth.due(members, MERGED)
    sweep(unit, tenant, made, books, moment)
    # What boxes hold of it nobody could spend any more: it is swept when it has come.
    recall(unit, tenant, made.from_wallet, moment.now_ms)
    detail = {"from": str(made.source), "into": str(made.target), "reason": made.reason}
    unit.hq.audit(AuditEntry(made.by, "points.merge", str(made.merge_id), detail), moment.now_ms)
    tell(unit, tenant, members, moment.now_ms)


def part_wallets(
    unit: Unit, tenant: UUID, found: Merge, moment: Moment, said: tuple[str, str]
) -> None:
    """Undo a merge; `said` is by whom and why."""
    by, reason = said
    members = {found.source, found.target}
    books = _both(unit, found)[1]
    merged = merge_postings(unit, found)
    holding = _holding(unit, found.into_wallet)
    unit.points_desk.undo_merge(found.merge_id, reason, by, moment.now_ms)
    unit.growth.due(members, MERGED)
    benefits = Benefits(unit, tenant, moment.now_ms)
    benefits.parted(members)
    benefits.tell()
    back = unmerging(merged, found.into_wallet, books.purses)
    post(unit, tenant, found.merge_id, [(one, found.from_wallet) for one in back], moment)
    own = unit.benefits.persons([found.source]).get(found.source, (found.source,))
    for wallet in holding:
        _bring_home(unit, tenant, own, (wallet, found.from_wallet), moment)
    _sweep_on(unit, tenant, found.into_wallet, moment)
    # What boxes hold of it counts as owed until they gave it back.
    unit.placements.queue({found.into_wallet}, moment.now_ms)
    entry = AuditEntry(by, "points.unmerge", str(found.merge_id), {"reason": reason})
    unit.hq.audit(entry, moment.now_ms)
    tell(unit, tenant, members, moment.now_ms)


def _holding(unit: Unit, wallet: UUID) -> tuple[UUID, ...]:
    """Return a wallet and all that it was poured into, one after the other."""
    into = {one.from_wallet: one.into_wallet for one in unit.points_desk.merges()}
    found = [wallet]
    while found[-1] in into:
        found.append(into[found[-1]])
    return tuple(found)


def _bring_home(
    unit: Unit, tenant: UUID, own: Collection[UUID], ends: tuple[UUID, UUID], moment: Moment
) -> None:
    """Move what these members' acts left in a wallet to where their points are now."""
    holder, home = ends
    # Of all it was ever merged with: what went home elsewhere before has a number of its own.
    dated = unit.ledger.dated(unit.ledger.group(holder))
    acts = acts_in(holder, dated, _doers(unit, tenant, dated, own))
    if not acts:
        return
    opened = {wallet: open_wallet(unit, wallet).purses for wallet in sorted((holder, home))}
    made = going_home(acts, home, holder, opened[home], opened[holder])
    for under, posting in made:
        post(unit, tenant, under, [(posting, home)], moment)


def _doers(
    unit: Unit, tenant: UUID, dated: Iterable[Dated], own: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return what these members did, of all that postings stand under."""
    rows = {one.key.receipt_id: one for one in dated}
    found = {under: member for under, member in unit.ledger.doers(rows).items() if member in own}
    for under, one in rows.items():
        if base_kind(one.key.kind) == AWARD:
            for member in own:
                if award_id(tenant, member, one.key.rule) == under:
                    found[under] = member
    return found


def award_id(tenant: UUID, member: UUID, cause: str) -> UUID:
    """Return under which id a member is rewarded for a cause."""
    said = f"award/{tenant}/{member}/{cause}"
    return UUID(bytes=sha256(said.encode()).digest()[:16])


def _sweep_on(unit: Unit, tenant: UUID, wallet: UUID, moment: Moment) -> None:
    """Let what came into a wallet that lies in another follow."""
    merges = {one.from_wallet: one for one in unit.points_desk.merges()}
    while wallet in merges:
        merge = merges[wallet]
        sweep(unit, tenant, merge, open_wallet(unit, wallet), moment)
        wallet = merge.into_wallet


def _both(unit: Unit, merge: Merge) -> tuple[WalletBooks, WalletBooks]:
    """Open both wallets of a merge, the lower id first: two merges never wait for each other."""
    first, second = sorted((merge.from_wallet, merge.into_wallet))
    opened = {first: open_wallet(unit, first), second: open_wallet(unit, second)}
    return opened[merge.from_wallet], opened[merge.into_wallet]
