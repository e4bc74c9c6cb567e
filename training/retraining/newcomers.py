"""`check_newcomers`: what is wrong with new normals, before anything is learned from them.

A new lot may look different, and that is why it is learned; so new pictures are not measured by what earlier
ones scored. They must show the product at all, and are then checked against each other as a first set is.
"""

from __future__ import annotations

from collections.abc import Collection

from inspector.bundle import Bundle
from inspector.engines import Engine
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import TrainingError
from inspector.familiarity import Familiarity
from inspector.quality import QualityCheck
from training.encoders import ImageEncoder
from training.learning import OnStep, ignore_step
from training.normals import Normals
from training.normals.checking import check_normals
from training.normals.report import Excluded, NormalsReport, confirmed_places
from training.settings import TrainingSettings

MOST_STRANGE = 0.1
"""Up to this share of the new pictures are mistakes; more are another product."""


def check_newcomers(
    new: Normals,
    active: Bundle,
    encoder: ImageEncoder,
    settings: TrainingSettings,
    *,
    earlier: int,
    keep: Collection[str] | None = (),
    on_step: OnStep = ignore_step,
) -> NormalsReport:
    """Find new pictures that are not to be learned, and leave them out.

    Args:
        new: pictures that the product was not learned from.
        active: the bundle that is to learn them.
        encoder: frozen image encoder of the bundle.
        settings: of the training.
        earlier: how many normals the product was learned from; they count for the limit's promise.
        keep: names of files that a person has confirmed, see `check_normals`.
        on_step: told what is being done, and how far it is.

    Raises:
        TrainingError: more than a tenth of them do not show the product, or show two, and are not confirmed.
    """
    on_step("Checking new pictures", 0, 1)
    confirmed = set(confirmed_places(new.paths, keep))
    strange = [one for one in _strange(new, active) if one.index not in confirmed]
    if len(strange) > max(1, MOST_STRANGE * len(new.paths)) or len(strange) == len(new.paths):
        raise TrainingError(
            f"the new pictures are not of {active.product}: {len(strange)} of {len(new.paths)},"
            f" such as {strange[0].path.name}, {strange[0].reason}",
            "nothing was trained",
            "Look at them; if they are good parts of this product, confirm them with --keep-outliers",
        )
    gone = {one.index for one in strange}
    left = [index for index in range(len(new.paths)) if index not in gone]
    report = check_normals(new.taken(left), encoder, settings, keep=keep, earlier=earlier, on_step=on_step)
    return NormalsReport(
        report.kept,
        (*strange, *(Excluded(left[one.index], one.path, one.reason) for one in report.excluded)),
        (
            *(f"left out: {one.path}: {one.reason}; --keep {one.path.name} learns it" for one in strange),
            *report.notes,
        ),
        report.encoded,
    )


def _strange(new: Normals, active: Bundle) -> list[Excluded]:
    """Pictures that show nothing, or farther from the product than any defect."""
    quality = QualityCheck.of(active.manifest.input_size, [])
    familiarity, engine = Familiarity.of(active), OnnxRuntimeEngine(active.scorer_path)
    found = []
    for index, frame in enumerate(new.frames):
        # Its size as captured is of no account here: read_normals and check_normals speak of sizes.
        reason = quality.fault(frame.shape[1], frame.shape[0], frame)
        if reason is None and familiarity is not None:
            reason = _unfamiliar(engine, familiarity, index, new)
        if reason is not None:
            found.append(Excluded(index, new.paths[index], reason))
    return found


def _unfamiliar(engine: Engine, familiarity: Familiarity, index: int, new: Normals) -> str | None:
    distance = familiarity.distance(engine.run(new.frames[index][None]).embedding[0])
    if distance <= familiarity.far:
        return None
    unit = max(familiarity.usual, 1e-9)
    return (
        f"it differs from the product's pictures {distance / unit:.1f} times as much as they usually do"
        f" from each other, {familiarity.far / unit:.1f} is still taken"
    )
