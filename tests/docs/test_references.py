"""The documents say what the code does: commands, options, settings, folders, words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from broadsheet.cli import app
from broadsheet.settings import Settings
from broadsheet.web.app import ROUTES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _cells(file: str) -> list[list[str]]:
    """The cells of every table row of a document, header and rule left out."""
    lines = (DOCS / file).read_text("utf-8").splitlines()
    rows = [line.strip("|").split(" | ") for line in lines if line.startswith("| ")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [row for row in cells if row[0].startswith("`")]


def test_every_command_and_option_is_in_the_reference() -> None:
    documented = {
        row[0].strip("`").split()[0]: set(re.findall(r"--?[a-z-]+", row[1]))
        for row in _cells("COMMANDS.md")
        if row[0].startswith("`")
    }
    commands = get_command(app).commands  # type: ignore[attr-defined]
    there = {
        name: {
            next((flag for flag in parameter.opts if flag.startswith("--")), parameter.opts[0])
            for parameter in command.params
            if parameter.param_type_name == "option" and parameter.name != "help"
        }
        for name, command in commands.items()
    }
    assert documented == there


def test_every_command_explains_itself() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        assert command.help, name
        assert all(
            getattr(parameter, "help", None)
            for parameter in command.params
            if parameter.param_type_name == "option"
        ), name


def test_every_setting_is_in_the_reference_with_its_default() -> None:
    rows = {row[0].strip("`"): row for row in _cells("SETTINGS.md")}
    assert rows.keys() == Settings.model_fields.keys()
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if name not in ("home", "models_folder"):
            assert json.loads(rows[name][1].strip("`")) == default, name
        assert rows[name][2].rstrip(" |") == field.description, name


def test_every_folder_is_on_the_map() -> None:
    map_ = (DOCS / "ARCHITECTURE.md").read_text("utf-8")
    package = ROOT / "src" / "broadsheet"
    for entry in package.iterdir():
        if entry.name.startswith("_") or entry.name == "py.typed":
            continue
        assert f"`{entry.name}{'/' if entry.is_dir() else ''}`" in map_, entry.name


def test_the_store_alone_speaks_sql() -> None:
    package = ROOT / "src" / "broadsheet"
    statement = re.compile(r"[\"'](SELECT|INSERT|UPDATE|DELETE|WITH) [^\"']* (FROM|INTO|SET) ")
    speaking = {
        path.parent for path in package.rglob("*.py") if statement.search(path.read_text("utf-8"))
    }
    assert speaking == {package / "store"}


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=str)
def test_links_inside_the_documents_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_every_route_is_in_the_reference() -> None:
    documented = {name for row in _cells("PAGES.md") for name in re.findall(r"`(/[^`]*)`", row[0])}
    assert documented == {re.sub(r":\w+\}", "}", route.path) for route in ROUTES}
