"""What the audit keeps of an act, in words: its fields and values as people call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud_broker.console.formats import stamp
from cloud_broker.console.texts import Texts
from cloud_broker.console.twin_views import setting_words
from retail_core.growth.account import TierNames
from retail_core.money import format_yuan

# Where the value of a field has its words already: the rooms that show the same thing.
_ROOMS: Mapping[str, tuple[str, ...]] = {
    "role": ("role.",),
    "role_before": ("role.",),
    "scope": ("scope.",),
    "scopes": ("key_scope.",),
    "kind": ("consent.", "command.", "repair_kind.", "audit_kind."),
    "kinds": ("hook_kind.",),
    "reason": ("release_why.",),
}
_SETTINGS = frozenset({"put", "drop"})
# Numbers that name something and count nothing are written without thousands.
_NAMES = frozenset({"version", "epoch", "number", "generation", "ring", "slot"})
# Kept as the program counts them, from 0; people count from 1, as the page of releases does.
_FROM_ONE = frozenset({"ring"})
_NOTHING: tuple[object, ...] = ("", None, [], {})


@dataclass(frozen=True, slots=True)
class AuditWords:
    """Words one row's detail in one language; what a later version added is shown as it stands."""

    texts: Texts
    zone: str
    tiers: TierNames

    def __call__(self, detail: Mapping[str, object]) -> str:
        """Return `等级: 金卡 · 理由: 老顾客`; "" where nothing is said."""
        return " · ".join(
            self.texts("audit.pair", name=self._name(name), value=self._value(name, value))
            for name, value in detail.items()
            if value not in _NOTHING
        )

    def _name(self, name: str) -> str:
        return self.texts.or_else(f"audit_key.{name}", name.replace("_", " "))

    def _value(self, name: str, value: object) -> str:
        if isinstance(value, bool):
            return self.texts("audit.yes" if value else "audit.no")
        if isinstance(value, int):
            return self._number(name, value)
        if isinstance(value, Mapping):
            inner = (f"{self._name(key)} {self._value(key, one)}" for key, one in value.items())
            return self.texts("app.comma").join(inner)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return self.texts("app.comma").join(self._value(name, one) for one in value)
        return self._word(name, str(value))

    def _number(self, name: str, value: int) -> str:
        if name.endswith("_fen"):
            return format_yuan(value)
        if name.endswith("_ms"):
            return stamp(value, self.zone)
        if name in _FROM_ONE:
            value += 1
        return str(value) if name in _NAMES else f"{value:,}"

    def _word(self, name: str, value: str) -> str:
        if name == "tier":
            said = self.tiers.said(value)
            return said.zh if self.texts.language == "zh" else said.en
        if value in {"true", "false"}:
            return self.texts("audit.yes" if value == "true" else "audit.no")
        if name in _SETTINGS:
            return setting_words(self.texts, value)
        found = value
        for room in (*_ROOMS.get(name, ()), f"audit_value.{name}."):
            found = self.texts.or_else(room + value, found)
        return found
