"""Examples from products: rendered parts are learned as any product is, and painted ones are scored."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from inspector.bundle import load_bundle
from inspector.describing.kinds import load_kind_reader
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.frames import encode_png, resize
from training.adapter.examples import Example, measured_example, paint_frame
from training.adapter.surfaces import Surface
from training.defects import find_foregrounds
from training.learning import OnStep, ignore_step
from training.parts.render import PartProduct, render_part
from training.product import train_product
from training.settings import TrainingSettings

SIZE_PX = 256


def examples_from_products(
    *, normals: int, frames: int, seed: int, on_step: OnStep = ignore_step
) -> list[Example]:
    """Painted frames of each rendered product, scored by a bundle that was trained for it.

    Args:
        normals: rendered good parts of each product to train on; half as many more are painted.
        frames: painted frames of each product.
        seed: decides every random choice.
        on_step: told what is being done, and how far it is.
    """
    examples = []
    for number, product in enumerate(PartProduct):
        rng = np.random.default_rng([seed, number])
        step = partial(_named, on_step, product.value)
        with TemporaryDirectory() as scratch:
            folder = Path(scratch) / "normals"
            folder.mkdir()
            for index in range(normals):
                step("rendering", index, normals)
                part = render_part(product, rng, SIZE_PX)
                (folder / f"{index:03d}.png").write_bytes(encode_png(part.image))
            bundle_folder = Path(scratch) / "bundle"
            # Few folds and frames: what these maps are like matters here, and not how good the product is.
            settings = TrainingSettings(seed=seed, synthetic_frames=60, folds=2)
            train_product(product.value, folder, bundle_folder, settings, on_step=step)
            unseen = [render_part(product, rng, SIZE_PX).image for _ in range(max(4, normals // 2))]
            surfaces = [
                Surface(image, foreground)
                for image, foreground in zip(unseen, find_foregrounds(unseen), strict=True)
            ]
            bundle = load_bundle(bundle_folder)
            engine, kinds = OnnxRuntimeEngine(bundle.scorer_path, threads=1), load_kind_reader(bundle)
            size = bundle.manifest.input_size
            for index in range(frames):
                step("scoring painted frames", index, frames)
                frame = paint_frame(surfaces[rng.integers(len(surfaces))], surfaces, rng)
                output = engine.run(resize(frame.image, size.height, size.width)[None])
                maps = np.stack((output.image_image_map[0], output.image_text_map[0]))
                limit = bundle.manifest.limits.pixel
                examples.append(
                    measured_example(frame.image, output.anomaly_map[0], maps, limit, kinds.guess)
                )
    return examples


def _named(on_step: OnStep, product: str, step: str, done: int, parts: int) -> None:
    on_step(f"{product}: {step[0].lower()}{step[1:]}", done, parts)
