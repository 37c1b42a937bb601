"""Write `docs/reference/till-profiles.md`: every key of a till's profile, from the models."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

from edge_agent.drivers.profiles import TillProfile

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "till-profiles.md"
HEAD = """# 收银机机型配置 · Till profiles

由 `make docs-reference` 从程序生成,请勿手改。 · Generated from the models by \
`make docs-reference`; do not edit.

一台收银机一个文件:`device_configs/<name>.toml`,文件名就是 `name`。多数文件不用手写:\
[让盒子学](../how-to/teach-a-till.md)。 · One file a kind of till, called by its `name`. Few are \
written by hand: [teach the box](../how-to/teach-a-till.md).

配置说的列和词只决定**先怎么读**;各行之和对不上合计的小票,照样不入账。\
没有 `items.columns` 时由程序自己找列。 · \
Columns and words decide how a receipt is read *first*; one that does not add up is never booked. \
Without `items.columns` the reader finds the columns by itself.
"""
COLUMNS = """\
| 键 key | 可以是 may be | 默认 default | 含义 meaning |
|---|---|---|---|
"""
MEANINGS = {
    "kind": "固定 · always the same",
    "name": "与文件名相同:小写字母、数字、`-` · that of the file",
    "title_zh": "给人看的中文名 · its title in Chinese",
    "title_en": "给人看的英文名 · its title in English",
    "line.baud_rate": "串口波特率 · of the serial line",
    "line.data_bits": "数据位 · data bits",
    "line.parity": "校验 · parity",
    "line.stop_bits": "停止位 · stop bits",
    "line.flow": "流控 · flow control",
    "paper.columns": "正常字体一行几列 · columns of the normal font",
    "paper.dots_per_column": "一列几点,`ESC $` 用 · dots a column, for `ESC $`",
    "paper.encoding": "字符集,`auto` 由内容判断 · the alphabet, `auto` by the bytes",
    "paper.code_pages": "`ESC t n` 与 Epson 不同之处 · where `ESC t n` differs from Epson's",
    "numbers.decimal": "小数点 · the decimal mark",
    "numbers.places": "金额几位小数 · digits behind it in an amount",
    "items.columns": "商品行的列,从左到右,见下表 · the columns of an article row, see below",
    "items.rows": "一行一件;或品名在上、数字在下 · one line; or the name above its figures",
    "items.by": "按位置 `place` 或按顺序 `order` 分数字 · figures told by place or by order",
    "items.wrap": "长品名从上面几行开始 · long names begin on lines above",
    "items.begin": "第一件商品上面那行的词 · words of the line above the first article",
    "items.end": "最后一件下面那行的词 · words of the line below the last",
    "numbering.receipt_no": "小票号前面的词 · words before the receipt's number",
    "numbering.original_no": "退货单上原单号前面的词 · before the number a refund is about",
    "words.due": "应收 · what is due",
    "words.total": "合计 · the total",
    "words.subtotal": "小计 · a subtotal",
    "words.discount": "优惠,从合计里减 · taken off",
    "words.rounding": "抹零 · rounding",
    "words.saved": "「已优惠」之类,只是说明 · savings, for information",
    "words.extra": "服务费等,加到合计里 · added, such as service",
    "words.tax": "税 · tax",
    "words.tender": "付款方式、实收 · payments",
    "words.change": "找零 · change",
    "words.count": "件数 · pieces",
    "words.note": "带数字但不是钱的行 · lines with figures that are no money",
    "words.refund": "退货单的标题 · title of a refund",
    "words.void": "作废的标题 · title of a void",
    "words.reprint": "补打的标题 · title of a copy",
    "words.report": "报表、后厨单等,不是销售 · reports and the like, no sale",
    "words.exchange": "换货单的标题 · title of an exchange",
    "words.aside": "没有付款时就不是销售的词 · no sale unless something was paid",
    "job.idle_ms": "静默多久算打完 · silence that ends a receipt",
    "job.connections": "网口收银机一张小票连几次:`several` 时挂断不算完 · "
    "whether a receipt comes over one connection or several: then hanging up ends none",
    "job.pulse_idle_ms": "弹钱箱以后的静默 · silence after the drawer's pulse",
    "columns.kind": "品名、数量、单价、金额,`other` 不要 · what it is; `other` is not wanted",
    "columns.start": "从第几列起,从 0 数 · its first print position, from 0",
    "columns.end": "到第几列止,不含 · up to, not including",
    "columns.always": "这一列空着就不是商品行 · a line without it is no article row",
}


def render() -> str:
    """Return the page."""
    document = TillProfile.model_json_schema()
    parts = [HEAD]
    for title, rows in _tables(document):
        parts.append(f"\n## {title}\n\n{COLUMNS}" + "".join(rows))
    return "".join(parts)


def _tables(document: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    sections = {
        key: document["$defs"][found["$ref"].rpartition("/")[2]]
        for key, found in document["properties"].items()
        if "$ref" in found
    }
    plain = {key: each for key, each in document["properties"].items() if key not in sections}
    yield "开头 · The head", [_row(key, "", each) for key, each in plain.items()]
    for name, section in sections.items():
        rows = [_row(key, f"{name}.", each) for key, each in section["properties"].items()]
        yield f"`[{name}]`", rows
    columns = document["$defs"]["ItemColumn"]["properties"]
    yield "`items.columns`", [_row(key, "columns.", each) for key, each in columns.items()]


def _row(key: str, section: str, found: dict[str, Any]) -> str:
    default = "" if "default" not in found else f"`{_written(found['default'])}`"
    return f"| `{key}` | {_may_be(found)} | {default} | {MEANINGS[section + key]} |\n"


def _may_be(found: dict[str, Any]) -> str:
    if "enum" in found:
        return " ".join(f"`{_written(each)}`" for each in found["enum"])
    if "const" in found:
        return f"`{found['const']}`"
    if "minimum" in found:
        return f"{found['minimum']} – {found['maximum']}"
    kinds = {"array": "列表 list", "object": "表 table", "boolean": "`true` `false`"}
    return kinds.get(found.get("type", ""), "文字 text")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
