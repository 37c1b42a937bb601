"""What drivers say of themselves is true: every rule answered, and what shows it exists."""

from pathlib import Path

import pytest

from tools.driver_quality import REQUIRED, drivers, findings

WHOLE = "".join(f'{rule} = {{ state = "exempt", why = "none" }}\n' for rule in REQUIRED)


@pytest.mark.parametrize("driver", drivers(), ids=lambda path: path.name)
def test_a_driver_answers_every_rule_and_what_shows_it_exists(driver: Path) -> None:
    assert list(findings(driver)) == []


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ('x = { state = "well", shown_by = "tests/conftest.py" }', "no such state"),
        ('x = "done"', "nothing shows it"),
        ('x = { state = "todo" }', "say why"),
        ('x = { state = "done", shown_by = "tests/unit/no_such_test.py" }', "no file"),
        ('x = { state = "done", shown_by = "test_that_never_was.py" }', "no file"),
        ('x = { state = "done", shown_by = "make no-such-bench" }', "no target"),
        ('x = { state = "done", shown_by = "python -m tools.bench.nothing" }', "no module"),
        ('x = { state = "done", shown_by = "limits NO_SUCH_MAX" }', "no limit"),
    ],
)
def test_an_answer_that_nothing_holds_up_is_found(tmp_path: Path, answer: str, wrong: str) -> None:
    (tmp_path / "QUALITY.toml").write_text(f"[rules]\n{WHOLE}{answer}\n", encoding="utf-8")
    (found,) = findings(tmp_path)
    assert wrong in found


def test_a_rule_that_is_not_answered_is_found(tmp_path: Path) -> None:
    (tmp_path / "QUALITY.toml").write_text("[rules]\n", encoding="utf-8")
    assert len(list(findings(tmp_path))) == len(REQUIRED)
