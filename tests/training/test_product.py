"""A folder of good pictures becomes a bundle that finds defects, or a message says why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from inspector.bundle import load_bundle
from inspector.calibration import promise
from inspector.cli import main
from inspector.describing.describer import Describer
from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import BUNDLE_KINDS
from inspector.errors import DatasetError, OutputExistsError, ParityError, TrainingError
from inspector.frames import image_files, read_frame
from inspector.gate import Tolerance, check_bundle
from inspector.inspecting import load_inspector
from inspector.keys import write_new_key
from inspector.results import Verdict
from inspector.signatures import Trust
from tests.training.washers import FAST, write_washers
from training.decoders.scorer import Scorer
from training.export import MAX_RELATIVE_DIFFERENCE, export_scorer
from training.golden import write_golden
from training.kinds.vocabulary import KindsOfProduct, OwnKind
from training.normals import read_normals, suspects
from training.normals.odd_formats import find_odd_formats
from training.product import check_product, train_product


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_washers(tmp_path_factory.mktemp("data") / "washer", normals=24, tests=8)


@pytest.fixture(scope="module")
def bundle_path(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("bundles") / "washer"
    train_product("washer", data / "train" / "good", output, FAST)
    return output


def test_bundle_tells_defective_parts_from_good_ones(bundle_path: Path, data: Path) -> None:
    inspector = load_inspector(bundle_path)

    def scores(kind: str) -> list[float]:
        return [inspector.inspect(read_frame(path)).score for path in image_files(data / "test" / kind)]

    good = scores("good")
    assert min(scores("blot")) > max(good)


def test_golden_frames_score_as_the_manifest_says(bundle_path: Path) -> None:
    inspector = load_inspector(bundle_path)

    assert inspector.bundle.manifest.golden
    for golden in inspector.bundle.manifest.golden:
        inspection = inspector.inspect(read_frame(bundle_path / golden.file))
        assert inspection.score == pytest.approx(golden.score, rel=1e-4)
        assert inspection.verdict is golden.verdict


def test_golden_frames_are_good_parts_and_painted_defects(bundle_path: Path) -> None:
    golden = load_bundle(bundle_path).manifest.golden
    verdicts = [one.verdict for one in golden]
    assert len(golden) == FAST.golden_frames + FAST.golden_defects
    assert verdicts[-FAST.golden_defects :] == [Verdict.REJECT] * FAST.golden_defects
    assert verdicts.count(Verdict.PASS) >= FAST.golden_frames - 1


def test_no_golden_frame_lies_on_the_limit(bundle_path: Path) -> None:
    manifest = load_bundle(bundle_path).manifest
    limit = manifest.limits.reject
    assert all(abs(one.score - limit) > 0.01 * limit for one in manifest.golden)


def test_a_trained_bundle_passes_the_gate_that_boxes_have(bundle_path: Path) -> None:
    inspector = load_inspector(bundle_path)
    tolerance = Tolerance.for_engine(inspector.engine.name)
    report = check_bundle(inspector, tolerance=tolerance, budget_ms=None, largest_batch=4)
    assert report.passed, report.why


def test_golden_defects_can_be_left_out(bundle_path: Path, data: Path, tmp_path: Path) -> None:
    settings = FAST.model_copy(update={"golden_defects": 0, "golden_frames": 3})
    shutil.copy(bundle_path / "scorer.onnx", tmp_path)
    size = (settings.height, settings.width)
    normals = read_normals(data / "train" / "good", size, 10, np.random.default_rng(0))
    limit = load_bundle(bundle_path).manifest.limits.reject
    golden = write_golden(tmp_path, normals, limit, settings)
    assert [one.file for one in golden] == ["golden/000.png", "golden/001.png", "golden/002.png"]
    assert {one.verdict for one in golden} == {Verdict.PASS}


def test_batch_and_single_frames_score_alike(bundle_path: Path, data: Path) -> None:
    inspector = load_inspector(bundle_path)
    frames = [read_frame(path) for path in image_files(data / "test" / "good")]

    together = [inspection.score for inspection in inspector.inspect_batch(frames)]

    assert together == pytest.approx([inspector.inspect(frame).score for frame in frames], rel=1e-4)


@pytest.fixture(scope="module")
def burrs_path(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same product once more, which can have nothing but burrs."""
    weights = {kind.value: 0.0 for kind in KNOWN_KINDS} | {"burr": 5.0}
    kinds = KindsOfProduct(own=(OwnKind(word="burr", phrases=("a sharp ridge of metal",)),), weights=weights)
    output = tmp_path_factory.mktemp("bundles") / "burrs"
    train_product("washer", data / "train" / "good", output, FAST.model_copy(update={"kinds": kinds}))
    return output


