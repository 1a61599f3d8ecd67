"""Commands for accounts: readers and their tokens."""

from __future__ import annotations

import sys
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from broadsheet.cli.opening import now, opened
from broadsheet.cli.output import Json, print_json, print_table, print_text, say
from broadsheet.errors import NotFoundError, UsageError
from broadsheet.keys import hash_password, hash_secret, new_secret
from broadsheet.store import accounts
from broadsheet.store.database import Database
from broadsheet.store.readers import LOCAL_READER_NO, Reader, Role, find_reader, get_reader
from broadsheet.store.readers import list_readers as stored_readers

LINK_VALID = timedelta(hours=1)


class UserAction(StrEnum):
    LIST = "list"
    ADD = "add"
    LINK = "link"
    PASSWORD = "password"  # noqa: S105
    DISABLE = "disable"
    ENABLE = "enable"


class TokenAction(StrEnum):
    LIST = "list"
    ADD = "add"
    REVOKE = "revoke"


def register(app: typer.Typer) -> None:
    app.command()(user)
    app.command()(token)


def user(
    context: typer.Context,
    action: Annotated[UserAction, typer.Argument(help="What to do.")],
    email: Annotated[str, typer.Argument(help="Whose account.")] = "",
    name: Annotated[str, typer.Option(help="How the reader is called.")] = "",
    owner: Annotated[bool, typer.Option("--owner", help="add: an owner of the library.")] = False,
    as_json: Json = False,
) -> None:
    """Accounts of readers, for a library with accounts (setting `accounts`).

    add makes an account and prints a path that lets its reader in, good once for an hour; link
    prints another; password reads a new one from stdin.

    Example: broadsheet user add ada@example.org --owner
    """
    with opened(context, create=action is UserAction.ADD) as (settings, db):
        if action is UserAction.LIST:
            _print_readers(stored_readers(db), as_json=as_json)
            return
        if action is UserAction.ADD:
            with db.transaction() as transaction:
                role = Role.OWNER if owner else Role.READER
                accounts.make_reader(transaction, email=email, name=name, role=role, now=now())
        reader = _reader(db, email)
        if action in (UserAction.ADD, UserAction.LINK):
            _print_link(db, reader, settings.address)
        elif action is UserAction.PASSWORD:
            hashed = hash_password(sys.stdin.readline().rstrip("\n"))
            with db.transaction() as transaction:
                accounts.set_password(transaction, reader.reader_no, hashed)
                accounts.end_sessions(transaction, reader.reader_no)
            say(f"{email} has a new password, and is logged out everywhere")
        elif action is UserAction.DISABLE:
            with db.transaction() as transaction:
                accounts.disable_reader(transaction, reader.reader_no, now=now())
            say(f"{email} is shut out")
        else:
            with db.transaction() as transaction:
                accounts.enable_reader(transaction, reader.reader_no)
            say(f"{email} may come in again")


def token(
    context: typer.Context,
    action: Annotated[TokenAction, typer.Argument(help="What to do.")],
    name: Annotated[str, typer.Argument(help="add: what it is for. revoke: its number.")] = "",
    email: Annotated[
        str, typer.Option("--for", help="Whose token; the library's one reader if not given.")
    ] = "",
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="read, write; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tokens that programs and feed readers log in with.

    Example: broadsheet token add "my feed reader" --for ada@example.org --scope read
    """
    with opened(context) as (_, db):
        reader = _reader(db, email) if email else get_reader(db, LOCAL_READER_NO)
        if action is TokenAction.ADD:
            secret = new_secret()
            with db.transaction() as transaction:
                number = accounts.put_token(
                    transaction,
                    reader.reader_no,
                    hash_secret(secret),
                    name,
                    frozenset(scope or ["read"]),
                    now=now(),
                )
            if as_json:
                print_json({"token_no": number, "token": secret})
            else:
                say(f"token {number}, shown this once:")
                print_text(secret)
        elif action is TokenAction.REVOKE:
            if not name.isdecimal():
                raise UsageError("say which token: broadsheet token revoke NUMBER")
            with db.transaction() as transaction:
                accounts.revoke_token(transaction, reader.reader_no, int(name), now=now())
            say(f"token {name} is revoked")
        else:
            _print_tokens(accounts.list_tokens(db, reader.reader_no), as_json=as_json)


def _reader(db: Database, email: str) -> Reader:
    reader = find_reader(db, accounts.normalised_email(email))
    if reader is None:
        raise NotFoundError(f"{email} has no account here; broadsheet user add makes one")
    return reader


def _print_link(db: Database, reader: Reader, address: str) -> None:
    secret = new_secret()
    with db.transaction() as transaction:
        accounts.put_link(
            transaction,
            hash_secret(secret),
            accounts.LinkKind.LOGIN,
            reader.email or "",
            now=now(),
            valid_for=LINK_VALID,
        )
    say(f"this lets {reader.email} in once, within an hour:")
    print_text(f"{address.rstrip('/')}/enter/{secret}")


def _print_readers(readers: list[Reader], *, as_json: bool) -> None:
    rows = [
        {
            "name": reader.name,
            "email": reader.email,
            "role": str(reader.role),
            "created": reader.created_at.date().isoformat(),
            "disabled": reader.disabled_at is not None,
        }
        for reader in readers
    ]
    if as_json:
        print_json({"readers": rows})
    else:
        columns = ("name", "email", "role", "created", "disabled")
        print_table(columns, [[str(row[column] or "") for column in columns] for row in rows])


def _print_tokens(tokens: list[accounts.Token], *, as_json: bool) -> None:
    rows = [
        {
            "token_no": entry.token_no,
            "name": entry.name,
            "scopes": sorted(entry.scopes),
            "created": entry.created_at.date().isoformat(),
            "revoked": entry.revoked_at is not None,
        }
        for entry in tokens
    ]
    if as_json:
        print_json({"tokens": rows})
    else:
        columns = ("token_no", "name", "scopes", "created", "revoked")
        print_table(columns, [[str(row[column] or "") for column in columns] for row in rows])
