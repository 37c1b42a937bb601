"""Decision records are whole, indexed, and name checks that exist; some are checked here."""

import re
from pathlib import Path

import msgspec
import pytest

from edge_agent.settings import FaceConfig
from retail_core.wire import messages

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ("背景 · Context", "决定 · Decision", "后果 · Consequences", "其他做法 · Alternatives")
CONTEXT_SENTENCES_MAX = 3
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]+|pyproject\.toml)`")


def part(text: str, name: str) -> str:
    """Return what stands under a heading."""
    return text.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0].strip()


def test_numbers_follow_each_other() -> None:
    assert [path.name[:4] for path in RECORDS] == [
        f"{number:04d}" for number in range(1, len(RECORDS) + 1)
    ]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_whole(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.match(r"# \d{4} .+ · .+\n\n\d{4}-\d\d-\d\d · ", text)
    for name in PARTS:
        assert part(text, name), name
    sentences = re.findall(r"[.?](?:\s|$)", part(text, PARTS[0]))
    assert len(sentences) <= CONTEXT_SENTENCES_MAX, "context: three sentences"
    assert "**" in part(text, PARTS[1]), "the line people will quote"


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_names_checks_that_exist(record: Path) -> None:
    named = PATH.findall(part(record.read_text(encoding="utf-8"), "检查 · Check"))
    assert named
    for name in named:
        assert (ROOT / name).exists(), name


def test_every_record_stands_in_the_index() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}[\w-]*\.md)\)", index) == [path.name for path in RECORDS]


def test_face_ships_off() -> None:
    """Record 0010."""
    assert not FaceConfig().enabled


def test_no_message_has_room_for_a_face() -> None:
    """Record 0010: neither template nor picture travels."""
    structs = [
        found
        for found in vars(messages).values()
        if isinstance(found, type) and issubclass(found, msgspec.Struct)
    ]
    assert len(structs) > 10
    for struct in structs:
        for field in msgspec.structs.fields(struct):
            named = re.search(r"face|template|embedding|image|picture|photo", field.name)
            assert not named or _only_a_number(field.type), f"{struct.__name__}.{field.name}"


def _only_a_number(kind: object) -> bool:
    """Tell whether a field holds one integer and nothing else: how many there are, no face."""
    told = msgspec.inspect.type_info(kind)
    parts = told.types if isinstance(told, msgspec.inspect.UnionType) else (told,)
    return all(isinstance(one, msgspec.inspect.IntType | msgspec.inspect.NoneType) for one in parts)
