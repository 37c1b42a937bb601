"""Write `docs/reference/supported-devices.md` from profiles, drivers' answers and fixtures."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file by make

from tools.driver_quality import DRIVERS, HELPERS, ROOT, Rule, drivers, rules

PAGE = ROOT / "docs" / "reference" / "supported-devices.md"
PROFILES = ROOT / "device_configs"
FIXTURES = (ROOT / "tests" / "golden", ROOT / "tests" / "fixtures")
ON_HARDWARE = "seen-on-real-hardware"
KINDS = {"camera": "camera_opencv"}
"""Kind of a profile → its driver, where the two names differ."""
TITLES = {
    "till_escpos": ("小票打印线上的收银机", "tills by their receipt printer's line"),
    "customer_display": ("顾客显示屏", "customer displays"),
    "scanner": ("扫码枪", "scanners"),
    "framed_ecr": ("带帧的收银机协议", "tills that speak in frames"),
    "till_software": ("收银软件", "till software"),
    "nfc_pcsc": ("读卡器", "card readers"),
    "camera_opencv": ("摄像头", "cameras"),
    "qr": ("摄像头里的二维码", "codes in pictures"),
    "face_onnx": ("人脸", "faces"),
}
HEAD = """# 支持的设备 · Supported devices

由 `make docs-reference` 从 `device_configs/`、各驱动的 `QUALITY.toml` 和测试数据生成,请勿手改。 \
Generated from the profiles, each driver's `QUALITY.toml` and the fixtures by \
`make docs-reference`; do not edit.

「做到」都有测试或命令为证,「还没有」写明缺什么;证据是「—」的配置只有驱动的测试。 \
没有写进这张表的设备,插上后先用 \
[`edge-agent till devices`](../how-to/claim-devices.md) 看它是什么。 \
What is done is shown by a test or a command; what is not says what is missing. A profile with — \
has no fixture and no test of its own, only its driver's. For a device that \
is not listed, see what it is with `edge-agent till devices` first.
"""


def render() -> str:
    """Return the page."""
    folders = [one for one in drivers() if one.name not in HELPERS]
    ordered = sorted(folders, key=lambda one: list(TITLES).index(one.name))
    return HEAD + "".join(_driver(one) for one in ordered)


def _driver(folder: Path) -> str:
    zh, en = TITLES[folder.name]
    answered = rules(folder)
    done = [one for one in answered if one.state == "done"]
    simulators = ", ".join(f"`{one.name}`" for one in sorted(folder.glob("sim*.py"))) or "—"
    said = (
        f"\n## {zh} · {en}\n\n"
        f"驱动 · driver `{folder.relative_to(ROOT)}` · 模拟器 · simulators {simulators} · "
        f"做到 · done {len(done)} / {len(answered)}\n\n"
        f"真机 · on real hardware: {_on_hardware(answered)}\n"
    )
    return said + _profiles(folder.name) + _missing(answered)


def _on_hardware(answered: tuple[Rule, ...]) -> str:
    for one in answered:
        if one.name == ON_HARDWARE:
            return f"✓ {one.shown_by}" if one.state == "done" else f"还没有 · not yet: {one.why}"
    return "—"


def _profiles(driver: str) -> str:
    rows = "".join(_profile_rows(driver))
    if not rows:
        return ""
    head = "\n| 配置 profile | 是什么 | what it is | 证据 shown by |\n|---|---|---|---|\n"
    return head + rows


def _profile_rows(driver: str) -> Iterator[str]:
    for path in sorted(PROFILES.glob("*.toml")):
        profile = tomllib.loads(path.read_text(encoding="utf-8"))
        if KINDS.get(profile["kind"], profile["kind"]) == driver:
            cells = (
                f"`{path.stem}`",
                profile["title_zh"],
                profile["title_en"],
                _evidence(path.stem),
            )
            yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _evidence(name: str) -> str:
    """Say what shows a profile: fixtures of its own, or tests that use it."""
    for place in FIXTURES:
        for own in sorted(place.rglob(name)):
            count = sum(1 for one in own.iterdir() if one.suffix == ".bin")
            return f"`{own.relative_to(ROOT)}` ({count or 'files'})"
    quoted = f'"{name}"'
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    return "测试里用到 · used in tests" if any(quoted in text for text in tests) else "—"


def _missing(answered: tuple[Rule, ...]) -> str:
    rows = [
        f"| {one.name} | {one.why} |\n"
        for one in answered
        if one.state == "todo" and one.name != ON_HARDWARE
    ]
    if not rows:
        return ""
    return "\n| 还没有 not yet | 缺什么 what is missing |\n|---|---|\n" + "".join(rows)


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE.relative_to(ROOT), f"({len(list(DRIVERS.glob('*/QUALITY.toml')))} drivers)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
