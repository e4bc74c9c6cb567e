"""A bundle on its engine, through the gate: no other way leads to a station."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from inspector.errors import BundleError
from inspector.gate import Tolerance, check_bundle
from inspector.inspecting import Inspector
from inspector.model_messages import GateFigures
from inspector.settings import EngineSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

Load = Callable[[Path, EngineSettings], Inspector]
"""Makes an inspector of a bundle's folder, on the engine it will use."""


class ModelGate:
    """Opens bundles of one product and checks them. Used by one thread.

    Args:
        product: its name.
        engine: which engine, and how.
        load: see `Load`.
        largest_batch: frames of the largest batch that a bundle will be given.

    Attributes:
        figures: of the bundle that stood here last; None before the first.
    """

    def __init__(self, product: str, engine: EngineSettings, load: Load, largest_batch: int) -> None:
        self._product, self._engine, self.load = product, engine, load
        self._largest_batch = largest_batch
        self.figures: GateFigures | None = None

    def open(self, path: Path, budget_ms: float | None) -> Inspector:
        """Load a bundle and check it.

        Raises:
            BundleError: it is damaged, or did not pass.
            EngineError: its network cannot be loaded.
        """
        inspector = self.load(path, self._engine)
        self.check(inspector, budget_ms)
        return inspector

    def check(self, inspector: Inspector, budget_ms: float | None) -> None:
        """Check a loaded bundle; see `inspector.gate`.

        Args:
            inspector: the bundle on its engine, which is warm afterwards.
            budget_ms: longest median time of a frame; None: no check.

        Raises:
            BundleError: it did not pass.
        """
        report = check_bundle(
            inspector,
            tolerance=Tolerance.for_engine(inspector.engine.name),
            budget_ms=budget_ms,
            largest_batch=self._largest_batch,
        )
        version = inspector.bundle.version
        self.figures = GateFigures.of(version, report)
        log.info(
            "bundle stood at the gate",
            product=self._product,
            version=version,
            engine=report.engine,
            passed=report.passed,
            frames=report.frames,
            largest_deviation=report.largest_deviation,
            latency_ms=None if report.latency_ms is None else round(report.latency_ms, 2),
        )
        if not report.passed:
            raise BundleError(
                f"bundle {version} did not pass the gate on {report.engine}",
                report.why,
                "Train or calibrate it again, choose another engine, or raise edge.models.budget_ms",
            )
