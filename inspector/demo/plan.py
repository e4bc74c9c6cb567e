"""What the demo shows: its products and cameras, its folder, its settings file."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.settings import DescribingSettings

HOST: Final = "127.0.0.1"
LINE: Final = "line-1"
BOX: Final = "box-1"
MQTT_PORT: Final = 1883
PAGE_PORT: Final = 8501
NORMALS: Final = 100
"""Hardly more than the 99 held-out scores from which on 1 % false rejects can be promised."""
GOOD_SHOWN: Final = 40
LANGUAGE_MODEL: Final = DescribingSettings().language_model
"""Where `inspector prepare-llm` puts it, as seen from the working folder."""


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product and the camera that looks at it.

    Attributes:
        name: product, and name of its folders.
        camera: camera's name on the line.
        folder: the demo's folder.
    """

    name: str
    camera: str
    folder: Path

    @property
    def normals(self) -> Path:
        """Good pictures to train on."""
        return self.folder / "pictures" / self.name / "train" / "good"

    @property
    def shown(self) -> Path:
        """Pictures for the camera, good ones named good-…, defective ones by their kind."""
        return self.folder / "pictures" / self.name / "camera"

    @property
    def bundle(self) -> Path:
        """The trained bundle."""
        return self.folder / "bundles" / self.name


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Where everything of a demo is.

    Attributes:
        folder: everything the demo writes, absolute.
        mqtt_port: port of the broker.
        page_port: port of the page.
        normals: good pictures each product is trained on.
        good_shown: other good pictures that each camera shows.
        language_model: folder of the language model; where none was prepared, templates write the sentences.
    """

    folder: Path
    mqtt_port: int
    page_port: int
    normals: int = NORMALS
    good_shown: int = GOOD_SHOWN
    language_model: Path = LANGUAGE_MODEL

    @classmethod
    def on_free_ports(cls, folder: Path) -> DemoPlan:
        """A plan with the usual ports where they are free, and others where not."""
        mqtt_port = free_port(MQTT_PORT)
        page_port = free_port(PAGE_PORT, taken=mqtt_port)
        return cls(folder.resolve(), mqtt_port, page_port, language_model=LANGUAGE_MODEL.resolve())

    @property
    def products(self) -> tuple[DemoProduct, DemoProduct]:
        """The textile of a published study, and the flange that we render."""
        return (
            DemoProduct("textile", "camera-1", self.folder),
            DemoProduct("gasket", "camera-2", self.folder),
        )

    @property
    def logs(self) -> Path:
        """Logs of all children."""
        return self.folder / "logs"

    @property
    def settings(self) -> Path:
        """The settings file that every child reads."""
        return self.folder / "inspector.toml"

    @property
    def database(self) -> Path:
        """The records."""
        return self.folder / "inspector.db"

    @property
    def database_url(self) -> str:
        """The records, for SQLAlchemy."""
        return f"sqlite:///{self.database}"

    @property
    def data(self) -> Path:
        """Evidence and quarantine of the box."""
        return self.folder / "box-1"

    @property
    def registry(self) -> Path:
        """Bundles by product and version."""
        return self.folder / "registry"

    @property
    def uploads(self) -> Path:
        """Pictures that are uploaded to the page."""
        return self.folder / "uploads"

    @property
    def page(self) -> str:
        """Address of the page."""
        return f"http://{HOST}:{self.page_port}"

    def settings_text(self) -> str:
        """The settings file."""
        cameras = "".join(
            f"""
[[edge.cameras]]
line = {_quoted(LINE)}
camera = {_quoted(product.camera)}
product = {_quoted(product.name)}
bundle = {_quoted(product.bundle)}
"""
            for product in self.products
        )
        return f"""# Written by `inspector demo`, anew at each start.
site = "demo"

[mqtt]
host = {_quoted(HOST)}
port = {self.mqtt_port}

[database]
url = {_quoted(self.database_url)}

[registry]
url = {_quoted(self.registry)}

[dashboard]
host = {_quoted(HOST)}
port = {self.page_port}
uploads_dir = {_quoted(self.uploads)}

[edge]
box = {_quoted(BOX)}
data_dir = {_quoted(self.data)}

[edge.evidence]
pass_share = 1.0

[edge.models]
follow = true
{cameras}
[describing]
language_model = {_quoted(self.language_model)}
"""


def free_port(preferred: int, *, taken: int | None = None) -> int:
    """The preferred TCP port of this machine, or another one where a program listens there already.

    Args:
        preferred: port to take where it is free.
        taken: a port that is spoken for although nothing listens there yet.
    """
    for port in (preferred, 0):
        if port and port == taken:
            continue
        with socket.socket() as probe:
            # As servers do: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no TCP port of this machine is free")


def _quoted(value: str | Path) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(str(value), ensure_ascii=False)
