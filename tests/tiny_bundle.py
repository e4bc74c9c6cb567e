"""A real, tiny bundle for tests without training: its network measures the distance to the mean good picture.

`write_tiny_bundle` takes milliseconds; the ONNX file follows the scorer contract and runs in every engine.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inspector.bundle import (
    GOLDEN_DEFECT,
    SCORER_NAME,
    Bundle,
    GoldenFrame,
    InputSize,
    Limits,
    Manifest,
    Weights,
    load_bundle,
    new_folder,
    seal,
)
from inspector.engines import INPUT_NAME, OUTPUT_NAMES
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import encode_png, resize
from inspector.limits import conformal_limit
from inspector.results import Verdict

PART_SIZE_PX = 160
INPUT_SIZE_PX = 64
FALSE_REJECT_RATE = 0.05
NORMALS = 40
"""Normals behind the limit: those of seeds 10,000 and up, so that low seeds are new to the bundle."""
MARGIN = 1.5
"""Factor on the limit, so that a good part of any seed passes in tests; defects score ten times higher."""
CREATED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def tiny_part(seed: int, defect: bool = False) -> NDArray[np.uint8]:
    """A picture of a washer on a dark table, uint8 `[160, 160, 3]` RGB.

    Good parts differ in sensor noise and a little in light; a defect is one dark blot on the ring, at an
    angle that depends on the seed.
    """
    rng = np.random.default_rng(seed)
    centre = (PART_SIZE_PX // 2, PART_SIZE_PX // 2)
    image = np.full((PART_SIZE_PX, PART_SIZE_PX, 3), (38, 40, 44), np.uint8)
    cv2.circle(image, centre, 62, (176, 180, 186), -1, cv2.LINE_AA)
    cv2.circle(image, centre, 30, (38, 40, 44), -1, cv2.LINE_AA)
    if defect:
        cv2.circle(image, tiny_defect_centre(seed), 9, (70, 45, 30), -1, cv2.LINE_AA)
    light = rng.uniform(0.98, 1.02)
    return np.clip(image * light + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def tiny_defect_centre(seed: int) -> tuple[int, int]:
    """Where the defect of `tiny_part(seed, defect=True)` is, `(x, y)` in pixels."""
    angle = 2.4 * seed  # steps of the golden angle spread over the ring
    middle = PART_SIZE_PX / 2
    return round(middle + 46 * np.cos(angle)), round(middle + 46 * np.sin(angle))


def write_tiny_bundle(
    path: Path, product: str = "washer", *, overwrite: bool = False, margin: float = MARGIN
) -> Bundle:
    """Write a bundle whose limits come from scores of 40 good parts, by its own network.

    The same arguments give the same bundle version; another product or margin is another version.
    """
    normals = np.stack([_network_input(tiny_part(10_000 + seed)) for seed in range(NORMALS)])
    with new_folder(path, overwrite=overwrite) as folder:
        onnx.save(tiny_scorer(normals.mean(axis=0)), folder / SCORER_NAME)
        engine = OnnxRuntimeEngine(folder / SCORER_NAME, threads=1)
        output = engine.run(normals)
        limit = margin * conformal_limit(output.score, FALSE_REJECT_RATE)
        golden = []
        (folder / "golden").mkdir()
        for number, (seed, defect) in enumerate([(1, False), (2, False), (3, True)]):
            image = tiny_part(seed, defect)
            score = float(engine.run(_network_input(image)[None]).score[0])
            file = f"{GOLDEN_DEFECT if defect else 'golden/'}{number:03}.png"
            (folder / file).write_bytes(encode_png(image))
            verdict = Verdict.REJECT if score > limit else Verdict.PASS
            golden.append(GoldenFrame(file=file, score=score, verdict=verdict))
        manifest = Manifest(
            product=product,
            version="",
            created_at=CREATED_AT,
            encoder=Weights(name="test:mean-picture", sha256="0" * 64),
            text_encoder=Weights(name="test:none", sha256="0" * 64),
            input_size=InputSize(height=INPUT_SIZE_PX, width=INPUT_SIZE_PX),
            limits=Limits(
                reject=limit,
                false_reject_rate=FALSE_REJECT_RATE,
                normals=NORMALS,
                method="split conformal over held-out normals, with a margin",
                pixel=limit,
            ),
            fusion={"image_text_weight": 0.5},
            golden=tuple(golden),
            training={"normals": NORMALS, "seconds": 0.0},
            files={},
        )
        seal(folder, manifest)
    return load_bundle(path)


def write_variant(original: Path, path: Path, **changes: object) -> Bundle:
    """Copy a bundle with other values in its manifest, sealed anew: a version of its own."""
    shutil.copytree(original, path)
    seal(path, load_bundle(original).manifest.model_copy(update=changes))
    return load_bundle(path)


def tiny_scorer(mean: NDArray[np.float64]) -> onnx.ModelProto:
    """The network: mean absolute distance to a mean picture `[H, W, 3]`, over 8 x 8 px in steps of 4.

    Both decoders' maps are the fused map; the embedding is the mean colour of 4 x 4 fields.
    """
    height, width, _ = mean.shape
    constants = [
        numpy_helper.from_array(mean.astype(np.float32)[None], "mean"),
        numpy_helper.from_array(np.array([3], np.int64), "channels"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
        numpy_helper.from_array(np.array([1, 2], np.int64), "places"),
    ]
    field = [height // 4, width // 4]
    nodes = [
        helper.make_node("Cast", [INPUT_NAME], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["pixels", "mean"], ["difference"]),
        helper.make_node("Abs", ["difference"], ["distance"]),
        helper.make_node("ReduceMean", ["distance", "channels"], ["grey"], keepdims=0),
        helper.make_node("Unsqueeze", ["grey", "one"], ["grey_channel"]),
        helper.make_node(
            "AveragePool",
            ["grey_channel"],
            ["smooth"],
            kernel_shape=[8, 8],
            strides=[4, 4],
            pads=[2, 2, 2, 2],
        ),
        helper.make_node("Squeeze", ["smooth", "one"], ["anomaly_map"]),
        helper.make_node("ReduceMax", ["anomaly_map", "places"], ["score"], keepdims=0),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["fields"], kernel_shape=field, strides=field),
        helper.make_node("Flatten", ["fields"], ["embedding"]),
        helper.make_node("Identity", ["anomaly_map"], ["image_image_map"]),
        helper.make_node("Identity", ["anomaly_map"], ["image_text_map"]),
    ]
    inputs = [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, ["B", height, width, 3])]
    places: list[str | int] = ["B", height // 4, width // 4]
    shapes: dict[str, list[str | int]] = {"score": ["B"], "embedding": ["B", 48]}
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes.get(name, places))
        for name in OUTPUT_NAMES
    ]
    graph = helper.make_graph(nodes, "tiny_scorer", inputs, outputs, initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def _network_input(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return resize(image, INPUT_SIZE_PX, INPUT_SIZE_PX)
