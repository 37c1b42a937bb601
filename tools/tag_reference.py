"""Write `docs/reference/tags.md` from the metric catalogue."""

import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.entry import Basis, Tag, Unit
from cloud_broker.domain.metrics.thresholds import Thresholds
from retail_core.insight.till_tags import BY_KEY

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "tags.md"
UNITS = {
    Unit.FEN: ("分", "fen"),
    Unit.COUNT: ("个", "count"),
    Unit.DAYS: ("天", "days"),
    Unit.SHARE: ("‰", "‰"),
    Unit.TIMES: ("倍 ×1000", "times ×1000"),
    Unit.SCORE: ("1–5", "1–5"),
    Unit.FLAG: ("是/无", "yes/none"),
    Unit.WORD: ("词", "word"),
    Unit.NAME: ("名", "name"),
}
BASES = {
    Basis.INFERRED: ("推算", "inferred"),
    Basis.SERVICE: ("会籍", "service"),
    Basis.DECLARED: ("本人声明", "declared"),
    Basis.SENSITIVE: ("本人声明,单独同意,遮住", "declared, own consent, masked"),
}
TILL = " · 到收银台 at tills"
HEAD = """# 标签目录 · Catalogue of tags

由 `make docs-reference` 从 `cloud_broker/domain/metrics/` 生成,请勿手改。 \
Generated from the catalogue by `make docs-reference`; do not edit.

{tags} 个标签,{dimensions} 个维度;怎么算、怎么存、谁看得到见 [metrics.md](metrics.md)。 \
{tags} tags in {dimensions} dimensions; how they come to be, are kept and shown: \
[metrics.md](metrics.md).
"""
COLUMNS = """\
| 标签 tag | 名称 | 说的是 | name | what it says | 窗 window | 单位 unit | 来源 basis |
|---|---|---|---|---|---|---|---|
"""


def render() -> str:
    """Return the page."""
    dimensions = {tag.dimension for tag in TAGS}
    head = HEAD.format(tags=len(TAGS), dimensions=len(dimensions))
    return head + "\n## 标签 · Tags\n" + "".join(_sections()) + _lines()


def _sections() -> Iterable[str]:
    for owner, tags in groupby(sorted(TAGS, key=lambda tag: tag.owner), lambda tag: tag.owner):
        yield f"\n### {owner}\n\n{COLUMNS}{''.join(map(_row, tags))}"


def _row(tag: Tag) -> str:
    values = "; ".join(f"`{name}` {said.zh} {said}" for name, said in tag.words.items())
    cells = (
        f"`{tag.key}`<br>{tag.dimension}",
        tag.name.zh,
        tag.says.zh,
        str(tag.name),
        f"{tag.says}{f' ({values})' if values else ''}",
        tag.window,
        " ".join(dict.fromkeys(UNITS[tag.unit])),
        " ".join(BASES[tag.basis]) + (TILL if tag.key in BY_KEY else ""),
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _lines() -> str:
    head = """
## 划线的数 · Lines

`cloud-broker insight lines` 列出和修改;金额为分,比例与倍数为千分之一。 \
Listed and drawn by that command; money in fen, parts and multiples in thousandths.

| 线 line | 默认 default |
|---|---|
"""
    rows = (f"| `{name}` | {value:,} |\n" for name, value in Thresholds().named().items())
    return head + "".join(rows)


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
