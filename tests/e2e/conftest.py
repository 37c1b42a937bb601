"""The cloud, the browser and a session that tests of HQ's pages share."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, StorageState

from tests.e2e import browser as chrome
from tests.e2e.hq_stage import Cloud, running_cloud
from tests.e2e.hq_visit import ASSETS, Visit, sign_in
from tests.factories.waiting import PATIENCE_MS
from tests.plugins.postgres import Database


@pytest.fixture(scope="module")
def cloud(
    new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Run the cloud and its shops once."""
    if not ASSETS.exists():
        pytest.skip("page assets are missing: make assets")
    with running_cloud(new_database().url, tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser once."""
    with chrome.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def session(cloud: Cloud, browser: Browser) -> StorageState:
    """Sign in once and keep the cookies."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, cloud)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def visit(cloud: Cloud, browser: Browser, session: StorageState) -> Iterator[Visit]:
    """Look at the live wall; afterwards nothing may have left the origin."""
    context = browser.new_context(viewport=chrome.HQ_VIEW, locale="zh-CN", storage_state=session)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    made = Visit(page, chrome.Watch(page, cloud.origin))
    for box in cloud.boxes:
        box.says()
    made.opens_wall(cloud.origin)
    yield made
    context.close()
    assert made.watch.foreign == []
