"""Models are swapped while frames flow, and damaged ones are refused."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from inspector.bundle import load_bundle, seal
from inspector.model_messages import ModelStateMessage, ProductTopics
from tests.campaigns.box import BOX, CAMERA, Box, running_box
from tests.campaigns.cameras import CameraProcess, Script
from tests.campaigns.observer import Observer
from tests.campaigns.parts import PRODUCT, calibrated, good_pictures
from tests.campaigns.report import CampaignError, await_true
from tests.campaigns.rows import count_rows, query
from tests.services import HOST

STORED_S, STATE_S = 900.0, 30.0
DRIFT = 0.2
WHY_LENGTH = 180
TOPICS = ProductTopics(CAMERA.site, BOX, PRODUCT)


@dataclass(frozen=True)
class Swaps:
    """What came of it.

    Attributes:
        frames: that were sent.
        swaps: that were asked for under load.
        rows: that are stored.
        by_version: frames by the version that judged them.
        changes: how often the version changes from one inspection to the next.
        refusals: what a damaged bundle had, and why the box says it refused it.
        findings: what is wrong.
    """

    frames: int
    swaps: int
    rows: int
    by_version: Counter[str]
    changes: int
    refusals: dict[str, str]
    findings: list[str]


def swaps_under_load(bundle: Path, frames: int, swaps: int, rate_per_s: float) -> Swaps:
    """Swap between two versions, spread evenly over the frames.

    Args:
        bundle: of the box; the second version is calibrated anew from it.
        frames: how many are sent.
        swaps: how often the version changes.
        rate_per_s: frames a second.

    Raises:
        CampaignError: a swap is refused, or frames are not stored in time.
    """
    bundles = (calibrated(bundle, 1.05), bundle)
    versions = {load_bundle(one).version for one in bundles}
    with running_box(bundle) as (box, port), Observer(port) as observer:
        script = Script(port, PRODUCT, good_pictures(), frames, "swaps", rate_per_s)
        with CameraProcess(script) as camera:
            for number, one in zip(range(swaps), itertools.cycle(bundles), strict=False):
                due = int(frames * (number + 0.3) / swaps)
                await_true(lambda due=due: camera.sent >= due, "a camera at work", STORED_S)  # type: ignore[misc]
                set_model(box, load_bundle(one).version, one)
            await_true(lambda: count_rows(box.database) >= frames, "a row for each frame", STORED_S)
            await_true(lambda: len(observer.results) >= frames, "a result of each frame", STORED_S)
        active = retained_state(port).active
        refusals = {}
        with TemporaryDirectory(prefix="inspector-damaged-") as folder:
            for what, version, path in damaged(bundle, Path(folder)):
                refusals[what] = refused(box, port, version, path)
        kept = retained_state(port).active
        inspected = query(box.database, "SELECT frame_id, model_version FROM inspections ORDER BY id")
    order = [version for _, version in inspected]
    findings = []
    if {frame_id for frame_id, _ in inspected} != set(script.ids) or len(inspected) != frames:
        findings.append(f"{frames} frames, {len(inspected)} rows")
    if not set(order) <= versions:
        findings.append(f"judged by {set(order)}, known are {versions}")
    if {one: result.model_version for one, result in observer.results.items()} != dict(inspected):
        findings.append("results name other versions than the rows")
    if active != kept:
        findings.append(f"a refused bundle changed the active one from {active} to {kept}")
    changes = sum(first != second for first, second in itertools.pairwise(order))
    if changes != swaps:
        findings.append(f"{swaps} swaps, but the version changes {changes} times")
    return Swaps(frames, swaps, len(inspected), Counter(order), changes, refusals, findings)


def set_model(box: Box, version: str, path: Path) -> None:
    """Ask for a model as a person does.

    Raises:
        CampaignError: the box did not take it.
    """
    done = _set_model(box, version, path)
    if done.returncode != 0:
        raise CampaignError(f"set-model {version}: exit code {done.returncode}: {done.stdout}{done.stderr}")


def refused(box: Box, port: int, version: str, path: Path) -> str:
    """Ask for a damaged model; why the box says on its state topic that it refuses it.

    Raises:
        CampaignError: it does not.
    """
    done = _set_model(box, version, path)
    state = retained_state(port)
    if done.returncode != 1 or state.status != "refused" or state.requested != version or not state.why:
        raise CampaignError(f"{path.name} is not refused: exit code {done.returncode}, {state}")
    return textwrap.shorten(state.why.replace(f"{box.data_dir}/", ""), WHY_LENGTH, placeholder=" …")


def retained_state(port: int) -> ModelStateMessage:
    """What the box's state topic says at the moment."""
    came: Queue[bytes] = Queue()
    client = Client(CallbackAPIVersion.VERSION2, "state-reader", protocol=MQTTProtocolVersion.MQTTv311)
    client.on_connect = lambda client, *_: client.subscribe(TOPICS.model_state, 1)
    client.on_message = lambda _client, _data, message: came.put(bytes(message.payload))
    client.connect(HOST, port)
    client.loop_start()
    try:
        return ModelStateMessage.model_validate_json(came.get(timeout=STATE_S))
    finally:
        client.disconnect()
        client.loop_stop()


def damaged(bundle: Path, folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Bundles that no box may use: what is wrong, the version to ask for, and where they are.

    Each is of a version that the box has not had: it would not fetch one that it keeps.
    """
    whole, flipped = calibrated(bundle, 1.1), folder / "flipped"
    shutil.copytree(whole, flipped)
    scorer = bytearray((flipped / "scorer.onnx").read_bytes())
    scorer[len(scorer) // 2] ^= 0xFF
    (flipped / "scorer.onnx").write_bytes(scorer)
    yield "one flipped byte in its network", load_bundle(whole).version, flipped
    drifted = folder / "drifted"
    shutil.copytree(bundle, drifted)
    manifest = load_bundle(bundle).manifest
    golden = tuple(one.model_copy(update={"score": one.score + DRIFT}) for one in manifest.golden)
    sealed = seal(drifted, manifest.model_copy(update={"golden": golden}))
    yield f"golden scores that drifted by {DRIFT}", sealed.version, drifted


def _set_model(box: Box, version: str, path: Path) -> subprocess.CompletedProcess[str]:
    words = ["edge", "set-model", PRODUCT, "--box", BOX, "--version", version, "--source", str(path)]
    command = [sys.executable, "-m", "inspector.cli", *words, "--config", str(box.config)]
    return subprocess.run(command, check=False, capture_output=True, text=True)
