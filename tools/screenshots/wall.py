"""The wall of 1,200 made-up stores as HQ sees it on a day like any other, for the README."""

import random
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.e2e.browser import HQ_VIEW, axe_findings
from tests.factories.waiting import eventually
from tools.bench.bench_fleet import Chain, answers, running
from tools.registry import ROOT
from tools.screenshots.png import with_palette

FOLDER = ROOT / "docs" / "screenshots" / "hq"
WELL = 0.98


def album(browser: Browser, languages: tuple[str, ...]) -> int:
    """Take the pictures; return how many flaws the page has."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-shots-wall-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir(mode=0o755)
    with running(folder) as (chain, origin):
        chain.changes(chain.places, random.Random(3), well=WELL)  # noqa: S311 -- made-up states
        return sum(_picture(browser, chain, origin, language) for language in languages)


def _picture(browser: Browser, chain: Chain, origin: str, language: str) -> int:
    locale = "zh-CN" if language == "zh" else "en-GB"
    page = browser.new_context(viewport=HQ_VIEW, locale=locale).new_page()
    eventually(lambda: answers(page, origin))
    page.goto(f"{origin}/login?lang={language}")
    page.fill("#login", "hq")
    page.fill("#password", chain.password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".live--on")
    (FOLDER / f"wall-{language}.png").write_bytes(with_palette(page.screenshot()))
    flaws = axe_findings(page)
    print(f"wall-{language}", *flaws, flush=True)
    page.context.close()
    return len(flaws)
