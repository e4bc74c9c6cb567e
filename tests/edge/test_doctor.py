"""`inspector doctor` beside real brokers, databases and bundles: each fault made, and told."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.doctor import check_broker, check_disk
from inspector import cli
from inspector.doctor.checking import run_check, run_checks
from inspector.doctor.database import check_database
from inspector.doctor.finding import Check, Finding, State
from inspector.doctor.models import check_models
from inspector.doctor.page import check_page
from inspector.records import Records
from inspector.settings import Settings, load_settings
from tests.edge.rig import Line
from tests.services import HOST, MosquittoServer, free_port, mosquitto_server


def problems(findings: list[Finding]) -> str:
    return "\n".join(f"{one.what}: {one.why}. {one.remedy}" for one in findings if one.state is State.PROBLEM)


def doctor(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor", "--config", str(config), "--json"])
    return int(end.value.code or 0), json.loads(capsys.readouterr().out)


def test_a_sound_installation_is_ok(mosquitto_line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    with mosquitto_line.config.open("a") as file:
        file.write(f"\n[dashboard]\nport = {free_port()}\n")
    Records.open(mosquitto_line.settings.database.url).close()
    code, report = doctor(mosquitto_line.config, capsys)
    assert [one for one in report["findings"] if one["state"] == "problem"] == []
    assert code == 0
    found = {one["check"] for one in report["findings"]}
    assert {"settings", "packages", "engine", "database", "models", "page", "broker", "disk"} <= found


def test_an_unknown_setting_is_told(mosquitto_line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    with mosquitto_line.config.open("a") as file:
        file.write("\n[dashboard]\nprot = 1\n")
    code, report = doctor(mosquitto_line.config, capsys)
    assert code == 1
    assert "dashboard.prot: there is no such setting" in json.dumps(report)


def test_a_stopped_broker_is_told(mosquitto: MosquittoServer, mosquitto_line: Line) -> None:
    mosquitto.stop()
    assert "Start the broker" in problems(list(check_broker(mosquitto_line.settings)))


def test_a_message_goes_round_by_each_protocol(mosquitto: MosquittoServer) -> None:
    for protocol in ("auto", "3.1.1"):
        settings = Settings(mqtt={"host": HOST, "port": mosquitto.port, "protocol": protocol})
        assert [one.state for one in check_broker(settings)] == [State.OK, State.OK]


def test_an_access_list_that_refuses_is_a_warning(tmp_path: Path) -> None:
    server = mosquitto_server()
    rules = server.folder / "acl"
    rules.write_text("topic readwrite other/#\n")
    rules.chmod(0o644)
    config = server.folder / "mosquitto.conf"
    config.write_text(config.read_text() + f"acl_file {rules}\n")
    try:
        server.start()
        found = list(check_broker(Settings(mqtt={"host": HOST, "port": server.port})))
    finally:
        server.close()
    assert [one.state for one in found] == [State.OK, State.WARNING]


def test_a_flipped_byte_in_a_bundle_is_told(mosquitto_line: Line, bundle: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    data = bytearray((damaged / "scorer.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (damaged / "scorer.onnx").write_bytes(data)
    text = mosquitto_line.config.read_text().replace(str(bundle), str(damaged))
    mosquitto_line.config.write_text(text)
    assert "scorer.onnx was changed" in problems(list(check_models(load_settings(mosquitto_line.config))))


def test_a_pending_migration_is_told_and_not_done(mosquitto_line: Line) -> None:
    settings = mosquitto_line.settings
    Records.open(settings.database.url).close()
    with closing(sqlite3.connect(mosquitto_line.config.with_name("inspector.db"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0008'")
        connection.commit()
        [first, *_] = check_database(settings)
        assert first.state is State.WARNING
        assert "0009" in first.why
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0008",)


def test_too_small_a_disk_is_told(mosquitto_line: Line) -> None:
    text = mosquitto_line.config.read_text() + "\n[edge.disk]\nlow_mb = 900000000\nfull_mb = 800000000\n"
    mosquitto_line.config.write_text(text)
    assert "full_mb" in problems(list(check_disk(load_settings(mosquitto_line.config))))


def test_a_port_that_somebody_else_has_is_told() -> None:
    with socket.create_server((HOST, 0)) as other:
        settings = Settings(dashboard={"host": HOST, "port": other.getsockname()[1]})
        assert "dashboard.port" in problems(list(check_page(settings)))


def test_a_check_that_fails_or_hangs_leaves_the_others_and_tells_no_secret() -> None:
    settings = Settings(mqtt={"password": "not-for-you"})

    def fails(_settings: Settings) -> list[Finding]:
        raise RuntimeError("the password is not-for-you")

    def hangs(_settings: Settings) -> list[Finding]:
        threading.Event().wait(5)
        return []

    found = list(run_checks([Check("a", fails), Check("b", hangs, 0.1)], settings))
    assert [one.state for _, one in found] == [State.PROBLEM, State.PROBLEM]
    assert "***" in found[0][1].why
    assert "not-for-you" not in str(found)
    assert run_check(Check("c", lambda _: [Finding(State.OK, "fine")]), settings)[0].what == "fine"
