"""Who takes part in a plant's messages: names in certificates, and what the broker lets each of them do.

The broker takes a certificate's common name for the user. It holds the role, so that no camera can be taken
for a box of the same name; a colon is in no name, so that no two members share one.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from inspector.errors import CertificateError
from inspector.messages import NAME_PATTERN, PREFIX, CameraTopic, check_name
from inspector.settings.section import Section

_LONGEST_COMMON_NAME: Final = 64
"""X.509's ub-common-name."""
_HOST: Final = re.compile(r"^(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*$")


class Role(StrEnum):
    """What a certificate is for."""

    BROKER = "broker"
    CAMERA = "camera"
    BOX = "box"
    CONTROL = "control"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Member:
    """Who a certificate is for.

    Attributes:
        role: what it does.
        name: `LINE/CAMERA` for a camera, the host's name or address for the broker, a plain name otherwise.

    Raises:
        MessageError: a name has characters that a topic level may not have.
        CertificateError: the name is not of the role's form, or too long.
    """

    role: Role
    name: str

    def __post_init__(self) -> None:
        what = f"{self.role} {self.name[:80]!r} gets no certificate"
        if self.role is Role.BROKER:
            if not (_HOST.match(self.name) or _is_address(self.name)):
                raise CertificateError(what, "it is no host name or address", "Give what boxes connect to")
        else:
            parts = self.name.split("/")
            if len(parts) != (2 if self.role is Role.CAMERA else 1):
                remedy = "Give LINE/CAMERA" if self.role is Role.CAMERA else "Give a name without a slash"
                raise CertificateError(what, "its name has another form", remedy)
            for part in parts:
                check_name(self.role, part)
        if len(self.common_name) > _LONGEST_COMMON_NAME:
            why = f"{self.common_name!r} is longer than {_LONGEST_COMMON_NAME} characters"
            raise CertificateError(what, why, "Choose a shorter name")

    @property
    def common_name(self) -> str:
        """The name in the certificate, and the user at the broker: `camera:line-1:cam-1`."""
        return ":".join((self.role, *self.name.split("/")))

    @property
    def path(self) -> Path:
        """Where its files are, without suffix, below the authority's folder."""
        return Path(self.role, *self.name.replace(":", "-").split("/"))

    @property
    def is_server(self) -> bool:
        """Whether others connect to it."""
        return self.role is Role.BROKER


class Plant(Section):
    """Who is in a plant: what the broker's access list is made of."""

    site: str = Field(title="Site", pattern=NAME_PATTERN)
    boxes: dict[str, tuple[str, ...]] = Field(
        title="Boxes", description="Of each box its cameras, as LINE/CAMERA; boxes of a group share them"
    )
    control: tuple[str, ...] = Field(
        (), title="Control", description="Who may change models and limits: `inspector edge set-model`"
    )
    readers: tuple[str, ...] = Field(
        (), title="Readers", description="Who reads results, descriptions and states: a PLC, a MES"
    )

    def members(self) -> list[Member]:
        """All but the broker, cameras first, each once.

        Raises:
            MessageError: see `Member`, like the next.
            CertificateError: a name is not of its role's form.
        """
        cameras = sorted({camera for cameras in self.boxes.values() for camera in cameras})
        return [
            *(Member(Role.CAMERA, name) for name in cameras),
            *(Member(Role.BOX, name) for name in sorted(self.boxes)),
            *(Member(Role.CONTROL, name) for name in sorted(set(self.control))),
            *(Member(Role.READER, name) for name in sorted(set(self.readers))),
        ]


def read_plant(path: Path) -> Plant:
    """Read a plant's TOML file.

    Raises:
        CertificateError: it is missing, no TOML, or says what it may not.
    """
    what = f"plant {path} cannot be used"
    try:
        return Plant.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()
        )
        raise CertificateError(what, problems, "Correct these keys") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise CertificateError(what, why, "Correct the file") from error


def access_list(plant: Plant) -> str:
    """Mosquitto's `acl_file` for a plant. Whoever is not in it may connect, and do nothing.

    Patterns with `%u` cannot say this: a result's topic names the camera, not the box, and a pattern holds
    for users of every role.

    Raises:
        MessageError: see `Member`, like the next.
        CertificateError: a name is not of its role's form.
    """
    blocks = [
        "# Written by `inspector pki acl`: who may publish and read what, by the name in the certificate.\n"
        "# Change the plant's file and write it anew. Who is not named here may do nothing."
    ]
    for member in plant.members():
        lines = [f"topic {right} {topic}" for right, topic in _rights(plant, member)]
        blocks.append("\n".join([f"user {member.common_name}", *lines]))
    return "\n\n".join(blocks) + "\n"


def _rights(plant: Plant, member: Member) -> list[tuple[str, str]]:
    boxes = f"{PREFIX}/{plant.site}/boxes"
    match member.role:
        case Role.CAMERA:
            topic = CameraTopic(plant.site, *member.name.split("/"))
            return [("write", topic.frame), ("write", f"{topic.frame}/+")]
        case Role.BOX:
            own = f"{boxes}/{member.name}"
            rights = [
                ("write", f"{own}/available"),
                ("read", f"{own}/+/model/set"),
                ("write", f"{own}/+/model/state"),
                ("read", f"{own}/+/limits/set"),
                ("write", f"{own}/+/limits/state"),
            ]
            for camera in plant.boxes[member.name]:
                topic = CameraTopic(plant.site, *camera.split("/"))
                rights += [("read", topic.frame), ("read", f"{topic.frame}/+")]
                rights += [("write", topic.result), ("write", topic.description)]
            return rights
        case Role.CONTROL:
            changes = [("write", f"{boxes}/+/+/{what}/set") for what in ("model", "limits")]
            states = [("read", f"{boxes}/+/+/{what}/state") for what in ("model", "limits")]
            return [*changes, *states, ("read", f"{boxes}/+/available")]
        case _:
            lines = [("read", f"{PREFIX}/{plant.site}/+/+/{what}") for what in ("result", "description")]
            states = [("read", f"{boxes}/+/+/{what}/state") for what in ("model", "limits")]
            return [*lines, *states, ("read", f"{boxes}/+/available")]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
