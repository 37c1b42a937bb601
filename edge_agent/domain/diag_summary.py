"""The essentials of a box in one line that fits a QR code: no member, no secret, no address."""

from collections.abc import Iterable

from retail_core.wire.health import BoxVitals, IssueTold

ISSUES_MAX = 12
# What is said of the board, and how it is called in the line.
_FIGURES = (
    ("temperature_c", "t"),
    ("throttled", "thr"),
    ("disk_free_percent", "disk"),
    ("memory_free_percent", "mem"),
    ("card_life_percent", "card"),
    ("clock", "clk"),
    ("queue_depth", "q"),
    ("queue_age_s", "qs"),
    ("certificate_days", "cert"),
    ("uptime_s", "up"),
    ("safe_mode", "safe"),
)


def summary(
    store: str, device: str, version: str, vitals: BoxVitals, issues: Iterable[IssueTold]
) -> str:
    """Return the line: who it is, what runs, what is wrong, the figures."""
    codes = ",".join(sorted({one.code for one in issues})[:ISSUES_MAX]) or "-"
    known = ((short, getattr(vitals, name)) for name, short in _FIGURES)
    figures = " ".join(f"{short}={value}" for short, value in known if value is not None)
    return f"REGULARS-DIAG:1 s={store} d={device} v={version} i={codes} {figures}".rstrip()
