"""Names of what `inspector train --model` trains, as manifests keep them."""

from __future__ import annotations

from typing import Final

OWN: Final = "inspector"
"""The product's own model, of the two decoders."""
ANOMALIB_PREFIX: Final = "anomalib:"
"""Before the name of one of anomalib's models."""
