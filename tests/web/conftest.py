from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from broadsheet.web.site import Site
from tests.web.browsing import ARGUMENTS, CHROMIUM
from tests.web.newsroom import a_full_site, reading

#: Of one step in a browser: three times slower than ours, and busy.
PATIENCE_MS = 180_000


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return a_full_site(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def client(site: Site) -> Iterator[TestClient]:
    with reading(site) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=ARGUMENTS, timeout=PATIENCE_MS
        )
        yield _patient(browser)
        browser.close()


def _patient(browser: Any) -> Any:
    """Every page of its waits as long as a slow machine may need."""
    new_context, new_page = browser.new_context, browser.new_page

    def patient_context(**options: Any) -> Any:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    def patient_page(**options: Any) -> Any:
        page = new_page(**options)
        page.set_default_timeout(PATIENCE_MS)
        return page

    browser.new_context, browser.new_page = patient_context, patient_page
    return browser


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a browser shows when its test fails is told with the failure."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if browser and report.when == "call" and report.failed:
        for context in list(browser.contexts):
            for page in context.pages:
                report.sections.append((f"the page {page.url}", _shown(page)))
            context.close()
    return report


def _shown(page: Any) -> str:
    from playwright.sync_api import Error

    try:
        return str(page.locator("body").inner_text(timeout=10_000))
    except Error as error:
        return f"cannot be read: {error}"
