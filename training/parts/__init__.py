"""The project's own photographs: parts with known defects, rendered without a licence to ask for."""

from training.parts.defects import DefectKind
from training.parts.render import PartProduct, RenderedPart, defect_kinds, render_part

__all__ = ["DefectKind", "PartProduct", "RenderedPart", "defect_kinds", "render_part"]
