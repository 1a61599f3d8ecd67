"""A harvest in a process of its own, to be killed: HOME URL NOW."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

from broadsheet.harvest.fetch import Clock
from broadsheet.jobs.harvest import harvest, open_client
from broadsheet.settings import load_settings
from broadsheet.store.database import open_database


def main(home: Path, url: str, now: datetime) -> int:
    settings = load_settings(
        home=home,
        arxiv_oai_url=f"{url}/oai",
        arxiv_api_url=f"{url}/api/query",
        arxiv_feed_url=f"{url}/atom/",
        hf_url=url,
        openreview_url=url,
        acl_url=f"{url}/acl",
    )
    db = open_database(home)
    with open_client(settings, clock=Clock(sleep=lambda _: None), interval_s=0.0) as client:
        report = harvest(
            db,
            client,
            settings,
            sources=["arxiv-feed", "arxiv", "hf-daily"],
            categories=["cs.CL", "cs.CV", "cs.LG"],
            from_=date(2026, 3, 1),
            now=now,
        )
    db.close()
    for error in report.errors:
        print(error, file=sys.stderr)
    return len(report.errors)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])))
