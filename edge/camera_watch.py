"""The watch for drift over one camera of the box: which model it is for, what is kept, which alarm stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.stations import Station
from inspector.drift.channels import What
from inspector.drift.observation import Observation
from inspector.drift.reference import DriftReference, bundle_reference, golden_reference
from inspector.drift.state import WatchState, load_state, save_state, state_path
from inspector.drift.watch import Drift, DriftWatch
from inspector.records import Records, StoredAlarm

_TELL_EVERY: Final = 10
"""Frames between two updates of the figures."""


class CameraWatch:
    """Watches one camera. Used by one thread; `alarm` may be read by any.

    Args:
        station: the camera, and the models that judge it.
        box: name of this box.
        data_dir: its data folder.
        learn_frames: passed frames to learn from where the bundle does not say what is usual.
    """

    def __init__(self, station: Station, box: str, data_dir: Path, *, learn_frames: int) -> None:
        self._station, self._box, self._learn_frames = station, box, learn_frames
        self._path = state_path(data_dir, station.topic.line, station.topic.camera)
        self._version = ""
        self._watch: DriftWatch | None = None
        self._is_own = False
        self._frames = 0
        self._saved: DriftReference | None = None
        self.alarm: StoredAlarm | None = None
        """The alarm that is not over."""

    def restore(self, records: Records) -> None:
        """Go on where an earlier run has ended, if the same model judges.

        Raises:
            RecordsError: the database cannot be reached.
        """
        inspector, state = self._station.inspector, load_state(self._path)
        if inspector is None or state is None or state.product != self._station.product:
            return
        if state.model_version != inspector.bundle.version:
            return
        self._begin(state.model_version, state)
        alarm = None if state.alarm is None else records.drift.get(state.alarm)
        if alarm is not None and self._watch is not None:
            self.alarm = alarm
            self._watch.hold()

    def see(self, version: str, seen: Observation) -> StoredAlarm | None:
        """Take a frame that a model has judged; an alarm where one is to be told."""
        if self._watch is None or version != self._version:
            inspector = self._station.inspector
            if inspector is None or inspector.bundle.version != version:
                return None  # the last frames of a model that was replaced
            self._begin(version, None)
        assert self._watch is not None  # noqa: S101 - begun above
        self._frames += 1
        drift = self._watch.see(seen)
        if drift is not None:
            self.alarm = self._alarm(drift)
            return self.alarm
        if self.alarm is not None and not self._watch.is_held:
            self.alarm = None  # frames are as usual again
            self.save()
        if self._watch.reference is not self._saved:
            self.save()
        return None

    def news(self) -> Mapping[What, float] | None:
        """How far the last frames are from the usual, now and then."""
        if self._watch is None or self._frames % _TELL_EVERY:
            return None
        return self._watch.steps()

    def stored(self, alarm: StoredAlarm, key: int) -> None:
        """An alarm is in the records now."""
        if self.alarm is alarm:
            self.alarm = replace(alarm, id=key)
        self.save()

    def ask(self, records: Records) -> None:
        """Whether somebody has dealt with the alarm; then watch again.

        Raises:
            RecordsError: the database cannot be reached.
        """
        if self.alarm is None or self.alarm.id is None or self._watch is None:
            return
        alarm = records.drift.get(self.alarm.id)
        if alarm is None or alarm.acknowledged_at is not None:
            as_normal = alarm is not None and alarm.is_normal_now
            self._is_own = self._is_own or as_normal
            self._watch.acknowledge(as_normal=as_normal)
            self.alarm = None
            self.save()

    def save(self) -> None:
        """Keep what a restart needs.

        Raises:
            OSError: the data folder cannot be written.
        """
        if self._watch is None:
            return
        self._saved = self._watch.reference
        reference = None if self._watch.is_learning else self._watch.reference
        alarm = None if self.alarm is None else self.alarm.id
        save_state(
            self._path, WatchState(self._station.product, self._version, reference, self._is_own, alarm)
        )

    def _begin(self, version: str, state: WatchState | None) -> None:
        """Watch for a model: by what was kept, by what its bundle brings, or by what comes first."""
        reference = first = None
        if state is not None and (state.is_own or state.reference is not None):
            reference = state.reference
        else:
            bundle = self._station.bundle(version)
            if bundle is not None:
                reference = bundle_reference(bundle)
                first = golden_reference(bundle) if reference is None else None
        self._is_own = state is not None and state.is_own
        self._version, self.alarm, self._frames = version, None, 0
        self._watch = DriftWatch(reference, first, learn_frames=self._learn_frames)
        self._saved = self._watch.reference

    def _alarm(self, drift: Drift) -> StoredAlarm:
        topic, cause = self._station.topic, drift.cause
        return StoredAlarm(
            site=topic.site,
            line=topic.line,
            camera=topic.camera,
            box=self._box,
            product=self._station.product,
            model_version=self._version,
            since=drift.since,
            detected_at=drift.detected_at,
            kind=cause.kind,
            what=cause.what,
            sentence=cause.sentence,
            suggestion=cause.suggestion,
            before=cause.before,
            after=cause.after,
            frames_before=drift.before,
            frames_after=drift.after,
        )
