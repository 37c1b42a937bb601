"""How long ago, for people: one unit, in both languages."""

from dataclasses import dataclass

_MS_PER_S = 1_000
_UNITS = (("天", "d", 86_400), ("小时", "h", 3_600), ("分钟", "min", 60))


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time; `str` is English, `zh` Chinese."""

    ms: int

    @property
    def zh(self) -> str:
        """Return it in Chinese."""
        return self._said(0, "秒")

    def __str__(self) -> str:
        return self._said(1, "s")

    def _said(self, column: int, seconds: str) -> str:
        whole = max(0, self.ms) // _MS_PER_S
        for unit in _UNITS:
            size = unit[2]
            if whole >= size:
                return f"{whole // size} {unit[column]}"
        return f"{whole} {seconds}"
