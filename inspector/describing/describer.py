"""A rejected frame measured: facts, kinds, and what the adapter sees. Milliseconds, no language model."""

from __future__ import annotations

from inspector.bundle import Bundle
from inspector.describing.facts import measure_facts
from inspector.describing.inputs import adapter_inputs
from inspector.describing.kinds import kind_maps, load_kind_reader
from inspector.describing.words import Language
from inspector.describing.writer import WritingTask
from inspector.frames import Frame
from inspector.inspecting import anomaly_map_in_frame
from inspector.results import Inspection, Verdict


class Describer:
    """Measures frames of one product. Safe from several threads.

    Args:
        bundle: the one that inspected them.
        language: of the sentences.
        part: what the part is called in a sentence; None: "part".
        mm_per_px: width of a pixel on the part; None: the product has no scale.
        threads: of the network for kinds, which is small.

    Raises:
        KindsError: the network for kinds is damaged.
        BundleError: the product's own kinds are.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        language: Language = "en",
        part: str | None = None,
        mm_per_px: float | None = None,
        threads: int = 1,
    ) -> None:
        self._limit = bundle.manifest.limits.pixel
        self._kinds = load_kind_reader(bundle, threads=threads)
        self._language, self._part, self._mm_per_px = language, part, mm_per_px

    def measure(
        self, frame: Frame, inspection: Inspection, *, pixel_limit: float | None = None
    ) -> WritingTask:
        """Facts of a frame that was inspected, and what a sentence is written from.

        Args:
            frame: the frame as captured.
            inspection: its inspection by this bundle.
            pixel_limit: the limit that outlined its regions, where it was not the bundle's own.

        Raises:
            KindsError: the network for kinds failed.
            ValueError: frame and inspection do not fit together, or the map is not finite.
        """
        limit = self._limit if pixel_limit is None else pixel_limit
        anomaly_map = anomaly_map_in_frame(inspection)
        rejected = inspection.verdict == Verdict.REJECT and bool(inspection.regions)
        regions = inspection.regions if rejected else ()
        guesses = self._kinds.guess(frame.image, anomaly_map, regions, limit)
        facts = measure_facts(
            frame.image,
            anomaly_map,
            regions,
            limit,
            inspection.verdict,
            kinds=[(guess.word, guess.probability) for guess in guesses],
            mm_per_px=self._mm_per_px,
        )
        inputs = None
        if rejected:
            kinds = kind_maps(regions, guesses, *frame.image.shape[:2])
            inputs = adapter_inputs(
                frame.image, inspection.anomaly_map, inspection.decoder_maps, limit, kinds
            )
        return WritingTask(
            facts=facts,
            inputs=inputs,
            language=self._language,
            part=self._part,
            kinds=self._kinds.words,
        )
