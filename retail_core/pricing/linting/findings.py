"""What the linter says: a kind, how bad it is, which rules, and a basket that shows it."""

from dataclasses import dataclass, field
from enum import StrEnum

from retail_core.pricing.proof.document import Asked


class Severity(StrEnum):
    """ERROR is what a chain would be sorry for, WARNING what somebody should look at."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Lint(StrEnum):
    """Kinds of findings."""

    NEVER_HOLDS = "never_holds"
    NAMES_NO_ARTICLE = "names_no_article"
    DOMINATED = "dominated"
    ALWAYS_LOSES = "always_loses"
    NEVER_SAVES = "never_saves"
    NOT_TRIED = "not_tried"
    UNDER_COST = "under_cost"
    STACKING = "stacking"
    TIE = "tie"
    THRESHOLD = "threshold"
    IDLE_CAMPAIGN = "idle_campaign"
    LONE_EXCLUSIVE = "lone_exclusive"


SEVERITY = {
    Lint.NEVER_HOLDS: Severity.ERROR,
    Lint.NAMES_NO_ARTICLE: Severity.ERROR,
    Lint.DOMINATED: Severity.WARNING,
    Lint.ALWAYS_LOSES: Severity.WARNING,
    Lint.NEVER_SAVES: Severity.WARNING,
    Lint.NOT_TRIED: Severity.INFO,
    Lint.UNDER_COST: Severity.ERROR,
    Lint.STACKING: Severity.ERROR,
    Lint.TIE: Severity.INFO,
    Lint.THRESHOLD: Severity.INFO,
    Lint.IDLE_CAMPAIGN: Severity.INFO,
    Lint.LONE_EXCLUSIVE: Severity.INFO,
}


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding: `fields` fill its text, `shown` is the basket that shows it."""

    kind: Lint
    rules: tuple[str, ...]
    fields: dict[str, object] = field(default_factory=dict)
    shown: Asked | None = None

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return SEVERITY[self.kind]
