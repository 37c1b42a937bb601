"""Rules in force that a test says itself."""

from uuid import UUID

from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.pricing.rules.ruleset import RuleBundle


class FixedRules(RulesInForce):
    """Rules that a test says, whatever was published."""

    def __init__(self) -> None:
        super().__init__("Asia/Shanghai")
        self.bundle = RuleBundle(version=1)

    def of(self, _unit: object, _tenant: UUID, _now_ms: int) -> RuleBundle:
        return self.bundle
