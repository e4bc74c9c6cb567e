"""The normal pictures of a product, read and checked before anything is learned."""

from training.normals.reading import Normals, read_normals
from training.normals.report import Excluded, NormalsReport
from training.normals.suspects import suspects

__all__ = ["Excluded", "Normals", "NormalsReport", "read_normals", "suspects"]
