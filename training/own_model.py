"""The product's own model, learned, in the form that bundles are written of."""

from __future__ import annotations

from inspector.bundle import Weights
from training.bundle_writing import BundleModel
from training.decoders.scale import Scale
from training.learning import Learned
from training.model_names import OWN


def own_model(learned: Learned, encoder: Weights, text_encoder: Weights | None) -> BundleModel:
    """What a bundle is made of.

    Args:
        learned: a product.
        encoder: the image encoder's weights.
        text_encoder: the text encoder's.
    """
    choice = learned.choice
    return BundleModel(
        name=OWN,
        scorer=learned.scorer,
        encoder=encoder,
        text_encoder=text_encoder,
        fusion=_fusion(learned),
        facts={
            "held_out": learned.held_out,
            "synthetic_image_auroc": round(choice.image_auroc, 4),
            "synthetic_pixel_auroc": round(choice.pixel_auroc, 4),
        },
        scales=[scale for scale in learned.scorer.scales if isinstance(scale, Scale)],
    )


def _fusion(learned: Learned) -> dict[str, float | str]:
    """The chosen constants, by name."""
    choice = learned.choice
    names = ("fine", "coarse") if len(choice.ranking.weights) > 1 else ("fine",)
    weights = {
        f"{use}_{name}_{decoder}": round(float(weight), 6)
        for use, weighting in (("score", choice.ranking), ("map", choice.outlining))
        for name, row in zip(names, weighting.weights, strict=True)
        for decoder, weight in zip(("image_image", "image_text"), row, strict=True)
    }
    return {
        **weights,
        "score_position": choice.ranking.position,
        "map_position": choice.outlining.position,
    }
