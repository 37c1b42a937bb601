"""How often a message to somebody's server is tried, and when it is given up."""

_SECOND_MS = 1_000
RETRIES_MS = tuple(
    seconds * _SECOND_MS for seconds in (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000)
)


def next_try_ms(tries: int, permille: int) -> int | None:
    """Return how long to wait after so many tries that failed, up to a fifth longer; None: never.

    `permille` is the caller's randomness, 0..1000.
    """
    if tries > len(RETRIES_MS):
        return None
    wait = RETRIES_MS[tries - 1]
    return wait + wait * permille // 5_000
