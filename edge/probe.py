"""Which version of MQTT a broker speaks."""

from __future__ import annotations

import socket
import ssl
from typing import Final

_CONNECT: Final = bytes.fromhex("10 0d 0004 4d515454 05 02 0005 00 0000")
"""The shortest CONNECT of MQTT 5 (section 3.1): clean start, no client id, no properties, no will."""
_DISCONNECT: Final = bytes.fromhex("e0 00")
_CONNACK: Final = 0x20
_SHORTEST_ANSWER = 3  # an MQTT 3.1.1 CONNACK has two bytes after its length, one of MQTT 5 has three or more
_UNSUPPORTED = (0x01, 0x84)


def speaks_mqtt5(host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout_s: float = 3.0) -> bool:
    """Ask a broker, on a connection of its own, whether it speaks MQTT 5.

    A real CONNECT would do where a broker refuses as it should. But some close the connection without a word,
    and amqtt 0.12 takes an MQTT 5 CONNECT with a last will for an unfinished one and waits for the rest.

    Args:
        host: name or address of the broker.
        port: its TCP port.
        tls: secures the connection; None leaves it open.
        timeout_s: how long each step may take.

    Returns:
        False for a refusal, an answer of an older version, and for no answer at all.

    Raises:
        OSError: there is no connection, or (`ssl.SSLError`) no trust in one of its ends.
    """
    with socket.create_connection((host, port), timeout_s) as plain, _secured(plain, host, tls) as connection:
        try:
            connection.sendall(_CONNECT)
            answer = connection.recv(64)
            connection.sendall(_DISCONNECT)
        except ssl.SSLError:
            raise  # under TLS 1.3, a broker says only now that it wants a certificate
        except OSError:
            return False
    is_long = len(answer) > _SHORTEST_ANSWER and answer[1] >= _SHORTEST_ANSWER
    return is_long and answer[0] == _CONNACK and answer[3] not in _UNSUPPORTED


def _secured(plain: socket.socket, host: str, tls: ssl.SSLContext | None) -> socket.socket:
    return plain if tls is None else tls.wrap_socket(plain, server_hostname=host)
