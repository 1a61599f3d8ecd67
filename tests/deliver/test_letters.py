"""A mail's headers, and its DKIM signature: by the RFC's own example, and by another library."""

from __future__ import annotations

from base64 import b64decode, b64encode
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from broadsheet.deliver.dkim import (
    DkimKey,
    load_key,
    relaxed_body,
    relaxed_header,
    signature_header,
)
from broadsheet.deliver.message import Letter, Sender, compose_letter
from broadsheet.deliver.render import render
from broadsheet.errors import UsageError
from tests.deliver.samples import a_digest, an_item, some_links
from tests.worlds import NOW

UNSUBSCRIBE = "https://papers.example.org/unsubscribe/" + "dS4xYjJ" * 12

# RFC 8463, appendix A.
EXAMPLE = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\n"
    b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
EXAMPLE_TAGS = (
    b" v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b="
)
EXAMPLE_KEY = b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
EXAMPLE_SIGNATURE = (
    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
)


def test_the_example_of_the_rfc() -> None:
    head, _, body = EXAMPLE.partition(b"\r\n\r\n")
    bh = b64encode(sha256(relaxed_body(body)).digest()).decode()
    assert bh == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    lines = [line.partition(b":") for line in head.split(b"\r\n")]
    signed = b"".join(relaxed_header(name.decode(), value) for name, _, value in lines)
    tags = EXAMPLE_TAGS.replace(b"\r\n", b"")
    signed += relaxed_header("DKIM-Signature", tags).removesuffix(b"\r\n")
    key = Ed25519PrivateKey.from_private_bytes(EXAMPLE_KEY)
    assert b64encode(key.sign(sha256(signed).digest())).decode() == EXAMPLE_SIGNATURE


def a_letter(key: DkimKey | None = None, **changes: object) -> Letter:
    printed = render(a_digest(an_item(1), an_item(2)), some_links())
    fields: dict[str, object] = {
        "sender": Sender("Broadsheet <press@example.org>", "Efficient transformers", "7.abcd",
                         "17.abcd"),
        "to": "ada@example.net", "return_path": "bounces+17-00ff@example.org",
        "subject": printed.subject, "text": printed.text, "html": printed.html,
        "unsubscribe": UNSUBSCRIBE, "now": NOW, "key": key,
    }  # fmt: skip
    return compose_letter(**{**fields, **changes})  # type: ignore[arg-type]


def test_headers_let_a_receiver_trust_and_leave_it() -> None:
    letter = a_letter()
    message = message_from_bytes(letter.raw, policy=default)
    assert message["List-Id"] == '"Efficient transformers" <7.abcd.example.org>'
    assert message["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<17.abcd@example.org>"
    assert message["From"].addresses[0].addr_spec == "press@example.org"
    assert message["Date"].datetime == NOW
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain", "text/html",
    ]  # fmt: skip
    assert "Céline Ñandú" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not message.defects
    # A header that is wrapped inside an address is read by few programs.
    raw_head = letter.raw.partition(b"\r\n\r\n")[0]
    assert f"<{UNSUBSCRIBE}>".encode() in raw_head
    for line in letter.raw.split(b"\r\n"):
        assert len(line) <= 998
        assert line.isascii()
    assert b"\n" not in letter.raw.replace(b"\r\n", b"")


def test_the_same_digest_is_the_same_mail() -> None:
    assert a_letter().raw == a_letter().raw


@pytest.mark.parametrize(
    "nasty", ["x\r\nBcc: all@example.org", "x\nBcc: y", "\u202ex", "🦉 é", "a" * 2_000, "", '"<>\\']
)
def test_no_title_makes_a_header(nasty: str) -> None:
    letter = a_letter(subject=nasty, sender=Sender("Press <p@example.org>", nasty, "7", "17"))
    message = message_from_bytes(letter.raw, policy=default)
    assert "Bcc" not in message
    assert len(message.get_all("Subject", [])) == 1
    assert message["List-Id"].endswith("<7.example.org>")


@pytest.mark.parametrize(
    "subject",
    [
        "Short", "A long one in plain words that must be folded somewhere on its way to a reader",
        "MAR-MAER: Metric-Aware and Ambiguity-Adaptive Autoregressive Image Generati…, and 1 more",
        "Schrödinger bridges for speech of long range: how far does one go before the ends meet?",
        "日本語の論文 " * 12, "x" * 150, "=?utf-8?q?no?=",
    ],
)  # fmt: skip
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    raw = a_letter(subject=subject).raw
    assert message_from_bytes(raw, policy=default)["Subject"] == subject.strip()
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert len(line) <= 998


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    return generate_private_key(65_537, 2_048)


