from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from broadsheet.web.site import Site
from tests.web.browsing import ARGUMENTS, CHROMIUM
from tests.web.newsroom import a_full_site, reading


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
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()
