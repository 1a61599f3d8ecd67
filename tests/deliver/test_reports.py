"""Bounces and complaints as mail servers and services send them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.deliver.reports import read_report
from broadsheet.errors import ParseError

BOUNCE = b"""From: MAILER-DAEMON@mx.example.net
To: bounces+17-00112233aabbccdd@papers.example.org
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; Ada@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such person

--b--
"""
COMPLAINT = b"""From: feedback@isp.example
To: abuse@papers.example.org
Content-Type: multipart/report; report-type=feedback-report; boundary="b"
MIME-Version: 1.0

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Some/1
Version: 1
Original-Mail-From: <bounces+17-00112233aabbccdd@papers.example.org>
Original-Rcpt-To: ada@example.net

--b
Content-Type: message/rfc822

From: press@papers.example.org
Subject: Papers

Hello
--b--
"""


def test_a_bounce_says_for_whom_and_whether_for_ever() -> None:
    report = read_report(BOUNCE, "message/rfc822")
    assert "bounces+17-00112233aabbccdd@papers.example.org" in report.came_to
    assert (report.address, report.permanent) == ("ada@example.net", True)
    assert report.reason == "bounce: 5.1.1 550 5.1.1 no such person"
    full = read_report(BOUNCE.replace(b"5.1.1", b"5.2.2"), "message/rfc822")
    assert not full.permanent
    delayed = read_report(BOUNCE.replace(b"Action: failed", b"Action: delayed"), "")
    assert not delayed.permanent


def test_a_complaint_is_for_ever() -> None:
    report = read_report(COMPLAINT, "")
    assert (report.address, report.permanent) == ("ada@example.net", True)
    assert any("bounces+17-" in address for address in report.came_to)


@pytest.mark.parametrize(
    ("said", "permanent"),
    [
        ({"kind": "complaint", "address": "a@b.org"}, True),
        ({"kind": "bounce", "address": "a@b.org", "permanent": True}, True),
        ({"kind": "bounce", "return_path": "bounces+1-ff@b.org", "permanent": "yes"}, False),
    ],
)
def test_reports_in_json(said: dict[str, object], permanent: bool) -> None:
    assert read_report(json.dumps(said).encode(), "application/json").permanent is permanent


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'"x"', b'{"kind":"bounce"}', b'{"kind":1,"address":"a"}',
             b"[" * 5_000]
)  # fmt: skip
def test_what_is_no_report(body: bytes) -> None:
    with pytest.raises(ParseError):
        read_report(body, "application/json")


@given(st.binary(max_size=2_000))
def test_no_mail_makes_it_break(body: bytes) -> None:
    for text in (body, BOUNCE[:400] + body, COMPLAINT[:350] + body):
        try:
            read_report(text, "message/rfc822")
        except ParseError:
            pass
