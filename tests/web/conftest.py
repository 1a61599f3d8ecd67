from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from broadsheet.web.site import Site
from tests.web.newsroom import a_full_site, reading


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return a_full_site(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def client(site: Site) -> Iterator[TestClient]:
    with reading(site) as client:
        yield client
