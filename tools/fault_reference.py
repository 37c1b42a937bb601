"""Write `docs/reference/faults.md` from the fault catalogue."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

from retail_core.texts.faults import FAULTS, FaultCode, FaultSpec

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "faults.md"

BLOCKS = {
    "A": ("本机接口", "local API"),
    "C": ("商品表", "catalogue"),
    "D": ("磁盘", "disk"),
    "E": ("顾客洞察:文件、模型、归集、身份、指标", "insight: files, models, collection, identity"),
    "F": ("门店群:开通、证书、孪生与命令", "fleet: provisioning, certificates, twins, commands"),
    "G": ("读不懂或对不上的收银机", "tills not read or not agreeing"),
    "H": ("盒子的健康", "health of a box"),
    "I": ("安装与配置", "installation"),
    "L": ("积分账", "ledger"),
    "M": ("模型", "models"),
    "P": ("销售与优惠", "sales and offers"),
    "R": ("识别:1xx 人脸,2xx 二维码,3xx 卡,4xx 摄像头", "recognition: face, QR, card, camera"),
    "S": ("同步", "sync"),
    "T": ("收银机接线", "till taps"),
    "W": ("消息", "wire"),
}
HEAD = """# 故障编号 · Fault catalogue

由 `make docs-reference` 从 `retail_core/texts/faults.py` 生成,请勿手改。 \
Generated from the catalogue by `make docs-reference`; do not edit.

编号一经发布,含义不变;停用的编号不再使用。「可重试」表示原样再试一次可能成功。 \
A number never changes its meaning and is never used again. "Retry" says that the same request may \
succeed later.
"""
COLUMNS = """\
| 编号 code | 含义 | meaning | HTTP | 类别 kind | 可重试 retry |
|---|---|---|---|---|---|
"""


def render() -> str:
    """Return the page."""
    return HEAD + "".join(_block(letter) for letter in BLOCKS)


def _block(letter: str) -> str:
    zh, en = BLOCKS[letter]
    rows = (_row(code, FAULTS[code]) for code in sorted(FaultCode) if code.value[0] == letter)
    return f"\n## {letter} · {zh} · {en}\n\n{COLUMNS}{''.join(rows)}"


def _row(code: FaultCode, spec: FaultSpec) -> str:
    retry = "✓" if spec.retryable else ""
    cells = (code.value, spec.zh, spec.en, str(spec.http_status), spec.category, retry)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
