"""Since when a consent is withdrawn, out of every word that was ever said about it."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word: yes or no, when by the box's clock (ms), when it came here (any one unit)."""

    given: bool
    wall_ms: int
    received: int


def withdrawn_ms(words: Collection[Word]) -> int:
    """Return the moment a box has to refuse words before, 0 when the consent stands or never was.

    A word revives a withdrawn one only when it is later by its own clock and by ours: a shop that
    was offline does not bring back what was withdrawn meanwhile.
    """
    yes = [word for word in words if word.given]
    return max(
        (
            max([0, no.wall_ms, *(one.wall_ms for one in yes if one.received <= no.received)])
            for no in words
            if not no.given
            and not any(one.wall_ms > no.wall_ms and one.received >= no.received for one in yes)
        ),
        default=0,
    )
