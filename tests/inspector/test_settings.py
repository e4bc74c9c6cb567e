from __future__ import annotations

import json
import os
import string
from operator import attrgetter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from inspector.errors import SettingsError
from inspector.messages import NAME_PATTERN
from inspector.settings import CameraSettings, Settings, load_settings

WHOLE = """
site = "plant-7"
[mqtt]
host = "broker"
port = 8883
username = "line"
password = "hunter2"
protocol = "3.1.1"
keepalive_s = 5
embedded = true
[mqtt.tls]
enabled = true
ca_file = "/etc/ca.pem"
certificate = "/etc/box.pem"
key = "/etc/box.key"
verify_hostname = false
[database]
url = "postgresql+psycopg://inspector@db/records"
[central]
url = "postgresql+psycopg://inspector:hunter2@plant/records"
[registry]
url = "s3://models"
[training]
signing_key = "keys/training"
signing_passphrase = "hunter2"
signing_passphrase_file = "keys/passphrase"
[engine]
runtime = "tensorrt"
precision = "fp16"
cache_dir = "/srv/engines"
largest_batch = 4
providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
threads = 2
[edge]
box = "box-9"
data_dir = "/srv/inspector"
queue_size = 1
batch_budget_ms = 50
shared_group = "boxes"
topic_filter = "inspector/v1/plant-7/+/+/frame/#"
trusted_keys = ["keys/training.pub"]
allow_unsigned = true
[edge.evidence]
embeddings = false
pass_share = 1
keep_days = 7
largest_gb = 5
quarantine_days = 3
url = "s3://bucket/box-9"
[edge.disk]
low_mb = 100
full_mb = 10
[edge.health]
enabled = false
host = "192.0.2.7"
port = 9000
[edge.watchdog]
limit_s = 5
[edge.drift]
enabled = false
learn_frames = 300
[edge.models]
registry = "s3://models"
protocols = ["s3"]
largest_mb = 100
follow = true
budget_ms = 40
[[edge.cameras]]
line = "line-1"
camera = "cam-1"
product = "bottle"
bundle = "bundles/bottle"
mm_per_px = 0.12
[[edge.cameras]]
line = "line-1"
camera = "cam-2"
product = "gasket"
bundle = "bundles/gasket"
[[edge.folders]]
line = "line-1"
camera = "cam-1"
path = "/srv/pictures"
done = "delete"
settle_s = 0.5
poll_s = 2
[[edge.videos]]
line = "line-1"
camera = "cam-2"
url = "rtsp://camera/1"
frames_per_s = 2
[describing]
enabled = false
language = "zh"
language_model = "/srv/language-model"
adapter = "adapters/mine"
deadline_s = 2.5
threads = 2
providers = ["CUDAExecutionProvider"]
queue_size = 16
[dashboard]
host = "0.0.0.0"
port = 80
refresh_s = 0.5
boxes = ["http://box-1:9464"]
uploads_dir = "/srv/uploads"
training_config = "/srv/training.toml"
require_sign_in = true
visit_hours = 8
secrets_file = "/srv/secrets.toml"
provided_role = "operator"
[report]
zone = "Europe/Berlin"
language = "zh"
font = "/srv/fonts/noto.ttf"
[report.shifts]
day = 06:30:00
night = "18:30"
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No settings of whoever runs the tests."""
    for name in os.environ:
        if name.upper().startswith("INSPECTOR_"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "inspector.toml"


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def problem(path: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert caught.value.remedy
    return str(caught.value)


def test_without_file_and_environment_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings == Settings()
    assert (settings.site, settings.mqtt.host, settings.mqtt.port) == ("plant-1", "127.0.0.1", 1883)
    assert settings.database.url == "sqlite:///var/inspector.db"
    assert settings.edge.cameras == ()


def test_an_empty_file_says_the_same_as_none(file: Path) -> None:
    assert load_settings(written(file, "")) == load_settings()


def test_every_key_can_be_set_in_the_file(file: Path) -> None:
    settings = load_settings(written(file, WHOLE))
    assert settings.model_dump(mode="json") == {
        "site": "plant-7",
        "mqtt": {
            "host": "broker",
            "port": 8883,
            "username": "line",
            "password": "**********",
            "protocol": "3.1.1",
            "keepalive_s": 5,
            "tls": {
                "enabled": True,
                "ca_file": "/etc/ca.pem",
                "certificate": "/etc/box.pem",
                "key": "/etc/box.key",
                "verify_hostname": False,
            },
            "embedded": True,
        },
        "database": {"url": "postgresql+psycopg://inspector@db/records"},
        "central": {"url": "**********"},
        "registry": {"url": "s3://models"},
        "training": {
            "signing_key": "keys/training",
            "signing_passphrase": "**********",
            "signing_passphrase_file": "keys/passphrase",
        },
        "engine": {
            "runtime": "tensorrt",
            "precision": "fp16",
            "cache_dir": "/srv/engines",
            "largest_batch": 4,
            "providers": ["CUDAExecutionProvider", "CPUExecutionProvider"],
            "threads": 2,
        },
        "edge": {
            "box": "box-9",
            "data_dir": "/srv/inspector",
            "queue_size": 1,
            "batch_budget_ms": 50.0,
            "shared_group": "boxes",
            "topic_filter": "inspector/v1/plant-7/+/+/frame/#",
            "trusted_keys": ["keys/training.pub"],
            "allow_unsigned": True,
            "evidence": {
                "embeddings": False,
                "pass_share": 1.0,
                "keep_days": 7,
                "largest_gb": 5.0,
                "quarantine_days": 3,
                "url": "s3://bucket/box-9",
            },
            "disk": {"low_mb": 100, "full_mb": 10},
            "health": {"enabled": False, "host": "192.0.2.7", "port": 9000},
            "watchdog": {"limit_s": 5.0},
            "drift": {"enabled": False, "learn_frames": 300},
            "models": {
                "registry": "s3://models",
                "protocols": ["s3"],
                "largest_mb": 100,
                "follow": True,
                "budget_ms": 40.0,
            },
            "cameras": [
                {
                    "line": "line-1",
                    "camera": "cam-1",
                    "product": "bottle",
                    "bundle": "bundles/bottle",
                    "mm_per_px": 0.12,
                },
                {
                    "line": "line-1",
                    "camera": "cam-2",
                    "product": "gasket",
                    "bundle": "bundles/gasket",
                    "mm_per_px": None,
                },
            ],
            "folders": [
                {
                    "line": "line-1",
                    "camera": "cam-1",
                    "path": "/srv/pictures",
                    "done": "delete",
                    "settle_s": 0.5,
                    "poll_s": 2.0,
                }
            ],
            "videos": [{"line": "line-1", "camera": "cam-2", "url": "rtsp://camera/1", "frames_per_s": 2.0}],
        },
        "describing": {
            "enabled": False,
            "language": "zh",
            "language_model": "/srv/language-model",
            "adapter": "adapters/mine",
            "deadline_s": 2.5,
            "threads": 2,
            "providers": ["CUDAExecutionProvider"],
            "queue_size": 16,
        },
        "dashboard": {
            "host": "0.0.0.0",  # noqa: S104
            "port": 80,
            "refresh_s": 0.5,
            "boxes": ["http://box-1:9464"],
            "uploads_dir": "/srv/uploads",
            "training_config": "/srv/training.toml",
            "require_sign_in": True,
            "visit_hours": 8.0,
            "secrets_file": "/srv/secrets.toml",
            "provided_role": "operator",
        },
        "report": {
            "zone": "Europe/Berlin",
            "language": "zh",
            "font": "/srv/fonts/noto.ttf",
            "shifts": {"day": "06:30:00", "night": "18:30:00"},
        },
    }


def test_the_password_is_there_for_the_client_and_for_nobody_else(file: Path) -> None:
    settings = load_settings(written(file, WHOLE))
    assert settings.mqtt.password is not None
    assert settings.mqtt.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("INSPECTOR_SITE", "plant-2", "site", "plant-2"),
        ("INSPECTOR_MQTT__HOST", "10.0.0.5", "mqtt.host", "10.0.0.5"),
        ("inspector_mqtt__host", "10.0.0.5", "mqtt.host", "10.0.0.5"),
        ("INSPECTOR_MQTT__PORT", "8884", "mqtt.port", 8884),
        ("INSPECTOR_MQTT__EMBEDDED", "false", "mqtt.embedded", False),
        ("INSPECTOR_DATABASE__URL", "sqlite:///a.db", "database.url", "sqlite:///a.db"),
        ("INSPECTOR_EDGE__DATA_DIR", "data", "edge.data_dir", Path("data")),
        ("INSPECTOR_ENGINE__PROVIDERS", '["X"]', "engine.providers", ("X",)),
    ],
)
def test_the_environment_wins_over_the_file(  # noqa: PLR0917
    file: Path, environment: pytest.MonkeyPatch, variable: str, value: str, key: str, expected: object
) -> None:
    environment.setenv(variable, value)
    assert attrgetter(key)(load_settings(written(file, WHOLE))) == expected


