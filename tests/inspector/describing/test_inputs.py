"""What the adapter sees of a frame: the same for every product, whatever its maps' units and sizes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inspector.describing.inputs import (
    KIND_CELLS,
    KNOWN_KINDS,
    LARGEST_RATIO,
    MAP_CELLS,
    AdapterInputs,
    adapter_inputs,
)
from inspector.describing.words import Kind

LIMIT = 2.0


def grey(height: int = 90, width: int = 120) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 128, np.uint8)


def blank(cells: int = MAP_CELLS) -> NDArray[np.float32]:
    return np.zeros((cells, cells), np.float32)


def spot(row: int, column: int, height: float = 6.0) -> NDArray[np.float32]:
    anomaly_map = blank()
    anomaly_map[row, column] = height
    return anomaly_map


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=90),
        elements=st.floats(0, 1e6, width=32),
    ),
    st.integers(1, 200),
    st.integers(1, 200),
    st.sampled_from([-1.0, 0.0, 1e-3, 1.0, 50.0]),
)
def test_any_frame_and_map_have_inputs_of_one_size(
    anomaly_map: NDArray[np.float32], height: int, width: int, limit: float
) -> None:
    rng = np.random.default_rng(height)
    image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    inputs = adapter_inputs(image, anomaly_map, np.stack([anomaly_map, 3 * anomaly_map]), limit)
    shapes = {
        "maps": (3, MAP_CELLS, MAP_CELLS),
        "look": (3, MAP_CELLS, MAP_CELLS),
        "kinds": (len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS),
    }
    for name, shape in shapes.items():
        values = getattr(inputs, name)
        assert values.shape == shape
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert 0 <= inputs.maps.min() <= inputs.maps.max() <= np.log1p(LARGEST_RATIO) + 1e-6


@pytest.mark.parametrize(
    ("score", "limit", "seen"),
    [(2, 2, np.log(2)), (0, 2, 0), (-3, 2, 0), (14, 2, np.log(8)), (1e5, 2, np.log(21)), (0.5, 0, np.log(2))],
)
def test_scores_are_told_in_units_of_the_limit(score: float, limit: float, seen: float) -> None:
    inputs = adapter_inputs(grey(), blank() + np.float32(score), None, limit)
    assert inputs.maps == pytest.approx(seen)


def test_each_decoder_is_brought_to_the_fused_maps_peak() -> None:
    fused, by_image, by_text = spot(20, 30), spot(20, 30, 0.01), spot(50, 10, 800.0)
    maps = adapter_inputs(grey(), fused, np.stack([by_image, by_text]), LIMIT).maps
    np.testing.assert_allclose(maps[1], maps[0], rtol=1e-5)
    assert maps[2, 50, 10] == pytest.approx(maps[0, 20, 30], rel=1e-5)
    assert maps[2, 20, 30] == 0


def test_without_decoder_maps_the_fused_map_stands_for_both() -> None:
    """A bundle that was made before decoders' maps were kept has none."""
    maps = adapter_inputs(grey(), spot(20, 30), None, LIMIT).maps
    np.testing.assert_array_equal(maps[1], maps[0])
    np.testing.assert_array_equal(maps[2], maps[0])


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_decoder_that_saw_nothing_or_nonsense_says_nothing(broken: float) -> None:
    maps = adapter_inputs(grey(), spot(20, 30), np.stack([blank(), spot(3, 3, broken)]), LIMIT).maps
    assert not maps[1].any()
    assert np.isfinite(maps).all()
    assert maps[0].any()


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("cells", [MAP_CELLS, 40, 200])
def test_a_map_that_is_not_finite_is_refused(score: float, cells: int) -> None:
    anomaly_map = blank(cells)
    anomaly_map[3, 3] = score
    with pytest.raises(ValueError, match="NaN or infinite"):
        adapter_inputs(grey(), anomaly_map, None, LIMIT)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 63), (63, 0), (63, 63), (0, 30)])
def test_a_peak_at_the_border_stays_where_it_is(row: int, column: int) -> None:
    maps = adapter_inputs(grey(), spot(row, column), None, LIMIT).maps
    assert np.unravel_index(maps[0].argmax(), maps[0].shape) == (row, column)


def test_maps_of_other_sizes_show_the_same_place() -> None:
    for cells in (16, 32, 128, 256):
        anomaly_map = blank(cells)
        anomaly_map[cells // 4 : cells // 2, : cells // 4] = 6
        maps = adapter_inputs(grey(), anomaly_map, None, LIMIT).maps
        assert maps[0, 18:30, 0:14] == pytest.approx(np.log(4))
        assert not maps[0, 40:].any()


def test_the_look_is_told_beside_the_frames_own_median() -> None:
    image = grey()
    cv2.rectangle(image, (0, 0), (30, 30), (20, 20, 20), -1)
    look = adapter_inputs(image, blank(), None, LIMIT).look
    assert np.median(look, axis=(1, 2)) == pytest.approx([0, 0, 0], abs=1e-3)
    assert look[0, 2, 2] < -0.8
    assert not adapter_inputs(grey(), blank(), None, LIMIT).look.any()


def test_the_look_does_not_depend_on_the_frames_size() -> None:
    def drawn(scale: int) -> AdapterInputs:
        image = np.full((64 * scale, 64 * scale, 3), (120, 90, 60), np.uint8)
        image[16 * scale : 32 * scale, 8 * scale : 40 * scale] = (230, 230, 240)
        return adapter_inputs(image, blank(), None, LIMIT)

    for scale in (2, 5):
        np.testing.assert_allclose(drawn(scale).look, drawn(1).look, atol=1e-5)


def test_kinds_are_taken_where_they_are_known() -> None:
    kinds = np.zeros((len(KNOWN_KINDS), 32, 32), np.float32)
    kinds[3, :16] = 0.75
    inputs = adapter_inputs(grey(), blank(), None, LIMIT, kinds)
    assert inputs.kinds[3, :8] == pytest.approx(0.75)
    assert not inputs.kinds[3, 8:].any()
    assert not adapter_inputs(grey(), blank(), None, LIMIT).kinds.any()


def test_what_is_unknown_is_no_known_kind() -> None:
    assert set(KNOWN_KINDS) == set(Kind) - {Kind.UNKNOWN}
