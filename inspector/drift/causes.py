"""Which change explains what was seen: of the camera or of the process, in a sentence, with what to do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspector.drift.channels import COLUMN, DriftKind, Surround, What
from inspector.drift.reference import DriftReference

CLEAR: Final = 0.5
"""Steps of the usual spread from which on a figure counts as changed."""
_SHARE: Final = 0.5
"""Share of the part's change that its surround must show, to be lit by the same light."""
_WHITE: Final = 230.0
"""Luma from which on a surround cannot get visibly brighter."""
_COLLECT: Final = "collect 40 new normals and retrain, if such parts are good"


@dataclass(frozen=True, slots=True)
class Cause:
    """What has changed.

    Attributes:
        kind: camera or process.
        what: the figure that shows it best.
        sentence: for a person.
        suggestion: what to do.
        before: the figure's usual value, in the unit that `sentence` speaks of.
        after: its value since the change.
    """

    kind: DriftKind
    what: What
    sentence: str
    suggestion: str
    before: float
    after: float


def find_cause(
    reference: DriftReference, mean: NDArray[np.float32], reject_share: float, changed: Collection[What]
) -> Cause:
    """Explain a change.

    A change of light, optics or place moves one group of figures far more than any other, since contrast and
    sharpness are made free of exposure; the group that moved farthest names the cause. Scores, embeddings
    and rejects follow every change, so they name one only where the pictures themselves do not.

    Args:
        reference: what was usual.
        mean: mean values since the change, float32 `[channels]`.
        reject_share: share of frames that were rejected since.
        changed: figures whose mean has changed; at least one.
    """
    steps = np.nan_to_num(reference.standardised(mean))
    look = _Look(reference, mean, steps)
    strengths = {
        What.SHIFT_X: abs(look.step(What.SHIFT_X)),
        What.SHIFT_Y: abs(look.step(What.SHIFT_Y)),
        What.BRIGHTNESS: abs(look.step(What.BRIGHTNESS)),
        What.CONTRAST: abs(look.step(What.CONTRAST)),
        # Less of it is a matter of focus, more of it is another surface, which grain tells better.
        What.SHARPNESS: max(0.0, -look.step(What.SHARPNESS)),
        What.GRAIN: max(0.0, look.step(What.GRAIN), look.step(What.SHARPNESS)),
        What.RED: abs(look.step(What.RED)),
        What.BLUE: abs(look.step(What.BLUE)),
    }
    what = max(strengths, key=lambda each: strengths[each])
    pictures = set(changed) - {What.SCORE, What.EMBEDDING, What.REJECTS}
    if not pictures or strengths[what] < CLEAR:
        return _by_model(reference, mean, reject_share, changed, steps)
    return look.explain(what)


