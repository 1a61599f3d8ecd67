"""A digest in the shapes that other programs take: our own JSON, signed; Slack, Discord and
Mattermost. Pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from broadsheet.addresses import paper_path
from broadsheet.deliver.digest import Digest, Item, covered, subject_line
from broadsheet.deliver.render import byline, ended
from broadsheet.text.wording import clip, counted, long_day, visible

SIGNATURE = "Broadsheet-Signature"
DELIVERY = "Broadsheet-Delivery"
#: A delivery older than this is a replay.
SIGNATURE_VALID = timedelta(minutes=5)
#: Slack takes 50 blocks a message, of 3,000 characters each; Discord 10 embeds, 6,000 in all.
SLACK_ITEMS_MAX = 20
DISCORD_ITEMS_MAX = 9
MATTERMOST_CHARS_MAX = 14_000

Shape = dict[str, Any]


def to_body(channel: str, digest: Digest, *, origin: str, delivery: str) -> bytes:
    """What is posted to a webhook of this channel."""
    shape = _SHAPES[channel](digest, origin)
    if channel == "json":
        shape = {"delivery": delivery, **shape}
    return json.dumps(shape, ensure_ascii=False).encode("utf-8", "replace")


def sign_body(secret: str, body: bytes, *, now: datetime) -> str:
    """The value of SIGNATURE: `t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`."""
    at = int(now.timestamp())
    return f"t={at},v1={_mac(secret, at, body)}"


def is_signed(secret: str, body: bytes, header: str, *, now: datetime) -> bool:
    """What a receiver checks: ours, and of the last minutes."""
    fields = dict(part.partition("=")[::2] for part in header.split(","))
    if not fields.get("t", "").isdigit():
        return False
    at = int(fields["t"])
    is_fresh = abs(now.timestamp() - at) <= SIGNATURE_VALID.total_seconds()
    return is_fresh and hmac.compare_digest(fields.get("v1", ""), _mac(secret, at, body))


def digest_shape(digest: Digest, origin: str) -> Shape:
    """Our own JSON: also what `broadsheet digest preview --json` prints."""
    return {
        "subject": subject_line(digest),
        "topic": digest.topic.value,
        "name": digest.name,
        "date": digest.day.isoformat(),
        "first": digest.first.isoformat(),
        "last": digest.last.isoformat(),
        "url": origin + digest.path,
        "n_stream": digest.n_stream,
        "n_shown": digest.n_shown,
        "promise": digest.promise,
        "notice": digest.notice,
        "nothing_because": digest.nothing_because,
        "papers": [
            {
                "section": section.title,
                "doc_id": item.doc_id,
                "title": item.title,
                "authors": list(item.authors),
                "why": item.why,
                "sentence": item.sentence,
                "code_url": item.code_url,
                "explores": item.explores,
                "url": origin + paper_path(item.doc_id),
            }
            for section in digest.sections
            for item in section.items
        ],
        "more": [{"doc_id": entry.doc_id, "title": entry.title} for entry in digest.more],
        "below": [{"doc_id": entry.doc_id, "title": entry.title} for entry in digest.below],
    }


def _slack(digest: Digest, origin: str) -> Shape:
    """Source: Slack, "Block Kit" and "Formatting text": & < > alone are escaped."""
    header = {"type": "header", "text": {"type": "plain_text", "text": _head(digest)[:150]}}
    blocks: list[Shape] = [header]
    for item in digest.items[:SLACK_ITEMS_MAX]:
        link = origin + paper_path(item.doc_id)
        said = f"*<{_slack_url(link)}|{_slack_text(clip(item.title, 250))}>*"
        lines = [said, *(_slack_text(line) for line in _lines(item))]
        if item.code_url:
            lines.append(f"<{_slack_url(item.code_url)}|Code>")
        text = clip("\n".join(lines), 2_900)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    foot = _slack_text(_foot(digest))
    page = f"<{_slack_url(origin + digest.path)}|Read it as a page>"
    elements = [{"type": "mrkdwn", "text": clip(f"{foot} {page}", 2_900)}]
    blocks.append({"type": "context", "elements": elements})
    return {"text": _slack_text(subject_line(digest)), "blocks": blocks}


def _discord(digest: Digest, origin: str) -> Shape:
    """Source: Discord, "Webhook Resource" and "Embed Limits". Mentions are switched off."""
    embeds = [
        {
            "title": clip(visible(item.title), 240),
            "url": origin + paper_path(item.doc_id),
            "description": clip("\n".join(_markdown(line) for line in _lines(item)), 400),
        }
        for item in digest.items[:DISCORD_ITEMS_MAX]
    ]
    content = clip(f"**{_markdown(_head(digest))}**\n{_markdown(_foot(digest))}", 1_900)
    return {"content": content, "embeds": embeds, "allowed_mentions": {"parse": []}}


def _mattermost(digest: Digest, origin: str) -> Shape:
    parts = [f"#### {_markdown(_head(digest))}"]
    for item in digest.items:
        title = f"**[{_markdown(clip(item.title, 250))}]({origin}{paper_path(item.doc_id)})**"
        code = [f"[Code]({item.code_url})"] if item.code_url else []
        part = "\n".join([title, *(_markdown(line) for line in _lines(item)), *code])
        if sum(map(len, parts)) + len(part) > MATTERMOST_CHARS_MAX:
            break
        parts.append(part)
    parts.append(f"{_markdown(_foot(digest))} [Read it as a page]({origin}{digest.path})")
    return {"text": "\n\n".join(parts)}


def _head(digest: Digest) -> str:
    return visible(f"{clip(digest.name, 80)}, {long_day(digest.day)}")


def _lines(item: Item) -> list[str]:
    lines = [
        byline(item),
        clip(item.sentence, 420),
        ended(f"Here because it {clip(item.why, 240)}"),
    ]
    return [visible(line) for line in lines if line]


def _foot(digest: Digest) -> str:
    if digest.nothing_because:
        return visible(f"Nothing today, because {ended(digest.nothing_because)}")
    days = f" of {covered(digest)}" if covered(digest) else ""
    counts = f"{counted(digest.n_stream, 'new paper')}{days}; {digest.n_shown:,} chosen."
    return visible(f"{counts} {digest.promise}".strip())


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_url(url: str) -> str:
    return _slack_text(url).replace("|", "%7C")


def _markdown(text: str) -> str:
    """Nothing in a title is markup, a link or a call to everybody."""
    escaped = "".join("\\" + char if char in "\\`*_{}[]()#+!|>~<" else char for char in text)
    return escaped.replace("@", "@\u200b")


def _mac(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()


_SHAPES: dict[str, Callable[[Digest, str], Shape]] = {
    "json": digest_shape,
    "slack": _slack,
    "discord": _discord,
    "mattermost": _mattermost,
}
