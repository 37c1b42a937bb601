"""What has to be posted so that wallets follow persons: merges that are missing, merges gone stale.

A wallet is joined only with consent. Whose wallets lie together and who is two persons by now gets
her own back.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

WALLET_CONSENT: Final = "wallet.join"


@dataclass(frozen=True, slots=True)
class Membership:
    """A member's own entry: since when, and what she says of joining wallets (None: nothing)."""

    member: str
    since_ms: int
    may_join: bool | None = None


@dataclass(frozen=True, slots=True)
class Poured:
    """A merge of wallets that stands: `source` was poured into `target`."""

    merge_id: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class WalletPlan:
    """Wallets to pour (from, into), merges to take back, and who has to be asked first."""

    pour: tuple[tuple[str, str], ...]
    part: tuple[str, ...]
    ask: tuple[tuple[str, str], ...]


def wallet_plan(
    persons: Iterable[Collection[Membership]],
    standing: Collection[Poured],
    by_rule: Collection[str],
) -> WalletPlan:
    """Return what to post. `by_rule` names the standing merges that evidence made: only those part.

    The oldest membership's wallet holds; one that was poured already stays where it lies, until one
    of the two says no.
    """
    poured = {one.source: one for one in standing}
    person_of: dict[str, str] = {}
    refusing: set[str] = set()
    pour: list[tuple[str, str]] = []
    ask: list[tuple[str, str]] = []
    for members in persons:
        named = min((one.member for one in members), default="")
        person_of.update((one.member, named) for one in members)
        refusing.update(one.member for one in members if one.may_join is False)
        for pair, may in _pairs(members, poured):
            (pour if may else ask).append(pair)
    part = [
        one.merge_id
        for one in standing
        if one.merge_id in by_rule
        and (
            person_of.get(one.source, one.source) != person_of.get(one.target, one.target)
            or not refusing.isdisjoint((one.source, one.target))
        )
    ]
    return WalletPlan(tuple(pour), tuple(sorted(part)), tuple(ask))


def _pairs(
    members: Collection[Membership], poured: Mapping[str, Poured]
) -> Iterable[tuple[tuple[str, str], bool]]:
    """Yield whose wallet would go into whose, and whether both agreed; refusals are left out."""
    own = sorted(
        (one for one in members if one.member not in poured),
        key=lambda one: (one.since_ms, one.member),
    )
    if len(own) < 2:  # noqa: PLR2004 - a pair
        return
    target = own[0]
    for one in own[1:]:
        words = one.may_join, target.may_join
        if False not in words:
            yield (one.member, target.member), words == (True, True)