@dataclass(frozen=True, slots=True)
class _Look:
    reference: DriftReference
    mean: NDArray[np.float32]
    steps: NDArray[np.float32]

    def explain(self, what: What) -> Cause:
        """The cause behind the figure that moved farthest."""
        if what is What.CONTRAST and (self._is_overexposed() or self._is_part_lit_otherwise()):
            what = What.BRIGHTNESS
        explanations = {
            What.BRIGHTNESS: self.brightness,
            What.CONTRAST: self.contrast,
            What.SHARPNESS: self.focus,
            What.GRAIN: self.grain,
        }
        if what in (What.SHIFT_X, What.SHIFT_Y):
            return self.shift(what)
        return explanations[what]() if what in explanations else self.colour(what)

    def step(self, what: What) -> float:
        return float(self.steps[COLUMN[what]])

    def pair(self, name: What | Surround) -> tuple[float, float]:
        """Usual and present value, as watched."""
        return float(self.reference.centre[COLUMN[name]]), float(self.mean[COLUMN[name]])

    def shift(self, what: What) -> Cause:
        before_x, after_x = self.pair(What.SHIFT_X)
        before_y, after_y = self.pair(What.SHIFT_Y)
        x, y = after_x - before_x, after_y - before_y
        ways = [
            f"{_pixels(abs(move))} {way}"
            for move, way in ((x, "right" if x > 0 else "left"), (y, "down" if y > 0 else "up"))
            if abs(move) >= 0.3 * max(abs(x), abs(y))
        ]
        before, after = self.pair(what)
        return Cause(
            DriftKind.CAMERA,
            what,
            f"the picture has moved about {' and '.join(ways)}",
            "Move camera or fixture back and fasten it; if parts are to lie there from now on, retrain",
            before,
            after,
        )

    def brightness(self) -> Cause:
        before, after = (float(np.exp(value) - 1) for value in self.pair(What.BRIGHTNESS))
        percent = 100 * (after / max(before, 1e-6) - 1)
        darker = percent < 0
        word = f"{abs(percent):.0f} % {'darker' if darker else 'brighter'}"
        if self._surround_stayed(Surround.BRIGHTNESS, What.BRIGHTNESS, brighter=not darker):
            return Cause(
                DriftKind.PROCESS,
                What.BRIGHTNESS,
                f"the parts are {word}, and what surrounds them is not",
                f"Look for a new lot or surface; {_COLLECT}",
                before,
                after,
            )
        remedy = "Clean or replace the lamp, or" if darker else "Keep other light out, or"
        return Cause(
            DriftKind.CAMERA,
            What.BRIGHTNESS,
            f"the picture is {word}: lamp, aperture or exposure",
            f"{remedy} set the exposure until brightness is {before:.0f} of 255 again",
            before,
            after,
        )

    def focus(self) -> Cause:
        before, after = (float(np.exp(value)) for value in self.pair(What.SHARPNESS))
        percent = 100 * (1 - after / before)
        return Cause(
            DriftKind.CAMERA,
            What.SHARPNESS,
            f"the picture is less sharp, edges have {percent:.0f} % less contrast",
            "Clean or refocus the lens, and check for vibration",
            before,
            after,
        )

    def grain(self) -> Cause:
        before, after = (float(np.exp(value) - 0.25) for value in self.pair(What.GRAIN))
        return Cause(
            DriftKind.PROCESS,
            What.GRAIN,
            f"the surface is rougher or noisier, {after / max(before, 1e-6):.1f} times the usual grain",
            f"Look for worn tools or another material, and at the camera's gain; {_COLLECT}",
            before,
            after,
        )

    def contrast(self) -> Cause:
        before, after = self.pair(What.CONTRAST)
        less = after < before
        # Haze adds light everywhere: contrast falls while the picture gets brighter or stays.
        if less and self.step(What.BRIGHTNESS) > -CLEAR:
            kind, remedy = DriftKind.CAMERA, "Clean lens and window, keep stray light out"
            sentence = "the picture has less contrast and is not darker: haze, dust or stray light"
        else:
            kind, remedy = DriftKind.PROCESS, f"Look for another material or finish; {_COLLECT}"
            sentence = f"the parts have {'less' if less else 'more'} contrast than usual"
        return Cause(kind, What.CONTRAST, sentence, remedy, before, after)

    def colour(self, what: What) -> Cause:
        before, after = (float(np.exp(value)) for value in self.pair(what))
        name = "red" if what is What.RED else "blue"
        word = f"{100 * abs(after / before - 1):.1f} % {'less' if after < before else 'more'} {name}"
        surround = Surround.RED if what is What.RED else Surround.BLUE
        if self.reference.has_surround and not self._surround_stayed(surround, what):
            return Cause(
                DriftKind.CAMERA,
                what,
                f"the whole picture has {word}: white balance, or a lamp of another colour",
                "Set the white balance on a grey card, and check the lamp",
                before,
                after,
            )
        return Cause(
            DriftKind.PROCESS,
            what,
            f"the parts have {word}: a new lot or another tint",
            f"Check the lot and, once, the lamp's colour; {_COLLECT}",
            before,
            after,
        )

    def _is_overexposed(self) -> bool:
        """More light where white cannot get whiter: contrast falls, but the light is the cause."""
        surround = float(np.exp(self.pair(Surround.BRIGHTNESS)[0]))
        return self.reference.has_surround and surround >= _WHITE and self.step(What.BRIGHTNESS) >= CLEAR

    def _is_part_lit_otherwise(self) -> bool:
        """A part that gets darker beside its surround changes the contrast too."""
        clear = abs(self.step(What.BRIGHTNESS)) >= CLEAR
        return clear and self._surround_stayed(Surround.BRIGHTNESS, What.BRIGHTNESS)

    def _surround_stayed(self, surround: Surround, what: What, *, brighter: bool = False) -> bool:
        """What surrounds the part is known, and has not changed as the part has."""
        if not self.reference.has_surround:
            return False
        usual, present = self.pair(surround)
        if brighter and float(np.exp(self.pair(Surround.BRIGHTNESS)[0])) >= _WHITE:
            return False
        before, after = self.pair(what)
        return abs(present - usual) < _SHARE * abs(after - before)


def _pixels(move: float) -> str:
    return f"{move:.1f} px" if move < 2 else f"{move:.0f} px"  # noqa: PLR2004 - as sure as a few frames are


def _by_model(
    reference: DriftReference,
    mean: NDArray[np.float32],
    reject_share: float,
    changed: Collection[What],
    steps: NDArray[np.float32],
) -> Cause:
    usual = 100 * reference.reject_share
    rest = f"Look at the frames named here: for wear, another lot, dirt; {_COLLECT}"
    if What.REJECTS in changed:
        return Cause(
            DriftKind.PROCESS,
            What.REJECTS,
            f"{100 * reject_share:.0f} % of the frames are rejected, usual are {usual:.0f} %",
            f"Review the rejects: if they are defective, mend the process; if not, {_COLLECT}",
            reference.reject_share,
            reject_share,
        )
    what = max(changed, key=lambda each: abs(float(steps[COLUMN[each]])))
    before, after = float(reference.centre[COLUMN[what]]), float(mean[COLUMN[what]])
    if what is What.SCORE:
        sentence = (
            f"passed parts score {'higher' if after > before else 'lower'}, {after:.3g} after {before:.3g}"
        )
    else:
        sentence = "parts look different as a whole, though light, sharpness and place are as usual"
    return Cause(DriftKind.PROCESS, what, sentence, rest, before, after)
