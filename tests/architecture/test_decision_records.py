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
STATUS = re.compile(
    r"# (?P<own>\d{4}) .+ · .+\n\n\d{4}-\d\d-\d\d · "
    r"(?:有效 accepted|有效,(?P<narrowed>由 .+ 收窄) accepted, (?P<told>narrowed by .+)"
    r"|(?P<over>由 \d{4} 取代 superseded by \d{4}))\n"
)
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
    assert STATUS.match(text)
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


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_what_became_of_a_record_stands_in_its_status_and_in_the_index(record: Path) -> None:
    """Both languages name the same later records, and the index says the same."""
    found = STATUS.match(record.read_text(encoding="utf-8"))
    assert found
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = next(line for line in index.splitlines() if f"({record.name})" in line)
    mark = found["over"] or " ".join(filter(None, (found["narrowed"], found["told"])))
    assert re.findall(r" · (由 .+ (?:narrowed|superseded) by .+) \|$", row) == [mark] * bool(mark)
    zh, _, en = mark.partition(" by ")
    later = re.findall(r"\d{4}", zh)
    assert later == re.findall(r"\d{4}", en) == sorted(set(later))
    assert all(found["own"] < number for number in later)
    assert set(later) <= {path.name[:4] for path in RECORDS}


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
