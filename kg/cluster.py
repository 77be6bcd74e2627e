"""Annotate on the machines of a Dask cluster.

Files go to the workers in batches, through a folder that all machines see, and what was
found in them comes back the same way; the scheduler carries names of batches and nothing
else.  A batch that is done stays in the folder until its documents are on the shelf, so
that neither the death of workers nor that of this process costs more than what was under
way.  Documents come back in the order of the files, and the graph is that of a build here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from kg.annotating import Found, Work, found_in, packed, unpacked
from kg.errors import InputError, StoreError, UsageError
from kg.reading import Source
from kg.side_by_side import cores

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as AnyFuture
    from spacy.language import Language

    Future = AnyFuture[None]

LOCAL = "local"
BATCH = 32  # files: some seconds of work
AHEAD = 3  # batches under way for each thread of the cluster
_SOURCES = TypeAdapter(tuple[Source, ...])


@dataclass(frozen=True, slots=True)
class Way:
    """How a batch is annotated, the same for all.

    Attributes:
        folder: URL of the folder that all machines see, for fsspec.
        load: Gives a worker the pipeline; imported there by its name.
        pipeline: The pipeline's name, None for ours.
        digest: Of the pipeline, which a worker's must equal.
    """

    folder: str
    load: Callable[[str | None], tuple[Language, str]]
    pipeline: str | None
    digest: str


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect to a scheduler, or start a cluster of this machine's cores.

    Raises:
        UsageError: Dask is not installed, or nothing answers at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UsageError("--dask needs Dask: pip install 'kg-policy[dask]'") from error
    # What happens to workers is told when it costs documents.
    quiet = logging.CRITICAL
    logging.getLogger("distributed").setLevel(quiet)
    if address == LOCAL:
        with (
            LocalCluster(
                n_workers=cores(),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=quiet,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from error
    with closing(client):
        yield client


def annotated_by(
    client: Client, jobs: Iterable[Work], way: Way
) -> Iterator[tuple[Work, Found]]:
    """Yield each file with what a worker found in it, in the files' order.

    Batches are sent a few ahead of what the caller has seen, never more.  A file that
    kills every worker it comes to is told from the others of its batch by halving that.

    Args:
        client: Connected to the cluster.
        jobs: The files.
        way: How they are annotated.

    Raises:
        StoreError: The folder cannot be written or read, or a worker's program is another.
    """
    waiting: deque[tuple[list[Work], Future]] = deque()
    # By place, so that a build that is taken up again has the same batches.
    batches = (list(same) for _, same in groupby(jobs, lambda job: job.number // BATCH))

    def first() -> Iterator[tuple[Work, Found]]:
        batch, future = waiting.popleft()
        yield from _back(client, batch, future, way, [f for _, f in waiting])

    for batch in batches:
        waiting.append((batch, _sent(client, batch, way)))
        while len(waiting) > AHEAD * max(1, sum(client.ncores().values())):
            yield from first()
    while waiting:
        yield from first()


def _sent(client: Client, batch: list[Work], way: Way) -> Future:
    """Put a batch into the folder, unless it is done already, and have it annotated."""
    name = _name(batch, way)
    files = _files(way.folder)
    try:
        if not files.exists(_done(name)):
            packed = BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                sources = [asdict(job.source) for job in batch]
                archive.writestr("sources", json.dumps(sources))
                for number, job in enumerate(batch):
                    archive.writestr(str(number), job.data)
            _write(way.folder, _input(name), packed.getvalue())
    except OSError as error:
        raise StoreError(f"cannot write to {way.folder}: {error}") from error
    return client.submit(annotate_batch, way, name, pure=False)


def _back(
    client: Client,
    batch: list[Work],
    future: Future,
    way: Way,
    others: list[Future],
) -> Iterator[tuple[Work, Found]]:
    """Yield what was found in a batch, once it is done."""
    from distributed import CancelledError, KilledWorker, wait

    try:
        future.result()
    except KilledWorker:
        if len(batch) > 1:
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                sent = _sent(client, half, way)
                yield from _back(client, half, sent, way, others)
        elif others:
            # Others may have killed the workers that it was waiting on.
            wait(others)
            yield from _back(client, batch, _sent(client, batch, way), way, [])
        else:
            path = batch[0].source.path
            yield batch[0], InputError(path, "every worker that read it died")
        _remove(way.folder, _input(_name(batch, way)))
        return
    except (CancelledError, OSError) as error:
        raise StoreError(
            f"the cluster is gone ({error}): run the same command again to go on"
        ) from error
    name = _name(batch, way)
    try:
        packed = _files(way.folder).cat_file(_done(name))
    except OSError as error:
        raise StoreError(
            f"cannot read {way.folder}: {error}; do all workers see the same folder?"
        ) from error
    rows = json.loads(gzip.decompress(packed))
    for job, row in zip(batch, rows, strict=True):
        yield job, unpacked(job.source, row)
    _remove(way.folder, _input(name), _done(name))


def annotate_batch(way: Way, name: str) -> None:
    """Annotate a batch that lies in the folder, on a worker.

    Raises:
        StoreError: The program or the weights here are not those of the build.
    """
    files = _files(way.folder)
    if files.exists(_done(name)):
        return
    nlp, digest = way.load(way.pipeline)
    if digest != way.digest:
        raise StoreError("a worker has another version of kg, its words or its weights")
    with zipfile.ZipFile(BytesIO(files.cat_file(_input(name)))) as archive:
        sources = _SOURCES.validate_json(archive.read("sources"))
        rows = [
            packed(found_in(source, archive.read(str(number)), nlp))
            for number, source in enumerate(sources)
        ]
    _write(way.folder, _done(name), gzip.compress(json.dumps(rows).encode()))


def _name(batch: list[Work], way: Way) -> str:
    """Return a name that tells a batch from any other: its files, and the pipeline."""
    digest = hashlib.sha256(way.digest.encode())
    for job in batch:
        digest.update(json.dumps(asdict(job.source)).encode())
        digest.update(hashlib.sha256(job.data).digest())
    return digest.hexdigest()[:32]


def _input(name: str) -> str:
    return f"{name}.zip"


def _done(name: str) -> str:
    return f"{name}.json.gz"


@cache
def _files(folder: str) -> Any:
    """Return the folder as a file system whose paths begin there."""
    import fsspec
    from fsspec.implementations.dirfs import DirFileSystem

    try:
        files, path = fsspec.core.url_to_fs(folder)
        files.makedirs(path, exist_ok=True)
    except (ImportError, ValueError, OSError) as error:
        raise UsageError(f"cannot use {folder} for shards: {error}") from error
    return DirFileSystem(path, files)


def _write(folder: str, name: str, data: bytes) -> None:
    """Write a file as a whole, so that no half of it is ever read."""
    files = _files(folder)
    # Two workers may be at it when one was taken for dead.
    part = f"{name}.{hashlib.sha256(data).hexdigest()[:8]}.part"
    files.pipe_file(part, data)
    files.mv(part, name)


def _remove(folder: str, *names: str) -> None:
    files = _files(folder)
    for name in names:
        if files.exists(name):
            files.rm_file(name)
