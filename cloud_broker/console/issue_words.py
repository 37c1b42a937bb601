"""What the catalogue says of a box's issue: its words, how grave it is, and who mends it."""

from dataclasses import dataclass

from cloud_broker.console.texts import Language
from cloud_broker.ports.health import IssueRow
from cloud_broker.services.fleet.alert_watch import words
from retail_core.fleet.checks import BY_CODE
from retail_core.fleet.issues import Mender, Severity
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class CheckSaid:
    """How much an issue matters and who can mend it."""

    severity: Severity
    mender: Mender


def check_of(code: str) -> CheckSaid:
    """Return what is known of an issue; one of a newer box warns, and HQ looks at it."""
    try:
        check = BY_CODE[FaultCode(code)]
    except (ValueError, KeyError):
        return CheckSaid(Severity.WARNS, Mender.HQ)
    return CheckSaid(check.severity, check.mender)


def issue_text(issue: IssueRow, language: Language) -> str:
    """Return an issue in words: what is wrong and what helps."""
    zh, en = words(issue.code, issue.fields)
    return zh if language == "zh" else en
