"""The rules that hold now: the newest bundle whose time has come, read once and kept."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.unit import Unit
from retail_core.checkout.business_date import DAY_STARTS_AT, business_date
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES, RuleBundle, parse_bundle

KEPT = 8
_MS = 1_000
NO_RULES = RuleBundle(version=1)


class RulesInForce:
    """Reads bundles for a brand whose days are those of `zone`; used from several threads."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._parsed: dict[tuple[UUID, int], RuleBundle] = {}

    def local(self, now_ms: int) -> datetime:
        """Return the brand's naive wall time."""
        return datetime.fromtimestamp(now_ms / _MS, UTC).astimezone(self._zone).replace(tzinfo=None)

    def day(self, now_ms: int) -> date:
        """Return the brand's business day."""
        return business_date(self.local(now_ms), DAY_STARTS_AT)

    def of(self, unit: Unit, tenant: UUID, now_ms: int) -> RuleBundle:
        """Return the rules that hold now; none before the first bundle."""
        newest = unit.catalogue.newest("bundle")
        version = 0 if newest is None else newest.version
        while version > 0:
            bundle = self._read(unit, tenant, version)
            if bundle is None:
                break
            if bundle.valid_from is None or bundle.valid_from <= self.local(now_ms):
                return bundle
            version -= 1
        return NO_RULES

    def _read(self, unit: Unit, tenant: UUID, version: int) -> RuleBundle | None:
        key = tenant, version
        if key not in self._parsed:
            signed = unit.catalogue.content("bundle", version)
            if signed is None:
                return None
            kept = dict(list(self._parsed.items())[-KEPT + 1 :])
            self._parsed = {**kept, key: parse_bundle(signed[SIGNATURE_BYTES:])}
        return self._parsed[key]
