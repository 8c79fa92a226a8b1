"""The vector index of the galleries: which enrolled faces are nearest to a face."""

from bentos.face_recognition.vectors.base import Hit, Vector, VectorIndex
from bentos.face_recognition.vectors.milvus import MilvusIndex

__all__ = ["Hit", "MilvusIndex", "Vector", "VectorIndex"]