def test_the_same_seed_gives_the_same_scores(bundle_path: Path, burrs_path: Path) -> None:
    first, again = (load_bundle(path).manifest for path in (bundle_path, burrs_path))
    assert [one.score for one in again.golden] == pytest.approx([one.score for one in first.golden], rel=1e-3)


def test_a_bundle_tells_the_products_own_kinds(burrs_path: Path, data: Path) -> None:
    inspector = load_inspector(burrs_path)
    assert BUNDLE_KINDS in inspector.bundle.manifest.files
    assert "burr" in str(inspector.bundle.manifest.training["settings"])
    describer = Describer(inspector.bundle)
    frame = read_frame(image_files(data / "test" / "blot")[0])
    task = describer.measure(frame, inspector.inspect(frame))
    assert {region.kind for region in task.facts.regions} == {"burr"}
    assert task.kinds == (*KNOWN_KINDS, "burr")


def test_graph_has_a_dynamic_batch_and_no_weights_beside_it(bundle_path: Path) -> None:
    graph = onnx.load(bundle_path / "scorer.onnx").graph

    batch = graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param
    assert not batch.dim_value
    names = sorted(path.name for path in bundle_path.iterdir())
    assert names == ["familiarity.npz", "golden", "learning", "manifest.json", "scorer.onnx"]


def test_export_that_differs_is_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(scorer: Scorer, path: Path) -> None:
        export_scorer(scorer, path)
        model = onnx.load(path)
        for tensor in model.graph.initializer:
            if tensor.name.endswith("memory"):
                values = onnx.numpy_helper.to_array(tensor) * 1.05
                tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
        onnx.save(model, path)

    monkeypatch.setattr("training.bundle_writing.export_scorer", spoilt)

    with pytest.raises(ParityError, match="differs from the trained network"):
        train_product("washer", data / "train" / "good", tmp_path / "bundle", FAST)
    assert list(tmp_path.iterdir()) == []


