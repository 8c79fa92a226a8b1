"""What the scales cost in a month."""

from __future__ import annotations

from deploy.scaling import inputs, load, vectors
from deploy.scaling.cost import Bill, month
from deploy.scaling.text import people, rounded, table
from deploy.scaling.wanted import choice, index_bytes, search


def costs() -> str:
    """A month of each scale: the galleries for themselves, and 10,000 requests a second on cores and on GPUs."""
    currency = inputs.PRICES.currency
    rows = [
        (
            f"{people(faces)} faces: index ({choice(faces)}), PostgreSQL twice, backups",
            _money(_gallery(faces)),
        )
        for faces in inputs.FACES
    ]
    rows += [
        (
            f"identifying in a gallery of {people(faces)}, 1,000/s: cores for the search",
            _money(_searching(faces)),
        )
        for faces in inputs.FACES
    ]
    rows.append(("10,000 requests/s, 2,000 of each operation, on cores", _money(_on_cores())))
    rows.append(("the same on GPUs (their rate is an assumption)", _money(_on_gpus())))
    return table(("a month of", currency), rows)


def _gallery(faces: float) -> Bill:
    memory, disk = index_bytes(faces, inputs.DIMENSION)[choice(faces)]
    copies = inputs.COPIES.value
    count = vectors.nodes(memory * faces, int(copies), inputs.NODE.value, inputs.NODE_SHARE.value)
    rows = 2 * load.rows_bytes(faces, inputs.FACE_ROW.value + inputs.SUBJECT_ROW.value)
    return Bill(
        cores=count * inputs.NODE_CORES.value,
        memory_bytes=count * inputs.NODE.value,
        disk_bytes=rows + disk * faces * copies,
        object_bytes=faces * (inputs.DUMP.value * inputs.BACKUPS.value + inputs.DIMENSION * vectors.FLOAT),
    )


def _searching(faces: float) -> Bill:
    rate = inputs.RATE * inputs.IDENTIFY_SHARE.value
    return Bill(cores=load.cores(rate, search(faces)[1], inputs.LOAD.value))


def _on_cores() -> Bill:
    """With 2 GB of memory a core."""
    counts = [load.replicas(inputs.RATE / 5, one.value, inputs.LOAD.value) for one in inputs.RATES.values()]
    cores = sum(counts) * inputs.REPLICA_CORES.value
    return Bill(cores=cores, memory_bytes=cores * 2e9)


def _on_gpus() -> Bill:
    cores = load.cores(inputs.RATE, inputs.AROUND_MODEL.value, inputs.LOAD.value)
    count = load.gpus(inputs.RATE, inputs.GPU_RATE.value, inputs.LOAD.value)
    return Bill(cores=cores, memory_bytes=cores * 2e9, gpus=count)


def _money(bill: Bill) -> str:
    return rounded(month(bill, inputs.PRICES))
