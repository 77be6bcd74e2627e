"""The commands: arguments in, one call, messages and exit code out.

Modules that take long to import are imported inside the commands that need them, so
that ``kg --help`` answers at once and asking the graph never loads spaCy.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import Any

import click

from kg.errors import KgError, UsageError

OUTPUT = Path("output")
ROW_FORMATS = ("table", "csv", "tsv", "json", "md")
PIPE_WIDTH = 200
PAGE = "graph.html"  # as kg.view calls it, which takes longer to import than all else
DRAWN = 2000  # documents whose graph a build draws: some ten seconds, each time


class Group(click.Group):
    """Turns our errors into one line on stderr and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KgError as error:
            if ctx.params.get("debug"):
                raise
            _complain_of(error)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # The reader of our output has seen enough (`kg query … | head`).
            sys.stderr.close()
            ctx.exit(0)
        except KeyboardInterrupt:
            _complain("interrupted")
            if threading.active_count() > 1:
                # Threads amid a text would be waited for; nothing is lost by ending them.
                sys.stderr.flush()
                os._exit(130)
            ctx.exit(130)
        except (OSError, sqlite3.Error, MemoryError) as error:
            # What every command may meet: a full disk, a folder that others may not read.
            if ctx.params.get("debug"):
                raise
            _complain(_system_error(error))
            ctx.exit(4 if isinstance(error, MemoryError) else 3)


