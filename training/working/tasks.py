"""What a worker does for each kind of job. The result is what the page shows of it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspector.bundle import Bundle
from inspector.calibration import limits_by_hand, write_calibrated
from inspector.errors import TrainingError
from inspector.inspecting import utc_now
from inspector.preview.making import make_preview
from inspector.records import Job, JobKind, Records
from inspector.registry import Registry
from inspector.settings import Settings
from inspector.signatures import sign_bundle, signing_key
from training.normals import Excluded
from training.product import check_product, train_product
from training.retraining.results import Retrained
from training.retraining.retraining import retrain_product
from training.retraining.reviewed import gather_new
from training.settings import TrainingSettings, load_training_settings
from training.working.progress import JobProgress

LAST = 500
"""Newest stored frames that a preview looks at."""


def do(job: Job, settings: Settings, progress: JobProgress) -> dict[str, Any]:
    """Do a job.

    Args:
        job: what.
        settings: registry, databases, data folder.
        progress: told how far it is.

    Returns:
        What came of it, as JSON.

    Raises:
        InspectorError: it cannot be done; the message says why.
        JobCancelledError: it was cancelled.
    """
    key = signing_key(settings.training)
    tasks = {
        JobKind.TRAIN: _train,
        JobKind.RETRAIN: _retrain,
        JobKind.PREVIEW: _preview,
        JobKind.CALIBRATE: _calibrate,
    }
    with (
        tempfile.TemporaryDirectory() as scratch,
        Records.open(settings.registry_database) as central,
    ):
        registry = Registry(central, settings.registry.url)
        return tasks[job.kind](_Bench(job, settings, central, registry, Path(scratch), progress, key))


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a job is done with."""

    job: Job
    settings: Settings
    central: Records
    registry: Registry
    scratch: Path
    progress: JobProgress
    key: Ed25519PrivateKey | None

    def fetch_active(self) -> Bundle:
        """The bundle that judges the job's product, as a copy. Raises RegistryError where there is none."""
        self.progress.on_step("Fetching the active bundle", 0, 1)
        version = self.registry.active(self.job.product).version
        return self.registry.fetch(self.job.product, version, self.scratch / "active")

    def register(self, bundle: Bundle, why: str) -> None:
        """Make a candidate of a bundle, signed where there is a key."""
        if self.key is not None:
            sign_bundle(bundle, self.key)
        self.registry.add(bundle.path, by=self.job.asked_by, why=f"{why}, job {self.job.number}")


def _train(bench: _Bench) -> dict[str, Any]:
    check_product(bench.job.product)
    trained = train_product(
        bench.job.product,
        Path(bench.job.arguments["normals"]),
        bench.scratch / "bundle",
        _training_settings(bench),
        keep=_keep(bench.job),
        on_step=bench.progress.on_step,
        on_report=lambda report: bench.progress.note(report.notes),
    )
    bench.register(trained.bundle, f"trained from {trained.normals} normals")
    result = {
        **_facts(trained.bundle, trained.excluded),
        "normals": trained.normals,
        "notes": list(trained.notes),
        "seconds": round(trained.seconds, 1),
    }
    return result | _previewed(trained.bundle, bench)


def _retrain(bench: _Bench) -> dict[str, Any]:
    active = bench.fetch_active()
    folder = bench.job.arguments.get("normals")
    gathered = gather_new(
        bench.settings,
        bench.job.product,
        bench.scratch,
        normal=Path(folder) if folder else None,
        from_reviews=bool(bench.job.arguments.get("from_reviews")),
    )
    bench.progress.note(gathered.notes)
    retrained = retrain_product(
        active,
        gathered.folder,
        bench.scratch / "bundle",
        known=gathered.defects,
        keep=_keep(bench.job),
        chosen=gathered.chosen,
        on_step=bench.progress.on_step,
        on_report=lambda report: bench.progress.note(report.notes),
    )
    bench.register(retrained.bundle, f"retrained from {retrained.new_normals} new normals")
    result = {
        **_facts(retrained.bundle, retrained.excluded),
        "normals": retrained.normals,
        "new_normals": retrained.new_normals,
        "notes": list(retrained.notes),
        "seconds": round(retrained.seconds, 1),
        **_known(retrained),
    }
    return result | _previewed(retrained.bundle, bench)


def _calibrate(bench: _Bench) -> dict[str, Any]:
    active = bench.fetch_active()
    limits = limits_by_hand(active.manifest.limits, float(bench.job.arguments["reject"]))
    bundle = write_calibrated(active, limits, bench.scratch / "bundle", created_at=utc_now())
    bench.register(bundle, f"limit {limits.reject:.4g} by hand")
    return _facts(bundle, ()) | _previewed(bundle, bench)


def _preview(bench: _Bench) -> dict[str, Any]:
    bench.progress.on_step("Fetching the candidate", 0, 1)
    product, version = bench.job.product, str(bench.job.arguments["candidate"])
    candidate = bench.registry.fetch(product, version, bench.scratch / "candidate")
    if bench.registry.active(product).version == candidate.version:
        raise TrainingError(
            f"bundle {candidate.version} of {product} is not compared",
            "it is the active one itself",
            "Choose a candidate",
        )
    return _previewed(candidate, bench)


def _previewed(candidate: Bundle, bench: _Bench) -> dict[str, Any]:
    """What a candidate would change; nothing where no bundle is active yet."""
    active = bench.central.bundles.active(candidate.product)
    if active is None or active.version == candidate.version:
        return {}
    before = bench.registry.fetch(candidate.product, active.version, bench.scratch / "before")
    made = make_preview(
        before.path,
        candidate.path,
        bench.settings,
        last=LAST,
        on_frame=partial(bench.progress.on_step, "Judging frames by both"),
    )
    return {
        "compared_with": active.version,
        "frames": len(made.comparison.frames),
        "flips": made.comparison.directions(),
        "against": list(made.reasons),
    }


def _facts(bundle: Bundle, excluded: Sequence[Excluded]) -> dict[str, Any]:
    limits = bundle.manifest.limits
    return {
        "version": bundle.version,
        "limit": limits.reject,
        "method": limits.method,
        "left_out": [{"picture": one.path.name, "reason": one.reason} for one in excluded],
    }


def _known(retrained: Retrained) -> dict[str, Any]:
    return {
        "known_defects": len(retrained.known),
        "caught": sum(one.is_caught for one in retrained.known),
        "caught_before": sum(one.was_caught for one in retrained.known),
    }


def _training_settings(bench: _Bench) -> TrainingSettings:
    changes = bench.job.arguments.get("settings") or {}
    return load_training_settings(bench.settings.dashboard.training_config, **changes)


def _keep(job: Job) -> list[str] | None:
    """Pictures that a person has confirmed; None: all of them."""
    return None if job.arguments.get("keep_all") else list(job.arguments.get("keep") or [])
