"""The whole story: read → annotate → resolve → state → store → view."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from kg import published, rdf
from kg.annotating import Found, annotated, annotated_here
from kg.build_report import BuildReport, Note
from kg.corrections import FILE as CORRECTIONS
from kg.corrections import Correction, read_corrections
from kg.errors import InputError, StoreError, UsageError
from kg.model import Annotation, Document
from kg.ontology import load_ontology
from kg.paths import ontology_folder, weights_folder
from kg.progress import READING, Advance, Progress
from kg.reading import Source, find_sources, fingerprint, read_bytes
from kg.restating import restate_changed, take_down
from kg.shelf import FILE as SHELF
from kg.shelf import Shelf
from kg.state import MIN_CONFIDENCE
from kg.store import DOCUMENT, FOLDER, AnyStore, GraphStore
from kg.where import SETTING

if TYPE_CHECKING:
    from spacy.language import Language

SHARDS = "shards"
_LOADING = Lock()


def build(
    paths: Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    server: str | None = None,
    base: str | None = None,
    pipeline: str | None = None,
    min_confidence: float | None = None,
    prune: bool = False,
    corrections: Path | None = None,
    progress: Progress | None = None,
    dask: str | None = None,
    shards: str | None = None,
) -> BuildReport:
    """Read texts into the graph of an output folder.

    New and changed files are annotated, unchanged ones skipped.  An input that cannot be
    read costs that input: the rest is built, and what the graph held of it stays.

    Args:
        paths: Files, folders, or ``-`` for standard input.
        output: Where store, shelf and view live.
        server: Address of a SPARQL server that keeps the graph in place of a store here;
            kept with the folder.
        base: What the IRIs of documents and entities begin with; kept with the folder.
        pipeline: Name or folder of a spaCy pipeline whose entities are taken; ours if
            left out.
        min_confidence: Facts and sums below it are left out of the graph; kept with the
            folder.
        prune: Remove documents whose file is gone, and those of a server that are none
            of this folder's.
        corrections: The file of what people decided; ``corrections.txt`` in the output
            folder if never given, and kept with the folder.
        progress: Told of each new or changed file when it is annotated, and of each
            document when it is stated.
        dask: Address of a Dask scheduler whose workers annotate, or ``local`` for a
            cluster of this machine's cores.
        shards: URL of a folder that all workers of ``dask`` see; one in the output folder
            if left out.

    Raises:
        UsageError: ``base`` is no IRI to build on, or differs from the folder's; there is
            no such pipeline, or it finds no entities; ``server`` is no address, or holds
            documents of others; there is no such cluster.
        StoreError: The store cannot be opened or written, or the cluster is gone.
    """
    if shards and dask is None:
        raise UsageError("shards are for a cluster: name that too (--dask)")
    began = time.monotonic()
    log = _Log()
    output = Path(output)
    sources = find_sources([os.fspath(path) for path in paths])
    log.failed += sources.problems
    log.notes += [Note(path, text) for path, text in sources.notes]
    with _opened(output, server, prune=prune) as (store, shelf):
        base = _settled_base(shelf, base)
        if min_confidence is not None:
            shelf.set_setting("min_confidence", str(min_confidence))
        if corrections is not None:
            if not corrections.exists():
                raise UsageError(f"no such file of corrections: {corrections}")
            shelf.set_setting("corrections", str(corrections.resolve()))
        # Read before anything is done: a slip in the file must not cost the build.
        decisions = _corrections(shelf, output)
        jobs = _changed(sources.found, shelf, log, pipeline)
        most = len(sources.found)
        with closing(
            _found(jobs, most, pipeline, dask, shards or str(output / SHARDS))
        ) as found:
            for job, result in found:
                if isinstance(result, InputError):
                    log.failed.append(result)
                else:
                    _shelve(job, *result, shelf, log, pipeline)
                if progress:
                    done, path = job.number + 1, job.source.path
                    progress(Advance(READING, done, most, log.words, path))
        if prune:
            log.removed += _prune(shelf)
        restated, unmet = _restate(
            shelf, store, base, decisions, prune=prune, progress=progress
        )
        log.notes += [
            Note(None, f"correction {c.line} meets nothing: {c}") for c in unmet
        ]
        documents = len(shelf.ids())
    return BuildReport(
        tuple(log.added),
        tuple(log.replaced),
        tuple(log.unchanged),
        tuple(log.failed),
        sources.skipped,
        tuple(log.removed),
        tuple(log.notes),
        restated,
        documents,
        log.words,
        time.monotonic() - began,
    )


def remove(names: Sequence[str], output: Path) -> tuple[str, ...]:
    """Take documents out of the graph.

    Args:
        names: Ids of documents, or their files.
        output: The output folder.

    Returns:
        The ids of the documents that were removed.

    Raises:
        UsageError: No document has such an id or file; nothing is removed then.
        StoreError: The store cannot be opened or written.
    """
    Shelf.open(output).close()
    with _opened(output) as (store, shelf):
        locations, paths = shelf.locations(), shelf.paths()
        ids = [_document_meant(name, locations, paths) for name in names]
        for id_ in ids:
            shelf.remove(id_)
        decisions = _corrections(shelf, output)
        _restate(shelf, store, _settled_base(shelf, None), decisions)
    return tuple(ids)


def _document_meant(
    name: str, locations: Mapping[str, str], paths: Mapping[str, Sequence[str]]
) -> str:
    """Return the id of the document that an id, a file or a path of the graph means.

    Args:
        name: What people call it.
        locations: Where each document was read, by its id.
        paths: The ids of the documents that go by each path.
    """
    if name in locations:
        return name
    places = {str(Path(name).resolve()), name}
    here = [id_ for id_, place in locations.items() if place in places]
    found = here or paths.get(name, ())
    if not found:
        raise UsageError(f"no document {name!r}; `kg list documents` names them")
    if len(found) > 1:
        which = ", ".join(f"{id_} ({locations[id_]})" for id_ in found)
        raise UsageError(f"{name!r} may be any of {which}: give the id")
    return found[0]


def restate(output: Path) -> tuple[Correction, ...]:
    """State the graph again as the corrections now say, without reading any text.

    Returns:
        The corrections that meet nothing in the graph.

    Raises:
        UsageError: A correction cannot be understood; the graph stays as it is.
        StoreError: The store cannot be opened or written.
    """
    Shelf.open(output).close()
    with _opened(output) as (store, shelf):
        decisions = _corrections(shelf, output)
        return _restate(shelf, store, _settled_base(shelf, None), decisions)[1]


def corrections_file(output: Path) -> Path:
    """Return where the corrections of an output folder are kept."""
    shelf = Shelf.open(output)
    try:
        return _corrections_file(shelf, output)
    finally:
        shelf.close()


def least_confidence(shelf: Shelf) -> float:
    """Return how sure a claim must be to stand in an output folder's graph."""
    return float(shelf.setting("min_confidence") or MIN_CONFIDENCE)