def _system_error(error: OSError | sqlite3.Error | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(filter(None, (str(error.filename or ""), error.strerror)))
    return str(error)


def _complain(message: str) -> None:
    line = " ".join(message.split())
    click.echo(f"kg: {line[:400]}", err=True)


def _complain_of(error: KgError) -> None:
    _complain(str(error))
    if error.detail:
        click.echo(error.detail, err=True)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("--no-color", is_flag=True, help="Plain text, also on a terminal.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="kg-policy", prog_name="kg")
@click.pass_context
def main(ctx: click.Context, quiet: bool, no_color: bool, debug: bool) -> None:
    """Turn policy texts into a knowledge graph whose every fact leads to its sentence.

    \b
    kg build corpus/            read texts, build the graph and its page
    kg show "Emmanuel Macron"   all that is said of someone, with the sentences
    kg query largest-sums       ask a saved question, or SPARQL of your own
    """
    if no_color:
        ctx.color = False


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``-o/--output``."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        default=OUTPUT,
        show_default=True,
        help="Folder of the graph.",
    )(command)


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--store``."""
    return click.option(
        "--store",
        metavar="URL",
        help="SPARQL server that keeps the graph; after a build, the folder knows it.",
    )(command)


def with_records(command: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the records of the graph and the ontology to a command."""

    @output_option
    @store_option
    @wraps(command)
    def wrapped(output: Path, store: str | None, **arguments: Any) -> Any:
        from kg.ontology import load_ontology
        from kg.records import records_of

        ontology = load_ontology()
        records = records_of(output, ontology, store)
        return command(records=records, ontology=ontology, **arguments)

    return wrapped


@main.command()
@click.argument("paths", nargs=-1, required=True)
@output_option
@store_option
@click.option("--prune", is_flag=True, help="Remove documents whose file is gone.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    help="Leave out what is less sure; kept for later builds.",
)
@click.option(
    "--pipeline",
    metavar="NAME",
    help="Take the entities of another installed spaCy pipeline.",
)
@click.option("--base", help="What the IRIs of documents and entities begin with.")
@click.option(
    "--corrections",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of `kg correct`; kept for later builds.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for a line of JSON on each input: ok, unchanged, skipped or failed.",
)
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Annotate on a Dask cluster: its scheduler's address, or local.",
)
@click.option(
    "--shards",
    metavar="URL",
    help="Folder that all machines of the cluster see; else one in the output folder.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.pass_context
def build(
    ctx: click.Context,
    paths: tuple[str, ...],
    output: Path,
    store: str | None,
    prune: bool,
    min_confidence: float | None,
    pipeline: str | None,
    base: str | None,
    corrections: Path | None,
    report: Path | None,
    dask: str | None,
    shards: str | None,
    quiet: bool,
) -> None:
    """Read texts into the graph and write its page.

    PATHS are files, folders or - for standard input: text, Markdown, HTML, PDF and Word.
    Files that have not changed are skipped.  An input that cannot be read costs that
    input: the rest is built, and the exit code is 1.

    \b
    kg build corpus/
    kg build report.pdf https-export/*.html -o output/2024
    pdftotext law.pdf - | kg build -
    """
    from kg.build_report import report_lines
    from kg.building import build as build_graph
    from kg.progress import Advance
    from kg.terminal import progress_line, summary

    quiet = quiet or ctx.find_root().params["quiet"]
    shows = sys.stderr.isatty() and not quiet

    began: dict[str, float] = {}

    def progress(step: Advance) -> None:
        seconds = monotonic() - began.setdefault(step.doing, monotonic())
        click.echo(f"\r\x1b[K{progress_line(step, seconds)}", err=True, nl=False)

    done = build_graph(
        paths,
        output,
        server=store,
        base=base,
        pipeline=pipeline,
        min_confidence=min_confidence,
        prune=prune,
        corrections=corrections,
        progress=progress if shows else None,
        dask=dask,
        shards=shards,
    )
    if shows:
        click.echo("\r\x1b[K", err=True, nl=False)
    if report:
        report.write_text("".join(report_lines(done)), "utf-8")
    for error in done.failed:
        _complain(str(error))
    if not quiet:
        for note in done.notes:
            click.echo(f"note: {note}", err=True)
    if done.documents:
        page = output / PAGE
        drawn = done.documents <= DRAWN
        if drawn and (done.restated or done.removed or not page.exists()):
            from kg.view import write_view

            write_view(output)
        if not quiet:
            for line in summary(done):
                click.echo(line, err=True)
            see = f"open {page}" if drawn else "draw a part: kg view --around NAME"
            click.echo(f"{see}, or try: kg list, kg query --list", err=True)
    elif not done.failed:
        _complain("there was nothing to read")
    ctx.exit(1 if done.failed else 0)


@main.command()
@click.argument("question", required=False)
@output_option
@store_option
@click.option("-l", "--list", "list_", is_flag=True, help="List the saved questions.")
@click.option(
    "-p", "--param", multiple=True, metavar="NAME=VALUE", help="Fill in a parameter."
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice([*ROW_FORMATS, "ttl"]),
    help="table on a terminal, tsv in a pipe; ttl for CONSTRUCT and DESCRIBE",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="The most rows or triples; all if left out.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="How long the query may take.",
)
@click.option("--explain", is_flag=True, help="Tell what it asks, and do not run it.")
@click.option(
    "--allow-service",
    multiple=True,
    metavar="URL",
    help="Let SERVICE <URL> through to the network, and no other.",
)
def query(
    question: str | None,
    output: Path,
    store: str | None,
    list_: bool,
    param: tuple[str, ...],
    format_: str | None,
    limit: int | None,
    timeout: float,
    explain: bool,
    allow_service: tuple[str, ...],
) -> None:
    """Ask a saved question by name, a .rq file, SPARQL text, or - for standard input.

    \b
    kg query --list
    kg query who-leads-what
    kg query stance-on-law --param law="AI Act"
    kg query 'SELECT ?law WHERE { ?law a kg:Law }' --format csv
    """
    if list_ or question is None:
        from kg.paths import queries_folder
        from kg.query.saved import listing, saved_queries

        click.echo("\n".join(listing(saved_queries(queries_folder()).values())))
        return
    from kg.query.worker import Limits
    from kg.where import open_worker

    # The worker opens the store while all else is loaded.
    with closing(open_worker(output, store, online=bool(allow_service))) as worker:
        from kg.ontology import load_ontology
        from kg.query.guard import checked
        from kg.query.saved import with_parameters

        ontology = load_ontology()
        limits = Limits(seconds=timeout, rows=limit)

        def entity(name: str) -> str:
            from kg.query.entity import find_entity

            return find_entity(worker, ontology, name, Limits(seconds=timeout))

        text = with_parameters(_question(question), _values(param), entity)
        asked = checked(text, ontology, allow_service)
        if explain:
            from kg.query.explain import explained

            for line in explained(output, asked, ontology, limits, store):
                click.echo(line)
            return
        for part in _answer(worker, asked, limits, format_):
            sys.stdout.write(part)
        sys.stdout.flush()


def _values(param: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for pair in param:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--param {pair!r} is not of the form name=value")
        values[name] = value
    return values


def _question(question: str) -> Any:
    """Return the query that an argument names, holds, or is."""
    from kg.paths import queries_folder
    from kg.query.saved import read_query, saved_queries

    saved = saved_queries(queries_folder())
    if question in saved:
        return saved[question]
    if question == "-":
        return read_query("the query", sys.stdin.read())
    if question.endswith((".rq", ".sparql")):
        try:
            return read_query(question, Path(question).read_text("utf-8"))
        except OSError as error:
            raise UsageError(f"cannot read {question}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"cannot read {question}: {error}") from error
    if "{" not in question and "describe" not in question.lower().split():
        from difflib import get_close_matches

        close = get_close_matches(question, saved, n=1)
        hint = f"did you mean {close[0]}?" if close else "`kg query --list` names them"
        raise UsageError(f"no saved question {question!r}; {hint}")
    return read_query("the query", question)


def _answer(worker: Any, asked: Any, limits: Any, format_: str | None) -> Iterator[str]:
    """Yield the answer to a query in the format that is wanted, or that suits it."""
    from kg.query.answer import NAMED, written
    from kg.query.worker import Rows, Text

    of_rows = format_ or ("table" if sys.stdout.isatty() else "tsv")
    if asked.form in {"CONSTRUCT", "DESCRIBE"} and format_ not in {None, "ttl"}:
        raise UsageError(f"{asked.form} gives triples: --format ttl, not {format_}")
    if asked.form == "SELECT" and format_ == "ttl":
        raise UsageError(f"SELECT gives rows: --format {', '.join(ROW_FORMATS)}")
    answer = worker.ask(asked, limits, names=of_rows in NAMED)
    if isinstance(answer, Rows):
        yield from written(answer, of_rows, asked.prefixes, _width())
    elif isinstance(answer, Text):
        yield from answer.parts
    else:
        yield "yes\n" if answer else "no\n"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


@main.command()
@output_option
@store_option
@click.option("--around", metavar="NAME", help="Only what lies around an entity.")
@click.option(
    "--hops",
    type=click.IntRange(1, 5),
    default=1,
    show_default=True,
    help="How many facts or sums away from it.",
)
@click.option(
    "--query",
    "query_",
    metavar="NAME|FILE|TEXT",
    help="Only what a CONSTRUCT or DESCRIBE tells.",
)
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), help="Leave out what is less sure."
)
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
def view(
    output: Path,
    store: str | None,
    around: str | None,
    hops: int,
    query_: str | None,
    min_confidence: float | None,
    open_: bool,
) -> None:
    """Write the graph, or a part of it, as one page that works offline.

    \b
    kg view --open
    kg view --around "Mistral AI" --hops 2 --open
    """
    from kg.view import Choice, write_view

    choice = None
    if around or query_ or min_confidence:
        asked = _question(query_) if query_ else None
        choice = Choice(
            around or "",
            hops,
            asked.text if asked else "",
            "Query" if query_ and "{" in query_ else f"Query {Path(query_ or '').stem}",
            min_confidence or 0.0,
        )
    page = write_view(output, store, choice)
    click.echo(str(page))
    if open_:
        click.launch(page.resolve().as_uri())


@main.command()
@click.argument("name")
@with_records
def show(name: str, records: Any, ontology: Any) -> None:
    """Show one entity: names, facts in both directions, money, each with its sentence.

    \b
    kg show "Mistral AI"
    """
    from kg.describe import describe, find_entities
    from kg.terminal import Describer

    describer = Describer(records, ontology)
    found = find_entities(records, name)
    click.echo(
        "\n".join(describer.description(describe(records, entity)) for entity in found),
        nl=False,
    )


@main.command()
@click.argument("words", nargs=-1, required=True)
@output_option
@click.option(
    "--class",
    "class_",
    metavar="CLASS",
    help="Only names of a class, and sentences that tell something of such a thing.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Show so many names and so many sentences at most.",
)
@click.option("--json", "json_", is_flag=True, help="The hits as JSON.")
def search(
    words: tuple[str, ...], output: Path, class_: str | None, limit: int, json_: bool
) -> None:
    """Find names, and sentences that are evidence of something, by their words.

    All words must be there; case and accents do not matter, and the last word may be
    the beginning of one.  Words between double quotes are a phrase.

    \b
    kg search macron
    kg search export contr --class Law
    kg search '"artificial intelligence" fine'
    """
    import json
    from dataclasses import asdict

    from kg.ontology import load_ontology
    from kg.search import NameHit, SentenceHit
    from kg.search import search as find
    from kg.terminal import found_name, found_sentence

    hits = find(output, " ".join(words), type_=class_, limit=limit)
    names = [hit for hit in hits if isinstance(hit, NameHit)]
    sentences = [hit for hit in hits if isinstance(hit, SentenceHit)]
    if json_:
        data = {
            "names": [asdict(hit) for hit in names],
            "sentences": [asdict(hit) for hit in sentences],
        }
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    ontology = load_ontology()
    for name in names:
        click.echo("\n".join([*found_name(name, ontology), ""]))
    for sentence in sentences:
        click.echo("\n".join([*found_sentence(sentence, ontology), ""]))
    if not hits:
        click.echo(
            "nothing is found: names are searched, and sentences that say a fact or sum",
            err=True,
        )
    elif limit in {len(names), len(sentences)}:
        click.echo("there may be more: --limit shows it", err=True)


@main.command()
@click.argument("subject")
@click.argument("predicate_or_object")
@click.argument("object_", required=False, metavar="[OBJECT]")
@with_records
def why(
    subject: str,
    predicate_or_object: str,
    object_: str | None,
    records: Any,
    ontology: Any,
) -> None:
    """Show the evidence for what links two entities; sources that differ side by side.

    \b
    kg why "Emmanuel Macron" France
    kg why "Emmanuel Macron" leads France
    """
    from kg.describe import why as evidence
    from kg.terminal import Describer

    predicate = predicate_or_object if object_ is not None else None
    if predicate is not None:
        predicate = ontology.predicate_called(predicate)
    found = evidence(records, subject, predicate, object_ or predicate_or_object)
    describer = Describer(records, ontology)
    for said in found:
        click.echo("\n".join(describer.said(said)) + "\n")
    if not found:
        raise UsageError(
            f"nothing links {subject!r} and {object_ or predicate_or_object!r}"
        )


@main.command()
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@click.option(
    "--max-length",
    type=click.IntRange(1, 20),
    default=6,
    show_default=True,
    help="The most steps of a chain.",
)
@with_records
def path(start: str, end: str, max_length: int, records: Any, ontology: Any) -> None:
    """Show the chains of facts and payments that best link two entities.

    Each step comes with its sentence.  A chain through what many share, such as the
    country where both are based, comes last.  Only if there is no chain of facts, steps
    that are planned, possible or denied serve too, and are marked.

    \b
    kg path "Sam Altman" "AI Act"
    """
    from kg.analysis import chains
    from kg.terminal import Describer

    describer = Describer(records, ontology)
    for chain in chains(records, ontology, start, end, max_length):
        click.echo("\n".join(describer.chain(chain)) + "\n")


@main.command("list")
@click.argument("what", required=False, metavar="[CLASS|documents]")
@with_records
def list_command(what: str | None, records: Any, ontology: Any) -> None:
    """List entities, those of a class, or the documents.

    \b
    kg list Law
    kg list documents
    """
    from kg.table import table_text
    from kg.terminal import listing

    if what not in {None, "documents"}:
        what = ontology.class_called(what)
    columns = (
        ["id", "title", "date", "words"]
        if what == "documents"
        else ["name", "class", "mentions", "facts", "other names"]
    )
    rows = listing(records, ontology, what)
    if sys.stdout.isatty():
        click.echo(table_text(columns, rows, _width()), nl=False)
    else:
        for row in [columns, *rows]:
            click.echo("\t".join(row))


@main.command()
@click.option("--json", "json_", is_flag=True, help="All of it as JSON, with ids.")
@with_records
def stats(json_: bool, records: Any, ontology: Any) -> None:
    """Count what is in the graph; show who is central, groups, and who alone ties them.

    Only what is told as done counts as a tie.  Each result comes with a sentence.

    \b
    kg stats
    kg stats --json
    """
    import json
    from dataclasses import asdict

    from kg.analysis import analyse, counts
    from kg.terminal import Describer, statistics

    found = analyse(records, ontology)
    counted = counts(records, ontology)
    if json_:
        data = {"counts": counted, **asdict(found)}
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    for title, rows in statistics(counted, ontology):
        if title and rows:
            click.echo(f"\n{title}")
        for name, number in rows:
            click.echo(f"  {name:20} {number:>8,}")
    click.echo("\n".join(Describer(records, ontology).analysis(found)))


@main.command()
@output_option
@store_option
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(
        ["json", "ttl", "trig", "nq", "jsonld", "graphml", "gexf", "csv", "parquet"]
    ),
    default="json",
    show_default=True,
)
def export(output: Path, store: str | None, format_: str) -> None:
    """Write the whole graph to standard output.

    \b
    kg export --format json > graph.json
    kg export --format nq | sort -u | sha256sum
    """
    from kg.export import export as export_graph
    from kg.ontology import load_ontology
    from kg.where import open_store

    with closing(open_store(output, store)) as opened:
        data = export_graph(opened, load_ontology(), format_)
    sys.stdout.buffer.write(data)


