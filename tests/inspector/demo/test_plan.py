"""Where the demo's things are, and the settings that its children read."""

from __future__ import annotations

import socket
from pathlib import Path

from inspector.demo.plan import BOX, HOST, DemoPlan, free_port
from inspector.settings import load_settings


def test_a_free_port_is_taken_as_it_is() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    assert free_port(port) == port


def test_another_port_is_chosen_where_a_program_listens() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        chosen = free_port(port)
        assert chosen != port
        with socket.socket() as probe:
            probe.bind((HOST, chosen))


def test_a_port_that_is_spoken_for_is_not_given_twice() -> None:
    port = free_port(0)
    assert free_port(port, taken=port) != port


def test_the_settings_file_says_what_the_plan_says(tmp_path: Path) -> None:
    folder = tmp_path / 'with "quotes" and ünïcode'
    folder.mkdir()
    plan = DemoPlan(folder, 11883, 18501)
    plan.settings.write_text(plan.settings_text(), encoding="utf-8")
    settings = load_settings(plan.settings)
    assert settings.mqtt.port == 11883
    assert settings.dashboard.port == 18501
    assert settings.database.url == plan.database_url
    assert settings.edge.data_dir == plan.data
    assert settings.edge.box == BOX
    assert settings.describing.language_model == plan.language_model
    assert [(camera.product, camera.camera, camera.bundle) for camera in settings.edge.cameras] == [
        (product.name, product.camera, product.bundle) for product in plan.products
    ]


def test_the_plan_does_not_depend_on_the_working_folder(tmp_path: Path) -> None:
    plan = DemoPlan.on_free_ports(Path("var/demo"))
    assert plan.folder.is_absolute()
    assert plan.language_model.is_absolute()
    assert plan.mqtt_port != plan.page_port