#: Whatever is done to one of these, or to the text, a receiver must notice.
TAMPERED = (
    (b"One-Click", b"Two-Click"),
    (b"papers.example.org/unsubscribe", b"evil.example"),
    (b"<7.abcd.example.org>", b"<8.abcd.example.org>"),
    (b"412 new papers", b"413 new papers"),
    (b"From: ", b"From: Eve, "),
    (b"From:", b"From: eve@x.org\r\nFrom:"),
)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("subject", ["Short", "Ünïcödé " * 9, "word " * 60])
def test_another_library_verifies_our_signature(
    kind: str, subject: str, rsa: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dkimpy, which knows nothing of our code: it reads the key as the DNS would give it."""
    # It refuses what was signed later than it is by this machine's clock.
    monkeypatch.setattr(dkim, "time", SimpleNamespace(time=NOW.timestamp))
    private = rsa if kind == "rsa" else Ed25519PrivateKey.generate()
    public = private.public_key()
    if isinstance(public, Ed25519PublicKey):  # RFC 8463, 4: the bare key
        encoded = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=" + kind.encode() + b"; p=" + b64encode(encoded)

    def verify(raw: bytes) -> tuple[bool, set[str]]:
        """Whether the signature is good, and the headers it covers."""
        message = dkim.DKIM(raw)
        try:
            is_good = message.verify(dnsfunc=lookup)
        except dkim.ValidationError:
            return False, set()
        return is_good, {name.decode() for name, _ in message.signed_headers}

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"paper._domainkey.example.org."
        return record

    raw = a_letter(DkimKey("example.org", "paper", private), subject=subject).raw
    is_good, covered = verify(raw)
    assert is_good
    assert {"list-id", "list-unsubscribe", "list-unsubscribe-post", "from", "subject"} <= covered
    for before, after in TAMPERED:
        assert before in raw
        assert not verify(raw.replace(before, after, 1))[0]


def test_an_ed25519_signature_is_over_what_the_rfc_says(tmp_path: Path) -> None:
    """As a receiver would: from the raw mail, by the tags of its own header."""
    private = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    key = load_key(tmp_path / "key.pem", domain="example.org", selector="s")
    raw = a_letter(key).raw
    header, signed, signature = _taken_apart(raw)
    assert "a=ed25519-sha256" in header
    Ed25519PublicKey.from_public_bytes(
        private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    ).verify(signature, sha256(signed).digest())


def test_an_rsa_signature_is_over_what_the_rfc_says(rsa: RSAPrivateKey) -> None:
    _, signed, signature = _taken_apart(a_letter(DkimKey("example.org", "s", rsa)).raw)
    rsa.public_key().verify(signature, signed, PKCS1v15(), SHA256())


def _taken_apart(raw: bytes) -> tuple[str, bytes, bytes]:
    """(the signature's header, what was signed, the signature) of a signed mail."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").split(b"\r\n")
    own = lines[0].decode()
    parts = [part.strip().partition("=") for part in own.partition(":")[2].split(";")]
    tags = {name: value for name, _, value in parts}
    assert tags["d"] == "example.org"
    assert tags["bh"] == b64encode(sha256(relaxed_body(body)).digest()).decode()
    names = tags["h"].split(":")
    assert {"from", "to", "subject", "list-unsubscribe", "list-unsubscribe-post"} <= set(names)
    assert names.count("from") == 2
    signed = b""
    for name in dict.fromkeys(names):
        value = next(line for line in lines[1:] if line.lower().startswith(name.encode() + b":"))
        signed += relaxed_header(name, value.partition(b":")[2])
    unsigned = own[: own.index(" b=") + 3].removeprefix("DKIM-Signature:")
    signed += relaxed_header("DKIM-Signature", unsigned.encode()).removesuffix(b"\r\n")
    return own, signed, b64decode("".join(tags["b"].split()))


def test_keys_that_cannot_sign_are_named(tmp_path: Path) -> None:
    weak = generate_private_key(65_537, 1_024)
    for name, content in (
        ("none", None), ("noise", b"noise"),
        ("weak", weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
    ):  # fmt: skip
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UsageError, match=f"dkim_key_file.*{name}"):
            load_key(path, domain="example.org", selector="s")


def test_a_body_without_end_is_signed_like_one_with_it(rsa: RSAPrivateKey) -> None:
    key = DkimKey("example.org", "s", rsa)
    ends = (b"", b"\r\n", b"\r\n\r\n\r\n", b"  \r\n")
    head = b"From: a@example.org\r\n\r\nBody \t text"
    assert len({signature_header(head + end, key, now=NOW) for end in ends}) == 1