@main.command()
@output_option
@store_option
@click.option(
    "--deep", is_flag=True, help="Also read every index and compare what they hold."
)
def validate(output: Path, store: str | None, deep: bool) -> None:
    """Check shapes, evidence and assertions; exit code 1 if something is wrong.

    \b
    kg validate
    kg validate --deep      is the store damaged?
    """
    from kg.ontology import load_ontology
    from kg.validate import validate as check

    violations = check(output, load_ontology(), store, deep=deep)
    for violation in violations:
        click.echo(f"{violation.where}: {violation.message}")
    if violations:
        raise KgError(f"{len(violations)} violations")
    click.echo("sound: shapes, evidence and assertions hold", err=True)


@main.command()
@click.argument("gold", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--errors", is_flag=True, help="List what was missed and what is wrong.")
@click.option("--json", "json_", is_flag=True, help="The figures as JSON.")
@with_records
def evaluate(
    gold: Path, errors: bool, json_: bool, records: Any, ontology: Any
) -> None:
    """Measure the graph against texts annotated by hand: precision, recall, F1.

    GOLD holds one <document>.json per text; README.md shows the format.

    \b
    kg build texts/ -o output/check && kg evaluate gold/ -o output/check
    """
    import json

    from kg.evaluate import evaluate as measure
    from kg.terminal import evaluation

    result = measure(records, gold, ontology)
    if json_:
        click.echo(json.dumps(result.figures(), indent=1))
    else:
        click.echo("\n".join(evaluation(result)))
    if errors:
        click.echo("\n".join(["", *result.errors]))
    if result.missing:
        missing = ", ".join(result.missing)
        raise KgError(f"not in the graph, and counted as missed: {missing}")


@main.command()
@click.argument("documents", nargs=-1, required=True)
@output_option
def remove(documents: tuple[str, ...], output: Path) -> None:
    """Take documents out of the graph, by id or by file.

    \b
    kg remove corpus/old-report.txt
    """
    from kg.building import remove as remove_documents
    from kg.view import write_view

    for id_ in remove_documents(documents, output):
        click.echo(f"removed {id_}", err=True)
    write_view(output)


@main.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True))
@click.argument("new", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "json_", is_flag=True, help="The changes as JSON.")
def diff(old: Path, new: Path, json_: bool) -> None:
    """Show what appeared (+), vanished (-) or changed (~) between two graphs.

    OLD and NEW are output folders or files of `kg export --format json`.

    \b
    kg export > before.json && kg build corpus/ && kg diff before.json output/
    """
    import json
    from dataclasses import asdict

    from kg.diff import diff as compare
    from kg.diff import load_records
    from kg.ontology import load_ontology
    from kg.terminal import change

    ontology = load_ontology()
    changes = compare(load_records(old, ontology), load_records(new, ontology))
    if json_:
        data = [asdict(found) for found in changes]
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    for found in changes:
        click.echo(change(found))


