"""Ray, on this machine or on a cluster."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from inspector.errors import BatchError

LOCAL = "local"
"""A Ray of this command's own, which ends with it."""
AUTO = "auto"
"""The cluster that this machine belongs to."""
CONNECT_S = 5.0


@contextmanager
def cluster(address: str = LOCAL, *, cpus: int | None = None) -> Iterator[int]:
    """Connect to Ray for the time of the block, and yield how many CPUs it has.

    Args:
        address: `local`, `auto`, or host:port of a cluster's head.
        cpus: of a local one; all of this machine's by default.

    Raises:
        BatchError: no cluster answers at the address.
    """
    # Nothing is told to anybody; and Ray's own log is for its own faults.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address not in {LOCAL, AUTO}:
        _check_answers(address)
    try:
        if address == LOCAL:
            ray.init(
                address=LOCAL,
                num_cpus=cpus or os.cpu_count() or 1,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        else:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(address, str(error).partition("\n")[0]) from error
    try:
        yield int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Ray itself tries for a minute; whether anybody listens is known at once."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise BatchError(
            f"{address} is no address of a cluster",
            "it has no port",
            "Give host:port of the head, auto, or local",
        )
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str, why: str) -> BatchError:
    return BatchError(
        f"no Ray cluster answers at {address}",
        why.rstrip("."),
        "Start one with `ray start --head`, or leave --address out",
    )