def test_one_variable_leaves_the_rest_of_its_section_to_the_file(
    file: Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("INSPECTOR_MQTT__HOST", "10.0.0.5")
    environment.setenv("INSPECTOR_EDGE__EVIDENCE__PASS_SHARE", "0.5")
    settings = load_settings(written(file, WHOLE))
    assert (settings.mqtt.port, settings.mqtt.username) == (8883, "line")
    assert (settings.edge.box, settings.edge.evidence.pass_share) == ("box-9", 0.5)


def test_cameras_in_the_environment_are_json_and_replace_those_of_the_file(
    file: Path, environment: pytest.MonkeyPatch
) -> None:
    camera = {"line": "l", "camera": "c", "product": "p", "bundle": "b"}
    environment.setenv("INSPECTOR_EDGE__CAMERAS", json.dumps([camera]))
    cameras = load_settings(written(file, WHOLE)).edge.cameras
    assert cameras == (CameraSettings(line="l", camera="c", product="p", bundle=Path("b")),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mtqt = 1", "mtqt: there is no such setting"),
        ("Site = 'plant-1'", "Site: there is no such setting"),
        ("_env_file = 'a'", "_env_file: there is no such setting"),
        ("_cli_parse_args = true", "_cli_parse_args: there is no such setting"),
        ("[mqtt]\nhoost = 'a'", "mqtt.hoost: there is no such setting"),
        ("[edge.evidence]\npass = 1", "edge.evidence.pass: there is no such setting"),
        ("site = 5", "site: Input should be a valid string"),
        ("site = 'plant 1'", "site: it must be 1 to 64 letters"),
        ("site = 'a/b'", "site: it must be 1 to 64 letters"),
        ("site = ''", "site: it must be 1 to 64 letters"),
        ("mqtt = 3", "mqtt: it must be a section"),
        ("[mqtt]\nport = 'x'", "mqtt.port: Input should be a valid integer"),
        ("[mqtt]\nport = 0", "mqtt.port: Input should be greater than or equal to 1"),
        ("[mqtt]\nport = 65536", "mqtt.port: Input should be less than or equal to 65535"),
        ("[mqtt]\nprotocol = '4'", "mqtt.protocol: Input should be 'auto', '5' or '3.1.1'"),
        ("[engine]\nthreads = -1", "engine.threads: Input should be greater than or equal to 0"),
        ("[edge]\ncameras = 3", "edge.cameras: it must be a list"),
        ("[[edge.cameras]]\nline = 'a'", "edge.cameras.0.camera: it is missing"),
        ("[edge.evidence]\npass_share = 1.01", "edge.evidence.pass_share: Input should be less than"),
        ("[edge.evidence]\npass_share = nan", "edge.evidence.pass_share: Input should be"),
        ("[[edge.cameras]]\nmm_per_px = 0", "edge.cameras.0.mm_per_px: Input should be greater than 0"),
        ("[[edge.cameras]]\nmm_per_px = inf", "edge.cameras.0.mm_per_px: Input should be a finite number"),
        ("[describing]\nlanguage = 'de'", "describing.language: Input should be 'en' or 'zh'"),
        ("[describing]\ndeadline_s = 0", "describing.deadline_s: Input should be greater than 0"),
        ("[describing]\ndeadline_s = inf", "describing.deadline_s: Input should be less than"),
        ("[describing]\nqueue_size = 0", "describing.queue_size: Input should be greater than or equal to 1"),
        ("[describing]\nthreads = 0", "describing.threads: Input should be greater than or equal to 1"),
        ("[dashboard]\nrefresh_s = inf", "dashboard.refresh_s: Input should be less than"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(file: Path, text: str, expected: str) -> None:
    message = problem(written(file, text))
    assert str(file) in message
    assert expected in message


def test_all_wrong_values_are_named_at_once(file: Path, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("INSPECTOR_DASHBOARD__PORT", "http")
    message = problem(written(file, "mtqt = 1\n[mqtt]\nport = 0\nkeepalive_s = 0\n"))
    for key in ("mtqt:", "mqtt.port:", "mqtt.keepalive_s:", "INSPECTOR_DASHBOARD__PORT (environment):"):
        assert key in message


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("INSPECTOR_MQTT__PORT", "x", "INSPECTOR_MQTT__PORT (environment): Input should be a valid integer"),
        ("INSPECTOR_MQTT__HOOST", "x", "INSPECTOR_MQTT__HOOST (environment): there is no such setting"),
        ("INSPECTOR_MTQT__HOST", "x", "INSPECTOR_MTQT__HOST (environment): there is no such setting"),
        ("inspector_site", "a b", "inspector_site (environment): it must be 1 to 64 letters"),
        ("INSPECTOR_EDGE__CAMERAS", '[{"line": "a"}]', "INSPECTOR_EDGE__CAMERAS.0.camera (environment)"),
        ("INSPECTOR_EDGE__CAMERAS", "[{", "lists and sections are written as JSON"),
        ("INSPECTOR_MQTT", "broker", "lists and sections are written as JSON"),
    ],
)
def test_a_wrong_variable_is_named(
    environment: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    environment.setenv(variable, value)
    message = problem()
    assert message.startswith("the settings in the environment are wrong")
    assert expected in message


def test_variables_that_others_set_are_left_alone(environment: pytest.MonkeyPatch) -> None:
    """Kubernetes makes such variables for a service named inspector."""
    environment.setenv("INSPECTOR_SERVICE_HOST", "10.0.0.1")
    environment.setenv("INSPECTOR_PORT_1883_TCP_ADDR", "10.0.0.1")
    assert load_settings() == Settings()


def test_a_password_is_not_repeated_in_an_error(file: Path) -> None:
    text = "[mqtt]\npassword = 'hunter2'\nport = 0\n[database]\nurl = 'postgresql://u:hunter2@h/d'\n"
    assert "hunter2" not in problem(written(file, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    message = problem(tmp_path / "absent.toml")
    assert message.endswith("absent.toml cannot be read: there is no such file. Give it with --config.")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"site = ", "Invalid value"),
        (b"site = 'a'\nsite = 'b'\n", "at line 2"),
        (b"[mqtt\nport = 1", "at line 1"),
        (b"site = '\xff'", "invalid start byte"),
    ],
)
def test_a_file_that_is_no_toml_is_explained(file: Path, content: bytes, why: str) -> None:
    file.write_bytes(content)
    message = problem(file)
    assert f"{file} cannot be read" in message
    assert why in message


def test_a_folder_in_place_of_the_file_is_explained(tmp_path: Path) -> None:
    assert "directory" in problem(tmp_path)


def test_a_byte_order_mark_is_no_error(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfsite = 'plant-3'\r\n")
    assert load_settings(file).site == "plant-3"


def test_settings_cannot_be_changed() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.site = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.mqtt.port = 1  # type: ignore[misc]


def test_every_setting_has_a_title() -> None:
    def untitled(model: type) -> list[str]:
        fields = getattr(model, "model_fields", {})
        found = [f"{model.__name__}.{name}" for name, field in fields.items() if not field.title]
        return found + [name for field in fields.values() for name in untitled(field.annotation)]

    assert untitled(Settings) + untitled(CameraSettings) == []


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)
values = st.none() | st.booleans() | st.integers() | st.floats() | texts
trees = st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
sections = st.sampled_from([*Settings.model_fields, "other"])


def toml(value: object) -> str:
    """A value as TOML 1.0 writes it inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).replace("e", "E") if value == value else "nan"  # noqa: PLR0124 - NaN
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps("" if value is None else value, ensure_ascii=False)


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw compiles the alphabets
@given(tree=st.dictionaries(sections, trees, max_size=4))
def test_no_file_makes_anything_but_settings_or_a_settings_error(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    text = "\n".join(f"{key} = {toml(value)}" for key, value in tree.items())
    path = written(tmp_path_factory.getbasetemp() / "any.toml", text)
    why = ""
    try:
        load_settings(path)
    except SettingsError as error:
        why = str(error)
    assert "cannot be read" not in why, text


@given(name=st.text(string.printable, max_size=8) | st.from_regex(NAME_PATTERN, fullmatch=True))
def test_a_site_is_taken_if_and_only_if_it_is_a_topic_level(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    letters = set(string.ascii_letters + string.digits)
    usable = name[:1] in letters and set(name) <= letters | set("_.-") and 1 <= len(name) <= 64
    path = written(tmp_path_factory.getbasetemp() / "site.toml", f"site = {json.dumps(name)}")
    try:
        taken = load_settings(path).site == name
    except SettingsError:
        taken = False
    assert taken == (bool(name) and usable)
