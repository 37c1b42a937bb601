"""One way to refuse a rule: which rule, which field, what is wrong and what to do."""

from typing import NoReturn

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

WHOLE = "bundle"


def refuse(owner: str, field: str, en: str, zh: str) -> NoReturn:
    """Raise Fault P107; `owner` is a rule's id or "bundle"."""
    reason = Words(f"{field}: {en}", f"{field}:{zh}") if field else Words(en, zh)
    raise Fault(FaultCode.OFFER_INVALID, offer=owner, field=field, reason=reason)
