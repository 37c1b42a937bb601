"""Birth and death of a box's sessions and whose death counts.

A will carries the session of its birth. It may come late, after the next birth: over another
broker, behind a queue, or out of a broker that stops. It ends the session it names and no other.
"""

from dataclasses import dataclass

LOST = "gone"  # the broker's word, by the will
LEFT = "left"  # the box's own word, before it goes on purpose
ENDS = frozenset({LOST, LEFT})


@dataclass(frozen=True, slots=True)
class SessionWord:
    """What a presence says of its session: `boot` is the program's run, `session` one connection.

    Boxes of before name no session; of them only the run can be compared.
    """

    state: str
    boot: bytes
    session: bytes = b""


def counts(held: SessionWord | None, said: SessionWord) -> bool:
    """Return whether a word changes what is held: an end counts for its own session alone."""
    if said.state not in ENDS:
        return True
    if held is None or held.boot != said.boot:
        return False
    return not (held.session and said.session) or held.session == said.session
