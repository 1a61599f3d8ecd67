"""Configuration, read once at the edge and passed down as plain values.

Each field is also an environment variable: BROADSHEET_ + the upper-case name
(`BROADSHEET_HOME`), and a line in `HOME/settings.toml`. Command-line flags win,
then the environment, then the file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from broadsheet.errors import UsageError

SETTINGS_FILE = "settings.toml"


class Settings(BaseSettings):
    """All settings with their defaults; docs/SETTINGS.md is checked against this class."""

    model_config = SettingsConfigDict(
        env_prefix="BROADSHEET_", extra="forbid", frozen=True, validate_default=True
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("broadsheet", appauthor=False)),
        description="The folder that holds the library, its indexes and its settings.",
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the web server listens on.")
    allowed_hosts: list[str] = Field(
        default_factory=lambda: ["127.0.0.1", "localhost", "[::1]"],
        description="Host names the web server answers to (against DNS rebinding).",
    )
    address: str = Field(
        "",
        description="How readers reach the pages, such as https://papers.example.org: a name of its"
        " own, without a path. For mail and feeds; its host is allowed.",
    )
    proxies: list[str] = Field(
        default_factory=lambda: ["127.0.0.1", "::1"],
        description="Addresses of proxies before us, whose X-Forwarded headers are believed.",
    )
    accounts: bool = Field(
        False, description="Whether readers log in; without, there is one reader and no login."
    )
    smtp_host: str = Field("", description="Server that takes our mail; without, none is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["tls", "starttls", "none"] = Field(
        "starttls", description="How the connection to it is secured: tls, starttls or none."
    )
    smtp_username: str = Field("", description="Name it knows us by.")
    smtp_password: str = Field(
        "", repr=False, description="Password it knows us by; best given in the environment."
    )
    mail_from: str = Field("", description="Address our mail comes from.")
    dkim_key_file: str = Field(
        "", description="Private key (PEM) that our mail is signed with; none, and it is not."
    )
    dkim_selector: str = Field(
        "", description="The key's name in the DNS: SELECTOR._domainkey of mail_from's domain."
    )
    bounce_address: str = Field(
        "", description="Where mail that cannot be delivered comes back to, marked with +NUMBER."
    )
    bounce_secret: str = Field(
        "", repr=False, description="Token that a report of bounces at /bounces must carry."
    )
    mails_per_minute: int = Field(
        60, ge=1, description="Most digests a minute to one mail host, or one webhook's host."
    )
    webhook_origins: list[str] = Field(
        default_factory=list,
        description="Private addresses webhooks may go to, such as http://127.0.0.1:8065.",
    )
    public_subscriptions: bool = Field(
        False, description="Whether strangers may have the day's papers or a search by mail."
    )
    categories: list[str] = Field(
        default_factory=lambda: ["cs.CL", "cs.CV", "cs.LG", "cs.AI"],
        description="arXiv categories harvested by default.",
    )
    sources: list[str] = Field(
        default_factory=lambda: ["arxiv", "hf-daily"],
        description="Sources the worker harvests: arxiv, arxiv-feed, hf-daily, openreview, acl.",
    )
    openreview_venues: list[str] = Field(
        default_factory=list,
        description="OpenReview venue ids to harvest, such as ICLR.cc/2026/Conference.",
    )
    acl_volumes: list[str] = Field(
        default_factory=list, description="ACL Anthology collections to harvest, such as 2026.acl."
    )
    harvest_every_minutes: int = Field(
        60, ge=5, description="How often the worker asks each source for what is new."
    )
    link_hosts: list[str] = Field(
        default_factory=lambda: ["github.com", "gitlab.com", "huggingface.co"],
        description="Hosts that are asked whether papers' code is still there; [] asks none.",
    )
    model: str = Field(
        "all-MiniLM-L6-v2", description="The sentence model; `broadsheet model list` names some."
    )
    models_folder: Path = Field(
        default_factory=lambda: (
            Path(platformdirs.user_data_dir("broadsheet", appauthor=False)) / "models"
        ),
        description="Where sentence models are kept; libraries share them.",
    )
    contact: str = Field(
        "", description="Mail address sent to sources in the User-Agent, as they ask for."
    )
    arxiv_oai_url: str = Field(
        "https://oaipmh.arxiv.org/oai", description="arXiv's OAI-PMH endpoint."
    )
    arxiv_api_url: str = Field(
        "https://export.arxiv.org/api/query", description="arXiv's Atom API endpoint."
    )
    arxiv_feed_url: str = Field(
        "https://rss.arxiv.org/atom/", description="arXiv's announcement feed, category appended."
    )
    hf_url: str = Field("https://huggingface.co", description="Hugging Face, for daily papers.")
    openreview_url: str = Field("https://api2.openreview.net", description="OpenReview API.")
    acl_url: str = Field(
        "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml/",
        description="Where ACL Anthology XML collections are read.",
    )

    @field_validator("address")
    @classmethod
    def _is_origin(cls, address: str) -> str:
        """Every page's links begin at the root of its host, so a path could lead nowhere."""
        if not address:
            return ""
        parts = urlsplit(address)
        has_more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in ("http", "https") or not parts.hostname or has_more:
            raise ValueError("write it as https://papers.example.org, without a path")
        return f"{parts.scheme}://{parts.netloc}"


def load_settings(**flags: Any) -> Settings:
    """Settings from flags (None means not given), environment and HOME/settings.toml.

    Raises UsageError naming the setting that cannot be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        home = Settings(**given).home
        path = home / SETTINGS_FILE
        try:
            in_file = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} is not valid TOML ({error}); mend or remove it") from error
        environment = Settings(**given).model_dump(exclude_unset=True)
        return Settings(**{**in_file, **environment, **given}) if in_file else Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"setting {name}: {first['msg']}") from error