class _Log:
    """What happened so far."""

    def __init__(self) -> None:
        self.added: list[str] = []
        self.replaced: list[str] = []
        self.unchanged: list[str] = []
        self.failed: list[InputError] = []
        self.removed: list[str] = []
        self.notes: list[Note] = []
        self.words = 0


@contextmanager
def _opened(
    output: Path, server: str | None = None, *, prune: bool = False
) -> Iterator[tuple[AnyStore, Shelf]]:
    with (
        locked(output),
        _shelf_errors_told(output),
        closing(Shelf.open(output, writable=True)) as shelf,
    ):
        kept = shelf.setting(SETTING)
        with closing(_store(output, server or kept)) as store:
            if server and server != kept:
                _move(shelf, store, server, prune=prune)
            yield store, shelf
            store.flush()
            if isinstance(store, GraphStore):
                store.publish(output)
        if shelf.setting(SETTING):
            # All of it is on the server now: what the folder kept before is out of date.
            shutil.rmtree(output / published.FOLDER, ignore_errors=True)
            shutil.rmtree(output / FOLDER, ignore_errors=True)


@contextmanager
def _shelf_errors_told(output: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"cannot write {output / SHELF}: {error}") from error


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Keep a second build out of a folder; a process that is killed lets go as well.

    Raises:
        StoreError: Another build has it, or it cannot be opened.
    """
    path = output / "build.lock"
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        # Of two who ask at once one gets it; asked for EXCLUSIVE, both could be refused.
        lock.execute("BEGIN IMMEDIATE")
    except (OSError, sqlite3.Error) as error:
        if "locked" in str(error):
            raise StoreError(f"{output} is in use by another `kg build`") from error
        raise StoreError(f"cannot open {path}: {error}") from error
    with closing(lock):
        yield


def _store(output: Path, server: str | None) -> AnyStore:
    if server is None:
        return GraphStore.open(output, writable=True)
    # HTTP takes a while to import, and most graphs are in their folder.
    from kg.remote_store import RemoteStore

    return RemoteStore.open(server, writable=True)


def _move(shelf: Shelf, store: AnyStore, server: str, *, prune: bool) -> None:
    """Settle that a server keeps the graph from now on: all of it is to be sent there."""
    known = {*shelf.ids(), *shelf.indexed()}
    if not prune:
        held = store.documents()
        _refuse_strange({d for d in held if d.rpartition(DOCUMENT)[2] not in known})
    shelf.forget_all_stated()
    shelf.set_setting(SETTING, server)


def _settled_base(shelf: Shelf, wanted: str | None) -> str:
    kept = shelf.setting("base")
    if kept and wanted and kept != wanted:
        raise UsageError(
            f"this graph's IRIs begin with {kept}; build elsewhere with -o"
        )
    base = kept or wanted or rdf.DEFAULT_BASE
    if (
        not base.endswith(("/", "#"))
        or ":" not in base
        or set(base) & set(' <>"{}|\\^`')
    ):
        raise UsageError(f"{base!r} is no base for IRIs: end it with / or #")
    if not kept:
        shelf.set_setting("base", base)
    return base


@dataclass(frozen=True, slots=True)
class _Job:
    """A file that is new or has changed."""

    number: int
    source: Source
    location: str
    mark: str
    data: bytes


def _changed(
    sources: Sequence[Source], shelf: Shelf, log: _Log, pipeline: str | None
) -> Iterator[_Job]:
    """Yield the files that the shelf does not hold as they are."""
    for number, source in enumerate(sources):
        try:
            data = read_bytes(source)
        except InputError as error:
            log.failed.append(InputError(error.path, error.reason))
            continue
        mark = fingerprint(source, data)
        location = source.location
        if location == "-":
            location = f"-:{hashlib.sha256(data).hexdigest()}"
        if shelf.is_current(location, mark, _pipeline_digest(pipeline)):
            log.unchanged.append(source.path)
        else:
            yield _Job(number, source, location, mark, data)


def _found(
    jobs: Iterator[_Job],
    most: int,
    pipeline: str | None,
    dask: str | None,
    shards: str,
) -> Generator[tuple[_Job, Found], None, None]:
    """Yield each job with what is found in it."""
    load = partial(_loaded, pipeline)
    if dask is not None:
        yield from _on_cluster(dask, jobs, shards, pipeline)
    elif pipeline is None:
        yield from annotated(jobs, load, most)
    else:
        # What is not ours may need code that another process would not find.
        yield from annotated_here(jobs, load)


def _shelve(
    job: _Job,
    document: Document,
    annotation: Annotation,
    shelf: Shelf,
    log: _Log,
    pipeline: str | None,
) -> None:
    path = job.source.path
    holder = shelf.holder_of(document.id)
    if holder and holder != job.location and Path(holder).exists():
        log.unchanged.append(path)
        log.notes.append(Note(path, f"the same text under the same name as {holder}"))
        return
    known = shelf.knows(job.location)
    digest = _pipeline_digest(pipeline)
    with shelf.transaction():
        shelf.put(job.location, job.mark, digest, document, annotation)
        take_down(shelf, document.id, annotation)
    (log.replaced if known or holder else log.added).append(path)
    log.notes += [Note(path, note) for note in document.notes]
    log.words += annotation.words


def _prune(shelf: Shelf) -> list[str]:
    gone = [
        id_
        for id_, location in shelf.locations().items()
        if not location.startswith("-:") and not Path(location).exists()
    ]
    for id_ in gone:
        shelf.remove(id_)
    return gone


def _corrections_file(shelf: Shelf, output: Path) -> Path:
    return Path(shelf.setting("corrections") or output / CORRECTIONS)


def _corrections(shelf: Shelf, output: Path) -> tuple[Correction, ...]:
    path = _corrections_file(shelf, output)
    if shelf.setting("corrections") and not path.exists():
        # Without it all that was decided would be undone.
        raise UsageError(
            f"the corrections are gone: put {path} back, or name another file "
            "with --corrections"
        )
    return read_corrections(path, load_ontology())


def _restate(
    shelf: Shelf,
    store: AnyStore,
    base: str,
    corrections: tuple[Correction, ...],
    *,
    prune: bool = False,
    progress: Progress | None = None,
) -> tuple[int, tuple[Correction, ...]]:
    """Bring the graph in line with the shelf.

    Returns how many graphs were written, and the corrections that met nothing.
    """
    if shelf.setting(SETTING) and not prune:
        ids = {*shelf.ids(), *shelf.indexed()}
        known = {rdf.document_iri(base, id_) for id_ in ids}
        _refuse_strange(set(store.documents()) - known)
    _describe_terms(shelf, store)
    least = least_confidence(shelf)
    return restate_changed(shelf, store, base, least, corrections, progress)


def _refuse_strange(documents: set[str]) -> None:
    """Refuse to remove from a server what others may have put there."""
    if documents:
        raise UsageError(
            f"the server holds {len(documents)} documents that are none of this folder's, "
            f"such as {min(documents)}: give each graph a server or data set of its own, "
            "or remove them with `kg build --prune`"
        )


def _describe_terms(shelf: Shelf, store: AnyStore) -> None:
    """Keep the ontology beside the documents, for the labels of classes and predicates."""
    graph = load_ontology().namespace.rstrip("#")
    terms = sorted(rdf.ontology_quads(ontology_folder(), graph), key=str)
    lines = [str(quad) for quad in terms]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    held = sorted(map(str, store.quads(graph)))
    if (held, shelf.setting("terms")) != (lines, digest):
        shelf.set_setting("terms", "")
        store.replace(graph, terms)
        shelf.set_setting("terms", digest)


def _on_cluster(
    dask: str, jobs: Iterator[_Job], shards: str, pipeline: str | None
) -> Iterator[tuple[_Job, Found]]:
    # Dask takes a while to import, and no cluster is started for nothing.
    from kg.cluster import Way, annotated_by, connected

    first = next(jobs, None)
    if first is None:
        return
    way = Way(shards, _pipeline_of_worker, pipeline, _pipeline_digest(pipeline))
    with connected(dask) as client:
        yield from annotated_by(client, chain([first], jobs), way)


def _pipeline_of_worker(name: str | None) -> tuple[Language, str]:
    # A worker that has several threads loads it once.
    with _LOADING:
        return _loaded(name, threads=1), _pipeline_digest(name)


@cache
def _loaded(name: str | None, threads: int | None = None) -> Language:
    # spaCy is imported only when a text is to be annotated.
    from kg.pipeline import load_pipeline

    return load_pipeline(name, threads=threads)


@cache
def _pipeline_digest(name: str | None) -> str:
    """Return a digest of all that annotation depends on: code, words and weights."""
    digest = hashlib.sha256()
    code = Path(__file__).parent
    files = [
        *ontology_folder().rglob("*.ttl"),
        *(
            code / name
            for name in ("annotate.py", "known.py", "lexicon.py", "parts.py")
        ),
        *(code / "reading").glob("*.py"),
        *(code / "pipeline").glob("*.py"),
        *(code / "values").glob("*.py"),
        *(path for path in weights_folder().rglob("*") if path.is_file()),
    ]
    for path in sorted(files, key=lambda p: p.name):
        digest.update(path.read_bytes())
    if name is not None:
        meta = _loaded(name).meta
        digest.update(
            f"{name} {meta['lang']} {meta['name']} {meta['version']}".encode()
        )
    return digest.hexdigest()
