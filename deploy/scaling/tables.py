"""The tables of SCALING.md: what the functions give for the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from deploy.scaling import inputs, load, matches, vectors
from deploy.scaling.figures import Figure
from deploy.scaling.money import costs
from deploy.scaling.text import people, rounded, size, small, table
from deploy.scaling.wanted import choice, hnsw, index_bytes, search

DIMENSIONS = (128, 512)


def measured() -> str:
    """Inputs that this project measured."""
    return table(("input", "value", "where it stands"), map(_row, inputs.MEASURED))


def assumed() -> str:
    """Inputs that nobody here measured."""
    return table(("assumption", "value", "why"), map(_row, inputs.ASSUMED))


def false_matches() -> str:
    """The chance of a false match at the cards' rates, and the rate that a collection needs."""
    head = (
        "faces",
        "chance at FAR 1e-3",
        "at 1e-4",
        "at 1e-6",
        "FAR needed",
        "pairs to show it",
        "people with so many",
    )
    chance = inputs.CHANCE.value
    rows = []
    for faces in inputs.FACES:
        needed = matches.rate_for(chance, faces)
        pairs = matches.pairs_to_show(needed)
        chances = [f"{matches.false_match_chance(rate, faces):.3f}" for rate in (1e-3, 1e-4, 1e-6)]
        rows.append(
            (people(faces), *chances, small(needed), small(pairs), f"{rounded(matches.people_for(pairs))}")
        )
    return table(head, rows)


def per_vector() -> str:
    """Bytes of a vector in each index."""
    head = ("index", "dimensions", "memory of a vector", "disk of a vector")
    rows = []
    for dimension in DIMENSIONS:
        for name, (memory, disk) in index_bytes(1e9, dimension).items():
            rows.append((name, f"{dimension}", size(memory), size(disk) if disk else "-"))
    return table(head, rows)


def memory() -> str:
    """Memory of an index of all faces, once, and the machines for its copies."""
    head = (
        "faces",
        "dimensions",
        "HNSW",
        "query nodes",
        "IVF_PQ",
        "query nodes",
        "DiskANN",
        "query nodes",
        "and on SSDs",
    )
    rows = []
    for faces in inputs.FACES:
        for dimension in DIMENSIONS:
            cells: list[str] = []
            found = index_bytes(faces, dimension)
            for name in ("HNSW", "IVF_PQ", "DiskANN"):
                total = found[name][0] * faces
                cells += [size(total), f"{_nodes(total):,}"]
            rows.append((people(faces), f"{dimension}", *cells, size(found["DiskANN"][1] * faces)))
    return table(head, rows)


def searching() -> str:
    """Segments of a collection, CPU of a search through all of them, and cores for the identifications of 10,000/s."""
    head = (
        "faces in one gallery",
        "segments",
        "CPU of a search (HNSW)",
        "identifications/s",
        "cores for them",
        "shards",
        "index",
    )
    rate = inputs.RATE * inputs.IDENTIFY_SHARE.value
    rows = []
    for faces in inputs.FACES:
        parts, seconds = search(faces)
        needed = load.cores(rate, seconds, inputs.LOAD.value)
        shards = _nodes(hnsw() * faces) // int(inputs.COPIES.value)
        cells = (
            f"{parts:,}",
            f"{seconds * 1000:,.0f} ms",
            f"{rate:,.0f}",
            f"{needed:,}",
            f"{shards:,}",
            choice(faces),
        )
        rows.append((people(faces), *cells))
    return table(head, rows)


def rates() -> str:
    """Replicas for 10,000 requests a second of one operation, and for 2,000 of each of the five."""
    head = ("service", "one replica", "replicas for 10,000/s", "cores", "replicas for 2,000/s", "cores")
    rows, sums = [], [0, 0]
    for name, figure in inputs.RATES.items():
        counts = [
            load.replicas(rate, figure.value, inputs.LOAD.value) for rate in (inputs.RATE, inputs.RATE / 5)
        ]
        cells = [f"{count:,}" for one in counts for count in (one, one * int(inputs.REPLICA_CORES.value))]
        rows.append((name, f"{figure.value}/s", *cells))
        sums = [sums[0] + counts[1], sums[1] + counts[1] * int(inputs.REPLICA_CORES.value)]
    rows.append(("all five, 10,000/s together", "", "", "", f"{sums[0]:,}", f"{sums[1]:,}"))
    return table(head, rows)


def devices() -> str:
    """GPUs for 10,000 requests a second by what one does, the cores that remain, and the gateway's lines."""
    around = load.cores(inputs.RATE, inputs.AROUND_MODEL.value, inputs.LOAD.value)
    bits = load.line_bits(inputs.RATE, inputs.PICTURE.value)
    lines = max(2, -int(-bits // inputs.GATEWAY_LINE.value))
    rows = [
        (
            f"GPUs, at {rate:,.0f} requests/s each (assumed)",
            f"{load.gpus(inputs.RATE, rate, inputs.LOAD.value):,}",
        )
        for rate in (inputs.GPU_RATE.value / 2, inputs.GPU_RATE.value, inputs.GPU_RATE.value * 4)
    ]
    rows.append(("cores beside them, for all that is no network", f"{around:,}"))
    rows.append(("pictures that come in", f"{bits / 1e9:.1f} Gbit/s"))
    rows.append(("gateways, by their lines", f"{lines}"))
    return table(("for 10,000 requests/s", "needed"), rows)


def stored() -> str:
    """PostgreSQL, its backups, and what an index that is made anew takes."""
    head = ("faces", "rows of faces and subjects", "a dump", "dumping", "backups kept", "index made anew")
    rows = []
    for faces in inputs.FACES:
        disk = load.rows_bytes(faces, inputs.FACE_ROW.value + inputs.SUBJECT_ROW.value)
        dump = faces * inputs.DUMP.value
        took, anew = (load.hours(faces, rate.value) for rate in (inputs.DUMP_RATE, inputs.IMPORT))
        cells = (
            size(disk),
            size(dump),
            f"{rounded(took)} h",
            size(dump * inputs.BACKUPS.value),
            f"{rounded(anew)} h",
        )
        rows.append((people(faces), *cells))
    return table(head, rows)


def audit() -> str:
    """Events of identifications: how fast they grow, and how many tenants they have to be spread over."""
    head = ("identifications/s", "events a day", "disk a day", "disk of the days kept", "tenants at least")
    rows = []
    for rate in (1.0, 100.0, inputs.RATE * inputs.IDENTIFY_SHARE.value, inputs.RATE):
        daily = rate * load.DAY_S
        disk = daily * inputs.EVENT_ROW.value
        least = max(1, load.chains(rate, inputs.COMMIT.value))
        rows.append(
            (f"{rate:,.0f}", rounded(daily), size(disk), size(disk * inputs.EVENT_DAYS.value), f"{least:,}")
        )
    return table(head, rows)


def _nodes(total: float) -> int:
    return vectors.nodes(total, int(inputs.COPIES.value), inputs.NODE.value, inputs.NODE_SHARE.value)


def _row(figure: Figure) -> tuple[str, str, str]:
    value = size(figure.value) if figure.unit == "bytes" else f"{figure.value:,.10g} {figure.unit}"
    return figure.name, value, figure.source.replace("|", r"\|")


TABLES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "measured": measured,
        "assumed": assumed,
        "matches": false_matches,
        "vectors": per_vector,
        "memory": memory,
        "searching": searching,
        "rates": rates,
        "devices": devices,
        "stored": stored,
        "audit": audit,
        "cost": costs,
    }
)
"""By the names of their markers."""
