"""What a Milvus collection of faces looks like, and which model it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bentos.common.errors import ConfigurationError
from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors.expressions import ID_LENGTH

PARTITIONS = 64
"""Of a server's collection. Each has graphs of its own: more separate tenants better, fewer build larger graphs."""

DIGEST = "facesocial.digest"
VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Binding:
    """The model whose embeddings a collection holds."""

    digest: str
    dimension: int

    @property
    def name(self) -> str:
        """Of the collection."""
        return f"faces_{self.digest[:16]}"


def ensure(exists: Callable[[], bool], create: Callable[[], object]) -> None:
    """Create what is not there; another process that creates it at the same moment is no failure."""
    from pymilvus.exceptions import MilvusException

    if exists():
        return
    try:
        create()
    except MilvusException:
        if not exists():
            raise


def create(
    client: Any, name: str, binding: Binding, settings: VectorSettings, *, by_tenant: bool, timeout_s: float
) -> None:
    """Make the collection and its HNSW index where they are not there yet.

    Args:
        client: Milvus' client.
        name: Of the collection.
        binding: The model.
        settings: Shape of the graph.
        by_tenant: Whether Milvus keeps tenants apart by itself (a partition key).
        timeout_s: Of each step.
    """
    keyed: dict[str, object] = {"num_partitions": PARTITIONS} if by_tenant else {}
    ensure(
        lambda: bool(client.has_collection(name, timeout=timeout_s)),
        lambda: client.create_collection(
            name,
            schema=_schema(client, binding, by_tenant),
            consistency_level="Strong",
            properties={DIGEST: binding.digest},
            timeout=timeout_s,
            **keyed,
        ),
    )
    ensure(
        lambda: bool(client.list_indexes(name, field_name=VECTOR, timeout=timeout_s)),
        lambda: client.create_index(name, _index(client, settings), timeout=timeout_s, sync=False),
    )


def verify(client: Any, name: str, binding: Binding, timeout_s: float) -> None:
    """Hold a collection against the model.

    Raises:
        ConfigurationError: It holds embeddings of another one, or of another dimension.
    """
    described = client.describe_collection(name, timeout=timeout_s)
    digest = described.get("properties", {}).get(DIGEST, "none")
    sizes = {field["params"].get("dim") for field in described["fields"] if field["name"] == VECTOR}
    if digest != binding.digest or sizes != {binding.dimension}:
        found = ", ".join(str(size) for size in sizes) or "no"
        raise ConfigurationError(
            f"The Milvus collection {name} belongs to the model {digest} ({found} dimensions) and not to "
            f"{binding.digest} ({binding.dimension} dimensions); another address or database in "
            f"FACESOCIAL_MILVUS_URI keeps them apart."
        )


def _schema(client: Any, binding: Binding, by_tenant: bool) -> Any:
    from pymilvus import DataType

    about = f"Faces of the model {binding.digest}, {binding.dimension} dimensions"
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False, description=about)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=ID_LENGTH)
    schema.add_field("tenant", DataType.VARCHAR, max_length=ID_LENGTH, is_partition_key=by_tenant)
    schema.add_field("gallery", DataType.VARCHAR, max_length=ID_LENGTH)
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=binding.dimension)
    return schema


def _index(client: Any, settings: VectorSettings) -> Any:
    index = client.prepare_index_params()
    shape = {"M": settings.m, "efConstruction": settings.ef_construction}
    index.add_index(VECTOR, index_type="HNSW", metric_type="COSINE", params=shape)
    return index