def test_what_stands_at_the_output_stays(bundle_path: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(OutputExistsError, match="already exists"):
        train_product("washer", data / "train" / "good", bundle_path, FAST)
    with pytest.raises(OutputExistsError, match="it is no bundle"):
        train_product("washer", data / "train" / "good", tmp_path, FAST, overwrite=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_folders_without_usable_pictures_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DatasetError, match="no such folder"):
        read_normals(tmp_path / "absent", (64, 64), 10, rng)
    with pytest.raises(TrainingError, match="holds no pictures"):
        read_normals(tmp_path, (64, 64), 10, rng)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(TrainingError, match="none of the 1 pictures"):
        read_normals(tmp_path, (64, 64), 10, rng)


def test_odd_pictures_among_the_normals_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(5):
        colours = rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)
        Image.fromarray(colours).save(tmp_path / f"{number}.png")
    Image.fromarray(rng.integers(0, 256, (80, 80), dtype=np.uint8)).save(tmp_path / "grey.png")
    Image.fromarray(rng.integers(0, 256, (40, 200, 3), dtype=np.uint8)).save(tmp_path / "wide.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "0.png").read_bytes())
    (tmp_path / "cut.png").write_bytes((tmp_path / "1.png").read_bytes()[:3000])

    normals = read_normals(tmp_path, (64, 64), 100, rng)

    told = "\n".join((*normals.notes, *find_odd_formats(normals).notes))
    assert len(normals.frames) == 7
    assert "1 pictures are copies" in told
    assert "cut.png" in told
    assert "grey among coloured" in told
    assert "wide.png" in told


def test_defective_normals_are_suspected_and_good_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    good, defects = rng.normal(1.5, 0.3, 100), rng.normal(3.5, 1.0, 200)

    assert list(suspects(np.concatenate((good, [6.0, 4.0])), defects)) == [100, 101]
    assert len(suspects(good, defects)) == 0


def test_an_unusual_normal_is_no_suspect_where_defects_score_much_higher() -> None:
    rng = np.random.default_rng(0)
    scores = np.concatenate((rng.normal(1.5, 0.3, 100), [6.0, 4.0]))

    assert len(suspects(scores, rng.normal(12.0, 2.0, 200))) == 0


def test_one_normal_makes_a_bundle_that_promises_no_rate_and_passes_the_next_good_part(
    data: Path, tmp_path: Path
) -> None:
    only = tmp_path / "normals"
    only.mkdir()
    first = image_files(data / "train" / "good")[0]
    (only / first.name).write_bytes(first.read_bytes())

    trained = train_product("washer", only, tmp_path / "bundle", FAST)

    limits = trained.bundle.manifest.limits
    assert limits.normals == 0
    assert promise(limits) is None
    assert any("promises no false-reject rate" in note for note in trained.notes)
    inspector = load_inspector(trained.bundle.path)
    assert inspector.inspect(read_frame(first)).verdict is Verdict.PASS
    good = [inspector.inspect(read_frame(path)) for path in image_files(data / "test" / "good")]
    assert sum(one.verdict is Verdict.PASS for one in good) > len(good) / 2


@pytest.mark.parametrize("product", ["", "a/b", "..", "-x", "x" * 65, "müller"])
def test_names_that_cannot_be_topics_are_refused(product: str) -> None:
    with pytest.raises(TrainingError, match="cannot be named so"):
        check_product(product)


def test_parity_is_written_into_the_manifest(bundle_path: Path) -> None:
    parity = load_bundle(bundle_path).manifest.training["parity_max_relative_difference"]

    assert isinstance(parity, float)
    assert 0 <= parity <= MAX_RELATIVE_DIFFERENCE


def test_train_command_prints_one_json_object_and_signs_where_there_is_a_key(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_new_key(tmp_path / "key")
    monkeypatch.setenv("INSPECTOR_TRAINING__SIGNING_KEY", str(tmp_path / "key"))
    config = tmp_path / "training.toml"
    config.write_text(
        "height = 128\nwidth = 128\nsynthetic_frames = 20\nfolds = 2\n"
        "[memory]\nsize = 100\npool = 1000\n[text_decoder]\nsteps = 20\nbatch = 256\n"
    )
    words = ["train", "--product", "washer", "--normal", str(data / "train" / "good"), "--json"]

    with pytest.raises(SystemExit) as done:
        main([*words, "--output", str(tmp_path / "bundle"), "--config", str(config)])

    result = json.loads(capsys.readouterr().out)
    assert done.value.code == 0
    assert result["normals"] == 24
    assert result["size_bytes"] < 30e6
    assert Trust.by([tmp_path / "key.pub"]).check(load_bundle(tmp_path / "bundle"))


def test_misspelt_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "training.toml"
    config.write_text("heigth = 128\n")

    with pytest.raises(SystemExit) as done:
        main(["train", "-p", "x", "-n", str(tmp_path), "-o", str(tmp_path / "b"), "-c", str(config)])

    assert done.value.code == 1
    assert "heigth" in capsys.readouterr().err