@main.command()
@with_records
def conflicts(records: Any, ontology: Any) -> None:
    """Show where sources contradict each other, each with its sentence.

    \b
    kg conflicts
    """
    from kg.conflicts import conflicts as contradictions
    from kg.terminal import Describer

    describer = Describer(records, ontology)
    found = contradictions(records, ontology)
    for conflict in found:
        click.echo(click.style(conflict.reason, bold=True))
        for side in conflict.sides:
            click.echo("\n".join(describer.said(side)))
        click.echo()
    click.echo(f"{len(found)} contradictions", err=True)


@main.command()
@click.argument("verb", metavar="VERB")
@click.argument("parts", nargs=-1)
@output_option
def correct(verb: str, parts: tuple[str, ...], output: Path) -> None:
    """Decide something about the graph, for good: kept in a file, applied at each build.

    ENTITY is an id or a name; a name with spaces needs quotes.

    \b
    kg correct merge "AI Act" "Artificial Intelligence Act"   the first is the second
    kg correct apart ENTITY ENTITY            the two are never one
    kg correct split ENTITY DOCUMENT NAME     there it is another thing
    kg correct rename ENTITY NAME
    kg correct retype ENTITY CLASS
    kg correct reject SUBJECT PREDICATE OBJECT [DOCUMENT], or the id of a sum
    kg correct accept SUBJECT PREDICATE OBJECT [DOCUMENT], or the id of a sum
    kg correct undo                           take the last decision back
    kg correct list
    """
    from kg.correct import correct as decide
    from kg.view import write_view

    said = decide(verb, parts, output)
    for line in said.lines:
        click.echo(line)
    for unmet in said.unmet:
        _complain(f"correction {unmet.line} meets nothing: {unmet}")
    if said.changed:
        write_view(output)
    if said.unmet:
        click.get_current_context().exit(1)


@main.command()
@output_option
def review(output: Path) -> None:
    """Walk through what is doubtful: names that nearly agree, and unsure facts.

    Each comes with its sentence in context; what you decide is kept as with
    `kg correct`, and the graph is stated again at the end.

    \b
    kg review
    """
    from kg.review import review as walk
    from kg.view import write_view

    if walk(output, ask=click.prompt, tell=click.echo):
        write_view(output)


@main.command()
@output_option
@store_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; any but this machine's own lets others in.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen at; 0 for any that is free.",
)
@click.option(
    "--name",
    multiple=True,
    help="Also answer when called by this name; else only by the address.",
)
def serve(
    output: Path, store: str | None, host: str, port: int, name: tuple[str, ...]
) -> None:
    """Serve the graph as a web site for people and a SPARQL endpoint for programs.

    It only reads, and nobody but this machine reaches it unless --host says so.

    \b
    kg serve
    curl localhost:8000/sparql --data-urlencode 'query=ASK { ?law a kg:Law }'
    """
    from kg.serve.server import run

    run(output, store, host, port, name, tell=lambda line: click.echo(line, err=True))
