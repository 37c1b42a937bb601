"""Examples of every operation: written down from a real run by `python -m tools.api_examples`."""

import json
from pathlib import Path
from typing import Any, Final, TypedDict


class Refusal(TypedDict):
    """One refusal that a caller should know."""

    status: int
    body: dict[str, Any]


class Example(TypedDict):
    """What one operation is for, in both languages, and how it was asked and answered."""

    zh: str
    en: str
    request: Any
    status: int
    response: Any
    refusals: list[Refusal]


FILE: Final = Path(__file__).with_name("examples.json")


def examples() -> dict[str, Example]:
    """Return them by operation, read anew: the document they go into is asked for once."""
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
