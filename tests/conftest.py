"""What holds for every test: neither chance, nor the hour, nor whose machine it is decides."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

#: What says where data lie and how long to go on; any other setting is of somebody's own library.
OURS = {"BROADSHEET_DATA", "BROADSHEET_MODEL_WEIGHTS", "BROADSHEET_TORTURE_MOMENTS"}

# Examples follow from the test, so that who breaks nothing sees nothing break; and how long one
# may take is not for a busy machine to say.
settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are told apart by number, not by what they hold: gzip writes the hour into its files,
    and workers that began in two different seconds would know two different tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No settings, library or models of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith("BROADSHEET_") and name not in OURS:
                patch.delenv(name)
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
