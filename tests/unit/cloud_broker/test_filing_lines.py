"""From how many faces on HQ is told: what the law says, or sooner where the chain wants it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cloud_broker.services.faces.faces import LAWFUL_LINES, FilingLines, duty
from cloud_broker.settings import Settings
from retail_core.texts.faults import FaultCode

WARNED, DUE = FaultCode.FACE_COUNT_WARNING, FaultCode.FACE_COUNT_ALERT


def settings(folder: Path, **said: int) -> Settings:
    return Settings(database_url="postgresql://nobody@localhost/none", secrets_dir=folder, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("persons", "code"), [(79_999, None), (80_000, WARNED), (99_999, WARNED), (100_000, DUE)]
)
def test_the_law_speaks_unless_told_otherwise(
    tmp_path: Path, persons: int, code: FaultCode | None
) -> None:
    assert duty(persons) is code
    made = settings(tmp_path)
    assert FilingLines(made.face_filing_warning, made.face_filing_at) == LAWFUL_LINES


def test_a_chain_may_hear_sooner_and_never_later(tmp_path: Path) -> None:
    made = settings(tmp_path, face_filing_warning=1, face_filing_at=2)
    lines = FilingLines(made.face_filing_warning, made.face_filing_at)
    assert [duty(count, lines) for count in range(4)] == [None, WARNED, DUE, DUE]
    for field, count in (
        ("face_filing_warning", 80_001),
        ("face_filing_at", 100_001),
        ("face_filing_at", 0),
    ):
        with pytest.raises(ValidationError):
            settings(tmp_path, **{field: count})
