"""The score card: ranking quality on public data, in a temporary home, never in the reader's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.opening import settings_of
from broadsheet.cli.output import Json, print_json, print_text, progress_bar, say
from broadsheet.errors import UsageError

if TYPE_CHECKING:
    from broadsheet.evaluate.card import Card
    from broadsheet.evaluate.datasets import CorpusDocument
    from broadsheet.evaluate.ours import OurSearch

Data = Annotated[Path, typer.Option("--data", help="The folder of the data set.")]

#: Where `--grow` finds other documents unless told: beside the data set.
DISTRACTORS = ("corpus_arxiv/papers.jsonl.xz", "corpus_venues/papers.jsonl.xz")
MEASURE_SHOWN = "nDCG@10"

suites = typer.Typer(
    help="Measure ranking quality on public data, with 95 % bootstrap intervals.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    app.add_typer(suites, name="evaluate")


@suites.command()
def retrieval(
    context: typer.Context,
    data: Data,
    split: Annotated[
        str, typer.Option(help="Which of several qrels files, such as test, dev or train.")
    ] = "",
    grow: Annotated[
        bool, typer.Option("--grow", help="Repeat it inside 1k, 10k and 90k other documents.")
    ] = False,
    distractors: Annotated[
        list[Path] | None,
        typer.Option(help="JSON lines with the other documents; may be repeated."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Where --grow draws its lines, as SVG.")] = None,
    as_json: Json = False,
) -> None:
    """Search in every mode: a folder with corpus.jsonl, queries.jsonl, qrels.tsv (BEIR layout).

    Example: broadsheet evaluate retrieval --data scifact
    """
    from broadsheet.evaluate.datasets import load_collection
    from broadsheet.evaluate.retrieval import evaluate_retrieval
    from broadsheet.evaluate.search_peer import with_peers

    collection = load_collection(data, split=split)
    with _ours(context) as ours:
        if grow:
            others = _read_distractors(distractors or _beside(data))
            _grow(ours, collection, others, plot or Path(f"growth-{collection.name}.svg"), as_json)
            return
        card = with_peers(evaluate_retrieval(collection, ours), collection)
    _print_card(card, as_json)


@suites.command()
def similar(context: typer.Context, data: Data, as_json: Json = False) -> None:
    """Papers like a paper in one facet: csfcube.

    Example: broadsheet evaluate similar --data csfcube
    """
    from broadsheet.evaluate.datasets import load_csfcube
    from broadsheet.evaluate.similar import evaluate_similar

    collection = load_csfcube(data)
    with _ours(context, with_parts=True) as ours:
        card = evaluate_similar(collection, ours)
    _print_card(card, as_json)


@suites.command()
def interests(
    context: typer.Context,
    data: Data,
    authors: Annotated[
        bool, typer.Option("--authors", help="A corpus whose authors are the readers.")
    ] = False,
    readers: Annotated[
        int | None, typer.Option(min=1, help="How many readers to draw; fewer are faster.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Personal ranking and the recall dial, on readers' libraries, beside two peers.

    Layouts: citeulike (users.dat, mult.dat), participants (papers.jsonl, participants.jsonl,
    expertise.tsv), and with --authors a folder of papers.jsonl whose authors read.

    Example: broadsheet evaluate interests --data citeulike_t --readers 500
    """
    from broadsheet.evaluate.interests import evaluate_interests

    embed = _embedder(context)
    _print_card(evaluate_interests(data, authors=authors, n_readers=readers, embed=embed), as_json)


@suites.command()
def trending(data: Data, as_json: Json = False) -> None:
    """Each day's papers ranked blind to its votes: papers.jsonl, and history.jsonl to learn from.

    Example: broadsheet evaluate trending --data hf_daily_papers
    """
    from broadsheet.evaluate.trending import evaluate_trending

    _print_card(evaluate_trending(data), as_json)


@suites.command()
def authors(data: Data, as_json: Json = False) -> None:
    """Who is who: mentions grouped into people, against their true profiles (B-cubed).

    Example: broadsheet evaluate authors --data author_disambiguation
    """
    from broadsheet.evaluate.authors import evaluate_authors

    _print_card(evaluate_authors(data), as_json)


def _embedder(context: typer.Context) -> Any:
    """Texts to unit vectors with the model of the settings; None, and said, without one."""
    from broadsheet.errors import ModelError
    from broadsheet.model.folder import folder_of
    from broadsheet.model.sentence import SentenceModel

    settings = settings_of(context)
    try:
        return SentenceModel.load(folder_of(settings.models_folder, settings.model)).embed
    except ModelError as error:
        say(f"measured without sentence vectors: {error}")
        return None


@contextmanager
def _ours(context: typer.Context, *, with_parts: bool = False) -> Iterator[OurSearch]:
    from broadsheet.evaluate.ours import OurSearch

    settings = settings_of(context)
    with (
        tempfile.TemporaryDirectory(prefix="broadsheet-evaluate-") as folder,
        progress_bar("embedding") as advance,
    ):
        ours = OurSearch(
            Path(folder),
            models_folder=settings.models_folder,
            model=settings.model,
            with_parts=with_parts,
            progress=lambda done, todo: advance(done / max(1, todo), f"{done:,} of {todo:,}"),
        )
        if ours.notice:
            say(f"only words are measured: {ours.notice}")
        yield ours


def _grow(
    ours: OurSearch, collection: Any, others: list[CorpusDocument], plot: Path, as_json: bool
) -> None:
    from broadsheet.evaluate.grow import evaluate_growth, growth_lines
    from broadsheet.evaluate.plot import svg_lines

    cards = evaluate_growth(collection, ours, others)
    picture = svg_lines(
        growth_lines(cards, MEASURE_SHOWN),
        title=f"{collection.name} as the index grows",
        x_label="documents in the index",
        y_label=MEASURE_SHOWN,
    )
    plot.write_text(picture, encoding="utf-8")
    if as_json:
        first = cards[min(cards)].as_json()
        grown = {str(size): card.as_json()["figures"] for size, card in cards.items()}
        print_json({**first, "grow": grown, "plot": str(plot)})
        return
    for size, card in cards.items():
        print_text(f"{size:,} documents in the index")
        print_text(card.as_table())
    say(f"drawn in {plot}")


def _beside(data: Path) -> list[Path]:
    found = [data.resolve().parent / name for name in DISTRACTORS]
    missing = [path for path in found if not path.is_file()]
    if missing:
        raise UsageError(f"no other documents in {missing[0]}; name some with --distractors")
    return found


def _read_distractors(files: list[Path]) -> list[CorpusDocument]:
    from broadsheet.evaluate.datasets import read_distractors

    return [document for file in files for document in read_distractors(file)]


def _print_card(card: Card, as_json: bool) -> None:
    for notice in card.notices:
        say(notice)
    if as_json:
        print_json(card.as_json())
    else:
        print_text(card.as_table())
