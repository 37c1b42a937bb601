"""Take every picture anew: `python -m tools.screenshots [NAME …]`; `hq`, `wall` for HQ's pages."""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.e2e.browser import Watch, axe_findings, chromium
from tests.e2e.targets import small_targets
from tools.registry import ROOT
from tools.screenshots import hq, wall
from tools.screenshots.goods import NOON_MS
from tools.screenshots.pictures import PICTURES, Picture
from tools.screenshots.png import with_palette
from tools.screenshots.scene import SETTLE_MS, Scene
from tools.screenshots.shop import Shop

FOLDER = ROOT / "docs" / "screenshots" / "till"
PAGE = ROOT / "docs" / "reference" / "till-screen.md"
HEAD = Path(__file__).with_name("till_screen_head.md")


def main() -> int:
    """Take the pictures asked for, or all, and write the page; 1 when a state has a flaw."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots")
    parser.add_argument("names", nargs="*", help="only these states")
    parser.add_argument("--language", choices=("zh", "en"), help="only this language")
    asked = parser.parse_args()
    languages = (asked.language,) if asked.language else ("zh", "en")
    if asked.names in (["hq"], ["wall"]):
        with chromium() as browser:
            return 1 if (hq if asked.names == ["hq"] else wall).album(browser, languages) else 0
    chosen = [one for one in PICTURES if not asked.names or one.name in asked.names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Shop(Path(folder)) as shop,
        chromium() as browser,
    ):
        flaws = sum(_album(browser, shop, language, chosen) for language in languages)
    PAGE.write_text(_page(), encoding="utf-8")
    return 1 if flaws else 0


def _album(browser: Browser, shop: Shop, language: str, pictures: list[Picture]) -> int:
    """Take the pictures of one language; return how many flaws the states have."""
    count = 0
    context = browser.new_context(
        viewport={"width": 1024, "height": 600},
        locale="zh-CN" if language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    watch = Watch(page, shop.base)
    page.clock.set_fixed_time(datetime.fromtimestamp(NOON_MS / 1_000, UTC))
    scene = Scene(page, shop, language, shop.clerk("1002"))
    for picture in pictures:
        picture.act(scene)
        page.wait_for_timeout(SETTLE_MS)
        _keep(page.screenshot(), f"{picture.name}-{language}")
        if picture.dark:
            page.emulate_media(color_scheme="dark")
            _keep(page.screenshot(), f"{picture.name}-{language}-dark")
            page.emulate_media(color_scheme="light")
        flaws = [*axe_findings(page), *watch.foreign, *_overflow(page), *small_targets(page)]
        print(f"{picture.name}-{language}", *flaws, flush=True)
        count += len(flaws)
    context.close()
    return count


def _overflow(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return ["wider than the screen"] if wide else []


def _keep(png: bytes, name: str) -> None:
    (FOLDER / f"{name}.png").write_bytes(with_palette(png))


def _page() -> str:
    parts = [HEAD.read_text(encoding="utf-8")]
    for one in PICTURES:
        shown = f"![{one.zh}](../screenshots/till/{one.name}-zh.png)"
        others = {"English": f"{one.name}-en.png", "深色 dark": f"{one.name}-zh-dark.png"}
        links = [
            f"[{word}](../screenshots/till/{file})"
            for word, file in others.items()
            if (FOLDER / file).exists()
        ]
        parts.append(f"## {one.zh} · {one.en}\n\n{shown}\n\n{' · '.join(links)}".rstrip() + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    raise SystemExit(main())
