"""Which frames are alike: by the cosine of their embeddings, the newest, of one product and network."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.records import Records, StoredEmbedding
from tests.inspector.records.examples import count_rows, inspection, raw


def add(records: Records, frame_id: str, values: list[float], **changes: str) -> None:
    network = changes.pop("network", "net-1")
    record = inspection(frame_id, **changes)
    embedding = StoredEmbedding.of(network, np.array(values, np.float32))
    assert records.add_all([record], embeddings={frame_id: embedding}) == [True]


def similar(records: Records, frame_id: str, limit: int = 9) -> list[str]:
    found = records.embeddings.similar_to(frame_id, limit=limit)
    assert found is not None
    return [one.inspection.frame_id for one in found.frames]


def test_the_most_alike_comes_first_with_the_cosine_as_likeness(records: Records) -> None:
    add(records, "here", [3, 0])
    add(records, "half", [1, np.sqrt(3)])
    add(records, "same", [0.5, 0])
    add(records, "opposite", [-7, 0])
    found = records.embeddings.similar_to("here", limit=9)
    assert found is not None
    assert [one.inspection.frame_id for one in found.frames] == ["same", "half", "opposite"]
    assert [one.likeness for one in found.frames] == pytest.approx([1, 0.5, -1], abs=1e-3)
    assert found.frames[0].inspection == inspection("same")
    assert (found.compared, found.has_more) == (3, False)
    assert similar(records, "here", limit=1) == ["same"]


def test_other_products_and_networks_are_not_compared(records: Records) -> None:
    add(records, "here", [1, 0])
    add(records, "other-product", [1, 0], product="bottle")
    add(records, "other-network", [1, 0], network="net-2")
    add(records, "other-limits", [1, 1], model_version="another")
    assert similar(records, "here") == ["other-limits"]


def test_only_the_newest_are_compared_and_it_is_said(records: Records) -> None:
    for number in range(5):
        add(records, f"frame-{number}", [1, number])
    found = records.embeddings.similar_to("frame-4", limit=9, compared=2)
    assert found is not None
    assert [one.inspection.frame_id for one in found.frames] == ["frame-3", "frame-2"]
    assert (found.compared, found.has_more) == (2, True)
    exact = records.embeddings.similar_to("frame-4", limit=9, compared=4)
    assert exact is not None
    assert (exact.compared, exact.has_more) == (4, False)


def test_more_frames_than_are_read_at_once_are_ranked_as_numpy_ranks_them(records: Records) -> None:
    vectors = np.random.default_rng(0).normal(size=(4500, 8)).astype(np.float32)
    names = [f"frame-{number}" for number in range(len(vectors))]
    records.add_all(
        [inspection(name, regions=(), evidence=None, evidence_map=None) for name in names],
        embeddings={
            name: StoredEmbedding.of("net-1", vector) for name, vector in zip(names, vectors, strict=True)
        },
    )
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.argsort(-(unit @ unit[7]))[1:6]
    assert similar(records, "frame-7", limit=5) == [names[number] for number in expected]


def test_a_frame_without_an_embedding_has_no_answer(records: Records) -> None:
    records.add(inspection("old"))
    add(records, "alone", [1, 2])
    assert records.embeddings.similar_to("old", limit=3) is None
    assert records.embeddings.similar_to("unknown", limit=3) is None
    assert similar(records, "alone") == []
    with pytest.raises(ValueError, match="must be 1 or more"):
        records.embeddings.similar_to("alone", limit=0)


@pytest.mark.parametrize("values", [[0, 0, 0], [1e30, 2e30, -1e30], [1e-30, 0, 0]])
def test_an_embedding_of_any_length_comes_back_as_a_direction(records: Records, values: list[float]) -> None:
    add(records, "here", values)
    kept = records.embeddings.of(["here", "unknown"])["here"]
    wide: NDArray[np.float64] = np.array(values, np.float32).astype(np.float64)
    direction = wide / (np.linalg.norm(wide) or 1)
    np.testing.assert_allclose(kept.vector, direction, atol=1e-3)
    assert kept.network == "net-1"


def test_a_frame_that_is_stored_already_keeps_its_embedding(records: Records) -> None:
    add(records, "here", [1, 0])
    again = StoredEmbedding.of("net-2", np.array([0, 1], np.float32))
    assert records.add_all([inspection("here")], embeddings={"here": again}) == [False]
    assert records.embeddings.of(["here"])["here"].network == "net-1"


def test_an_embedding_goes_with_its_frame_and_takes_two_bytes_a_number(url: str) -> None:
    with Records.open(url) as records:
        add(records, "here", [1, 0, 0, 2])
    engine = raw(url)
    with engine.begin() as connection:
        length = connection.exec_driver_sql("SELECT length(vector), dimension FROM embeddings").one()
        assert tuple(length) == (8, 4)
        connection.exec_driver_sql("DELETE FROM inspections")
    engine.dispose()
    assert count_rows(url, "embeddings") == 0
