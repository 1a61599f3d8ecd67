"""The commands for accounts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli import app
from broadsheet.cli.opening import now
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.keys import hash_secret, is_password, is_secret
from broadsheet.store.accounts import find_link, find_token, password_hash_of
from broadsheet.store.database import open_database
from broadsheet.store.readers import find_reader


def run(home: Path, *words: str, given: str = "") -> str:
    result = CliRunner().invoke(
        app, ["--home", str(home), *words], input=given, catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.stdout


def test_an_account_is_made_found_given_a_password_and_shut_out(tmp_path: Path) -> None:
    path = run(tmp_path, "user", "add", "Ada@Example.org", "--owner", "--name", "Ada").strip()
    db = open_database(tmp_path)
    link = find_link(db, hash_secret(path.rpartition("/")[2]), now=now())
    assert link
    assert link.email == "ada@example.org"
    run(tmp_path, "user", "password", "ada@example.org", given="a good password\n")
    reader = find_reader(db, "ada@example.org")
    assert reader
    assert is_password("a good password", password_hash_of(db, reader.reader_no))
    (row,) = json.loads(run(tmp_path, "user", "list", "--json"))["readers"]
    assert (row["name"], row["role"], row["disabled"]) == ("Ada", "owner", False)
    run(tmp_path, "user", "add", "bo@example.org")
    run(tmp_path, "user", "disable", "bo@example.org")
    assert json.loads(run(tmp_path, "user", "list", "--json"))["readers"][1]["disabled"]
    run(tmp_path, "user", "enable", "bo@example.org")
    assert run(tmp_path, "user", "link", "bo@example.org").startswith("/enter/")
    db.close()


def test_a_token_is_made_printed_once_and_revoked(tmp_path: Path) -> None:
    run(tmp_path, "user", "add", "ada@example.org", "--owner")
    made = json.loads(run(tmp_path, "token", "add", "feeds", "--for", "ada@example.org", "--json"))
    assert is_secret(made["token"])
    db = open_database(tmp_path)
    assert find_token(db, hash_secret(made["token"]))
    (row,) = json.loads(run(tmp_path, "token", "list", "--json"))["tokens"]
    assert (row["name"], row["scopes"], row["revoked"]) == ("feeds", ["read"], False)
    assert made["token"] not in run(tmp_path, "token", "list")
    run(tmp_path, "token", "revoke", str(made["token_no"]))
    assert find_token(db, hash_secret(made["token"])) is None
    db.close()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("user", "link", "no@example.org"), NotFoundError),
        (("user", "add", "nonsense"), UsageError),
        (("token", "revoke", "x"), UsageError),
        (("token", "revoke", "7"), NotFoundError),
        (("token", "add", "x", "--scope", "all"), UsageError),
        (("token", "add", "x", "--for", "no@example.org"), NotFoundError),
    ],
)
def test_what_cannot_be_done_says_so(
    tmp_path: Path, words: tuple[str, ...], error: type[Exception]
) -> None:
    run(tmp_path, "user", "add", "ada@example.org", "--owner")
    with pytest.raises(error):
        run(tmp_path, *words)
