"""What the pages of this repository tell people to type."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ENDS = {";", "&&", "||", "|", "&"}


@dataclass(frozen=True, slots=True)
class Typed:
    """Words somebody may type, where they stand, and whether as a whole line."""

    page: str
    words: tuple[str, ...]
    whole: bool


def spoken(page: Path) -> Iterator[tuple[str, bool]]:
    """Yield lines of code blocks (whole) and code in sentences (an excerpt)."""
    text = page.read_text(encoding="utf-8")
    block = re.compile(r"^[ \t]*```(\w*)\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
    for found in block.finditer(text):
        if found[1] in {"", "sh", "bash", "console"}:
            for line in found[2].replace("\\\n", " ").splitlines():
                yield line, True
    for code in re.findall(r"`([^`\n]+)`", block.sub("", text)):
        yield code, False


def typed(page: Path) -> Iterator[Typed]:
    """Yield the commands of ours that a page names."""
    for text, whole in spoken(page):
        for words in commands(text):
            yield Typed(page.name, words, whole)


def commands(text: str) -> Iterator[tuple[str, ...]]:
    """Yield what a line runs, without comments and environment in front."""
    bare = text.replace("[", " ").replace("]", " ")  # what may be left out is checked, too
    lexer = shlex.shlex(bare, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # prose with an apostrophe
        return
    one: list[str] = []
    for word in [*words, ";"]:
        if word not in ENDS:
            one.append(word)
            continue
        while one and ("=" in one[0] or one[0] in {"$", "sudo"}):
            one.pop(0)
        if one[:2] == ["regulars-box", "agent"]:  # the same program, as the box's own account
            one[:2] = ["edge-agent"]
        if one:
            yield tuple(one)
        one = []
