"""Write the table of `docs/reference/health.md`: a box's issues, from the registry."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

from retail_core.fleet.checks import REGISTRY, Check
from retail_core.texts.faults import FAULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "health.md"
MENDERS = {"clerk": "店员 clerk", "technician": "技术员 technician", "hq": "总部 HQ"}
SEVERITIES = {"stops": "停业 stops", "hinders": "缺东西 hinders", "warns": "预警 warns"}
RULE = "|---|---|---|---|---|---|\n"


def render() -> str:
    """Return the page: its words as they stand, its table anew."""
    words = PAGE.read_text(encoding="utf-8").partition(RULE)[0]
    return words + RULE + "".join(_row(check) for check in REGISTRY)


def _row(check: Check) -> str:
    spec = FAULTS[check.code]
    lasts = f"{check.after_ms // 1_000} · {check.gone_ms // 1_000}"
    severity, mender = SEVERITIES[check.severity], MENDERS[check.mender]
    return f"| {check.code} | {spec.zh} | {spec.en} | {severity} | {mender} | {lasts} |\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
