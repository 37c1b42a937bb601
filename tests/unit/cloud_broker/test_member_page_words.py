"""Every purpose that a member's page offers has a name and says what it does, in both languages."""

import json
from pathlib import Path

import pytest

from cloud_broker import member_page
from cloud_broker.domain.phone_consents import PERSONALISE, SAID_HERE

TEXTS = Path(member_page.__file__).parent / "static" / "text"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", [one for one in SAID_HERE if one != PERSONALISE])
def test_a_purpose_is_told_in_words(language: str, kind: str) -> None:
    words = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    for part in ("", ".does", ".ends"):
        assert words.get(f"consent.{kind}{part}"), f"{kind}{part}"
