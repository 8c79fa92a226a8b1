"""What the document computes from. BENCHMARKS.md is quoted by words that stand in it; a test looks whether they do."""

from __future__ import annotations

from deploy.scaling.cost import Prices
from deploy.scaling.figures import Figure, assumed, measured

COMMAND = "`python -m deploy.scaling measure --faces 20000`, PostgreSQL 15, 24 November 2026"
GALLERIES = "BENCHMARKS.md, Galleries: "

FACES = (1e6, 1e7, 1e9)
RATE = 10_000.0
DIMENSION = 128
"""Of the published embedder; 512, as the design has it, stands beside it."""

# --- rates: closed loops at 32 at once, on two cores that the load generator shared
RATES: dict[str, Figure] = {
    service: measured(service, rate, "requests/s on two cores", f"BENCHMARKS.md: `{row}`")
    for service, rate, row in (
        ("face-detection", 106.7, "32 at once | 106.7 | 0.85"),
        ("face-recognition", 56.5, "32 at once | 56.5 | 0.81"),
        ("antispoofing", 69.0, "32 at once | 69.0 | 0.87"),
        ("deepfake-detection", 70.0, "32 at once | 70.0 | 0.87"),
        ("age-gender", 94.5, "32 at once | 94.5 | 0.85"),
    )
}
REPLICA_CORES = measured("cores of a replica", 2, "cores", "BENCHMARKS.md: `cores 2, python 3.11.7`")
PICTURE = measured("a picture", 220_000, "bytes", "BENCHMARKS.md: `about 220 kB`")
AROUND_MODEL = measured(
    "CPU of a request beside its network",
    (3.0 + 0.24 + 0.6 + 0.7 + 0.9 + 1.0) / 1000,
    "s",
    "BENCHMARKS.md, Where the time goes, `after`, in ms: decode 3.0, resize 0.24, candidates 0.6, quality 0.7, "
    "HTTP 0.9, threads 1",
)
GRAPH_S = measured("a search of one graph", 0.006, "s", GALLERIES + "`the graph itself takes 6 ms`")
GRAPH_FACES = measured("vectors in that graph", 1e5, "vectors", GALLERIES + "`At 100,000 faces`")
IMPORT = measured("vectors brought in", 1995, "faces/s", GALLERIES + "`100,000 | 1,995 | 6,825`")

# --- rows
FACE_ROW = measured("a face", 1457, "bytes", COMMAND)
SUBJECT_ROW = measured("a subject", 344, "bytes", COMMAND)
CHANGE_ROW = measured("a change, kept for a day", 245, "bytes", COMMAND)
EVENT_ROW = measured("an audit event", 362, "bytes", COMMAND)
DUMP = measured("a face in a dump, with its subject and one event", 805, "bytes", COMMAND)
DUMP_RATE = measured("faces dumped", 2092, "faces/s", COMMAND)

# --- assumptions
LOAD = assumed("load of a replica", 0.6, "of its limit", "room for peaks and for a zone that is lost")
M = assumed("M of HNSW", 32, "links", "the setting's default, FACESOCIAL_HNSW_M")
BESIDE = assumed(
    "kept beside a vector in memory",
    120,
    "bytes",
    "three ids of 32 letters (id, tenant, gallery) and 8 for each's place",
)
SEGMENT = assumed("a segment", 1024 * 2**20, "bytes", "Milvus' default, dataCoord.segment.maxSize of 1024 MB")
NODE = assumed("memory of a query node", 64e9, "bytes", "a usual machine of 16 cores")
NODE_CORES = assumed("cores of a query node", 16, "cores", "the same machine")
NODE_SHARE = assumed("of it for vectors", 0.7, "of memory", "segments that grow, merges, searches under way")
COPIES = assumed("copies in memory", 2, "copies", "one node may be lost")
PQ_PARTS = assumed("parts of a PQ code", 32, "bytes", "4 dimensions a byte at 128")
PQ_LISTS = assumed(
    "coarse centroids",
    65_536,
    "lists",
    "a choice; twice the root of 10^9",
)
ANN_CODE = assumed(
    "compressed vector of DiskANN", 64, "bytes", "Milvus' default PQCodeBudgetGBRatio of 0.125, at 128"
)
ANN_DEGREE = assumed("degree of DiskANN", 56, "links", "Milvus' default MaxDegree")
IDENTIFY_SHARE = assumed(
    "of the requests, identifications", 0.1, "of 10,000/s", "the rest are single operations"
)
GPU_RATE = assumed(
    "a GPU", 1000, "requests/s", "NOT MEASURED: this project never ran on a GPU; put your own figure here"
)
COMMIT = assumed(
    "a transaction on PostgreSQL", 0.002, "s", "a commit to an SSD and to a standby in the same region"
)
GATEWAY_LINE = assumed("a gateway's line", 5e9, "bits/s", "half of 10 Gbit/s")
BACKUPS = assumed(
    "backups that are kept", 14, "backups", "7 days and 7 weeks; each is whole, none is compressed further"
)
CHANCE = assumed(
    "chance that a stranger is taken for somebody", 0.01, "of a search", "one search in a hundred"
)
EVENT_DAYS = assumed(
    "days of events on the disk", 365, "days", "older ones are exported; nothing erases them by itself"
)

PRICES = Prices(
    core_hour=0.04,
    gb_hour=0.005,
    gpu_hour=1.50,
    disk_gb_month=0.15,
    object_gb_month=0.025,
    currency="USD",
    stated="assumed on 24 November 2026, of the order of public clouds' list prices on demand; no list was consulted",
)

MEASURED: tuple[Figure, ...] = (
    *RATES.values(),
    *(REPLICA_CORES, PICTURE, AROUND_MODEL, GRAPH_S, GRAPH_FACES, IMPORT),
    *(FACE_ROW, SUBJECT_ROW, CHANGE_ROW, EVENT_ROW, DUMP, DUMP_RATE),
)
ASSUMED: tuple[Figure, ...] = (
    *(LOAD, M, BESIDE, SEGMENT, NODE, NODE_CORES, NODE_SHARE, COPIES),
    *(PQ_PARTS, PQ_LISTS, ANN_CODE, ANN_DEGREE),
    *(IDENTIFY_SHARE, GPU_RATE, COMMIT, GATEWAY_LINE, BACKUPS, CHANCE, EVENT_DAYS),
)
