"""Many products are trained by real Ray; one that fails holds up none, and a second run does what is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.bundle import load_bundle
from inspector.cli import main
from inspector.errors import TrainingError
from inspector.frames import encode_png
from inspector.keys import write_new_key
from inspector.signatures import Trust
from tests.tiny_bundle import tiny_part, write_tiny_bundle
from training.many_products.jobs import done_before, inputs_of, is_of_earlier_run, read_jobs

FAST_TOML = """
height = 128
width = 128
synthetic_frames = 40
folds = 2
[memory]
size = 200
pool = 4000
dimensions = 64
[text_decoder]
steps = 60
batch = 1024
hidden = 64
"""


def write_parts(folder: Path, first: int, count: int) -> Path:
    folder.mkdir(parents=True)
    for seed in range(first, first + count):
        (folder / f"{seed}.png").write_bytes(encode_png(tiny_part(seed)))
    return folder


@pytest.fixture
def products(tmp_path: Path) -> Path:
    source = tmp_path / "products"
    write_parts(source / "ring/train/good", 100, 12)
    (source / "nothing").mkdir()
    (tmp_path / "fast.toml").write_text(FAST_TOML)
    return source


def exit_code(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_a_failing_product_holds_up_none_and_a_second_run_does_what_is_left(
    products: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_new_key(tmp_path / "key")
    monkeypatch.setenv("INSPECTOR_TRAINING__SIGNING_KEY", str(tmp_path / "key"))
    output = tmp_path / "bundles"
    words = ["train-all", str(products), "--output", str(output), "--config", str(tmp_path / "fast.toml")]
    assert exit_code([*words, "--json"]) == 1
    nothing, ring = json.loads(capsys.readouterr().out)
    assert "holds no pictures" in nothing["why"]
    assert (ring["product"], ring["normals"], ring["skipped"]) == ("ring", 12, False)
    assert load_bundle(output / "ring").version == ring["model_version"]
    assert Trust.by([tmp_path / "key.pub"]).check(load_bundle(output / "ring"))
    assert not (output / "nothing").exists()

    (products / "nothing").rmdir()
    assert exit_code([*words, "--json"]) == 0
    [again] = json.loads(capsys.readouterr().out)
    assert again == ring | {"skipped": True}

    [job] = read_jobs(products, tmp_path / "fast.toml")
    assert done_before(job, output) is not None
    assert is_of_earlier_run(job, output)
    (job.normal / "new.png").write_bytes(encode_png(tiny_part(50)))
    assert done_before(job, output) is None
    assert is_of_earlier_run(job, output)
    # Another command puts its own bundle there: it is no longer this one's to replace.
    write_tiny_bundle(output / "ring", "ring", overwrite=True)
    assert not is_of_earlier_run(job, output)


def test_a_bundle_of_another_command_is_not_replaced(
    products: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bundles"
    (output / "ring").mkdir(parents=True)
    (output / "ring/notes.txt").write_text("mine")
    only = tmp_path / "list.toml"
    only.write_text('[products.ring]\nnormal = "products/ring/train/good"\nconfig = "fast.toml"\n')
    assert exit_code(["train-all", str(only), "--output", str(output)]) == 1
    assert "ring" in capsys.readouterr().err
    assert (output / "ring/notes.txt").read_text() == "mine"


def test_products_are_read_from_a_list_beside_its_folders(products: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.toml"
    listed.write_text(
        '[products.ring]\nnormal = "products/ring/train/good"\n'
        '[products.washer]\nnormal = "washers"\nconfig = "fast.toml"\n'
    )
    write_parts(tmp_path / "washers", 0, 2)
    ring, washer = read_jobs(listed, None)
    assert (ring.product, ring.settings.height) == ("ring", 256)
    assert (washer.normal, washer.settings.height) == (tmp_path / "washers", 128)
    assert inputs_of(washer) == inputs_of(washer)
    assert inputs_of(ring) != inputs_of(washer)


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "is no list of products"), ("[products]\n", "names no product"), ("x =", "is no list of products")],
)
def test_a_list_that_cannot_be_used_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text)
    with pytest.raises(TrainingError, match=why):
        read_jobs(path, None)
    with pytest.raises(TrainingError, match="no such file or folder"):
        read_jobs(tmp_path / "none", None)


def test_a_name_that_no_product_can_have_is_refused(tmp_path: Path) -> None:
    write_parts(tmp_path / "products/a b", 0, 1)
    with pytest.raises(TrainingError, match="cannot be named so"):
        read_jobs(tmp_path / "products", None)
