"""Addresses of code, models and data: which they are, and one spelling for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})"


class Kind(IntEnum):
    """What is there, the most wanted first."""

    CODE = 0
    MODEL = 1
    DEMO = 2
    DATA = 3


@dataclass(frozen=True, slots=True)
class Repository:
    """`key` is equal for all spellings of one place; `url` is how we write it."""

    url: str
    key: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Host:
    pattern: re.Pattern[str]
    url: str
    kind: Kind


def _host(pattern: str, url: str, kind: Kind = Kind.CODE) -> _Host:
    return _Host(re.compile(pattern, re.IGNORECASE), url, kind)


_HOSTS = (
    _host(rf"github\.com/({_OWNER})/({_NAME})", "https://github.com/{0}/{1}"),
    _host(rf"raw\.githubusercontent\.com/({_OWNER})/({_NAME})", "https://github.com/{0}/{1}"),
    _host(
        rf"(gitlab(?:\.[a-z0-9-]+){{1,4}})/({_OWNER}(?:/{_NAME}){{1,4}})", "https://{0}/{1}"
    ),
    _host(rf"bitbucket\.org/({_OWNER})/({_NAME})", "https://bitbucket.org/{0}/{1}"),
    _host(rf"codeberg\.org/({_OWNER})/({_NAME})", "https://codeberg.org/{0}/{1}"),
    _host(rf"gitee\.com/({_OWNER})/({_NAME})", "https://gitee.com/{0}/{1}"),
    _host(rf"git\.sr\.ht/(~{_OWNER})/({_NAME})", "https://git.sr.ht/{0}/{1}"),
    _host(r"sourceforge\.net/(?:projects|p)/([a-z0-9][a-z0-9_.-]+)",
          "https://sourceforge.net/projects/{0}"),
    _host(r"code\.google\.com/(?:archive/)?p/([a-z0-9-]+)", "https://code.google.com/p/{0}"),
    _host(r"anonymous\.4open\.science/r/([a-z0-9._-]+)", "https://anonymous.4open.science/r/{0}"),
    _host(rf"(?:huggingface\.co|hf\.co)/datasets/({_OWNER})/({_NAME})",
          "https://huggingface.co/datasets/{0}/{1}", Kind.DATA),
    _host(rf"(?:huggingface\.co|hf\.co)/spaces/({_OWNER})/({_NAME})",
          "https://huggingface.co/spaces/{0}/{1}", Kind.DEMO),
    _host(rf"(?:huggingface\.co|hf\.co)/collections/({_OWNER}(?:/{_NAME})?)",
          "https://huggingface.co/collections/{0}", Kind.MODEL),
    _host(rf"(?:huggingface\.co|hf\.co)/({_OWNER})/({_NAME})",
          "https://huggingface.co/{0}/{1}", Kind.MODEL),
    _host(rf"modelscope\.cn/models/({_OWNER})/({_NAME})",
          "https://modelscope.cn/models/{0}/{1}", Kind.MODEL),
    _host(rf"modelscope\.cn/datasets/({_OWNER})/({_NAME})",
          "https://modelscope.cn/datasets/{0}/{1}", Kind.DATA),
    _host(rf"kaggle\.com/(?:datasets/)?({_OWNER})/({_NAME})",
          "https://www.kaggle.com/datasets/{0}/{1}", Kind.DATA),
    _host(r"zenodo\.org/(?:records?|deposit)/(\d+)", "https://zenodo.org/records/{0}", Kind.DATA),
    _host(r"(?:zenodo\.org/(?:doi|badge/doi)/|(?:dx\.)?doi\.org/)10\.5281/zenodo\.(\d+)",
          "https://zenodo.org/records/{0}", Kind.DATA),
    _host(r"osf\.io/([a-z0-9]{5})(?![a-z0-9])", "https://osf.io/{0}", Kind.DATA),
    _host(r"codeocean\.com/capsule/([a-z0-9-]+)", "https://codeocean.com/capsule/{0}"),
)  # fmt: skip
_SCHEME = re.compile(r"(?:https?:\s?//|git@|git://|ssh://git@)?(?:www\.)?", re.IGNORECASE)
_TAIL = re.compile(r"(?:\.git|[._-]+)$")

# First path segments that are pages of the service, not owners of repositories.
_NO_OWNERS = {
    "github.com": frozenset(
        re.findall(
            r"[\w-]+",
            "about apps collections contact customer-stories enterprise events explore features"
            " issues join login marketplace new notifications orgs organizations pricing pulls"
            " readme search security settings site sponsors stars topics trending"
            " user-attachments your-username username anonymous-url",
        )
    ),
    "huggingface.co": frozenset(
        re.findall(
            r"[\w-]+",
            "api blog chat collections datasets docs enterprise join learn login models new"
            " organizations papers posts pricing settings spaces tasks",
        )
    ),
    "kaggle.com": frozenset({"c", "code", "competitions", "discussions", "models", "learn"}),
}
_NO_NAMES = frozenset({"repositories", "stars", "followers", "following", "projects", "packages"})


def repository_of(url: str) -> Repository | None:
    """The place of code, model or data that `url` leads to (or into), else None."""
    address = url.strip().replace("\\_", "_").replace("\\", "")
    address = _SCHEME.sub("", address, count=1).replace("github.com:", "github.com/")
    for host in _HOSTS:
        if match := host.pattern.match(address):
            return _repository(host, [group or "" for group in match.groups()])
    return None


def _repository(host: _Host, parts: list[str]) -> Repository | None:
    parts[-1] = parts[-1].partition("/-/")[0]
    while (shorter := _TAIL.sub("", parts[-1])) != parts[-1]:
        parts[-1] = shorter
    url = host.url.format(*parts)
    service = url.split("/")[2].removeprefix("www.")
    is_page = parts[0].lower() in _NO_OWNERS.get(service, ()) or parts[-1].lower() in _NO_NAMES
    if not parts[-1] or is_page:
        return None
    return Repository(url, url.lower(), host.kind)
