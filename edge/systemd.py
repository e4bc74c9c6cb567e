"""Telling systemd how the service is (sd_notify(3)): a datagram to a socket that it names."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> bool:
    """Send a state, such as ``READY=1``, ``WATCHDOG=1`` or ``STOPPING=1``; whether systemd listens.

    Outside systemd, or without ``Type=notify``, it does nothing.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):  # a name in Linux' abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.connect(address)
            connection.sendall(state.encode())
    except OSError:  # systemd went away, or never was: the line goes on
        return False
    return True
