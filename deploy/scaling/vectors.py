"""Memory and disk of vector indexes, in bytes for each vector."""

from __future__ import annotations

import math

FLOAT = 4
LINK = 4
"""Bytes of a float32, and of the number of a neighbour."""
SECTOR = 4096
"""Bytes that a disk reads at once."""


def hnsw_bytes(dimension: int, m: int, id_bytes: int) -> float:
    """Memory of a vector in an HNSW graph, the vector itself included.

    Links are those of Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
    Navigable Small World graphs", IEEE TPAMI 42(4), 2020, section 4.2.3: (M_max0 + m_L * M_max) * bytes_per_link, with
    M_max0 = 2 M, M_max = M and m_L = 1 / ln(M) as they recommend.

    Args:
        dimension: Of the vectors, float32.
        m: Links of a new vector on each layer, 2 or more.
        id_bytes: What is kept beside it to know whose it is.
    """
    links = 2 * m + m / math.log(m)
    return dimension * FLOAT + links * LINK + id_bytes


def ivf_pq_bytes(vectors: float, dimension: int, parts: int, lists: int, id_bytes: int) -> float:
    """Memory of a vector in an inverted file with product quantisation of 8 bits.

    Jégou, Douze and Schmid, "Product Quantization for Nearest Neighbor Search", IEEE TPAMI 33(1), 2011, section IV: a
    code of ``parts`` bytes and an identifier in the list of its coarse centroid; centroids and codebooks are shared.

    Args:
        vectors: How many there are, which share the tables.
        dimension: Of the vectors, float32; a multiple of ``parts``.
        parts: Subspaces, a byte each.
        lists: Coarse centroids.
        id_bytes: What is kept beside a code to know whose it is.
    """
    shared = (lists * dimension + 256 * dimension) * FLOAT
    return parts + id_bytes + shared / vectors


def diskann_memory_bytes(code_bytes: int, id_bytes: int) -> float:
    """Memory of a vector in DiskANN: its compressed code; graph and vectors are on the disk.

    Subramanya et al., "DiskANN: Fast Accurate Billion-point Nearest Neighbor Search on a Single Node", NeurIPS 2019,
    section 3.
    """
    return code_bytes + id_bytes


def diskann_disk_bytes(dimension: int, degree: int) -> float:
    """Disk of a vector in DiskANN: vector, number of neighbours and a full list of them, none across two sectors."""
    node = dimension * FLOAT + LINK + degree * LINK
    in_sector = SECTOR // node
    return SECTOR / in_sector if in_sector else math.ceil(node / SECTOR) * SECTOR


def segments(vectors: float, dimension: int, segment_bytes: float) -> int:
    """Parts that Milvus cuts a collection into, each with an index of its own; a search looks into all of them."""
    return max(1, math.ceil(vectors * dimension * FLOAT / segment_bytes))


def search_cpu_s(vectors: float, parts: int, known_s: float, known_vectors: float) -> float:
    """CPU seconds of one search of all parts of a collection.

    A search of a graph takes time that grows with the logarithm of its size (Malkov and Yashunin, section 4.2.1); from
    a measured graph it is carried over to parts of another size.

    Args:
        vectors: In all parts together.
        parts: As ``segments`` says.
        known_s: Seconds of a search of one graph ...
        known_vectors: ... of so many vectors.
    """
    each = max(vectors / parts, math.e)
    return parts * known_s * math.log(each) / math.log(known_vectors)


def nodes(total_bytes: float, copies: int, node_bytes: float, share: float) -> int:
    """Machines whose memory holds so much, of which they give a share; no two copies share a machine."""
    return copies * math.ceil(total_bytes / (node_bytes * share))
