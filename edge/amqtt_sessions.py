"""An amqtt broker that keeps what a client has not acknowledged.

amqtt 0.12 forgets a message of QoS 1 when its acknowledgement takes longer than five seconds, or when the
client's connection ends before it (amqtt issue 401), although the session is a lasting one. Both would lose
frames: the edge service acknowledges a frame when it is recorded, which takes as long as the database is
away. Here such a message stays in the session until its acknowledgement comes, and is sent again, marked as a
duplicate, when the client is back (MQTT 3.1.1, section 4.4).

The classes reach into amqtt's internals; its version is bounded in pyproject.toml, and the tests in
tests/edge/test_broker.py hold every promise above.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from amqtt.broker import Broker
from amqtt.mqtt.constants import QOS_1
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.mqtt.puback import PubackPacket
from amqtt.session import OUTGOING

_TAKE_OVER_S = 5.0


class KeepingHandler(BrokerProtocolHandler):  # type: ignore[misc]  # amqtt has no types
    """One client's connection. Messages of QoS 1 leave the session by their acknowledgement alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_stopped = False
        self._deliveries: set[asyncio.Task[Any]] = set()

    async def stop(self) -> None:
        """End the connection; the session keeps its open messages."""
        self._is_stopped = True
        await super().stop()

    async def _handle_qos1_message_flow(self, app_message: Any) -> None:
        if app_message.direction != OUTGOING:
            await super()._handle_qos1_message_flow(app_message)
            return
        session, message_id = self.session, app_message.packet_id
        session.inflight_out[message_id] = app_message
        if self._is_stopped:
            return
        # Before the first byte leaves: the acknowledgement may be read while the rest is written.
        acknowledged: asyncio.Future[PubackPacket] = asyncio.get_running_loop().create_future()
        self._puback_waiters[message_id] = acknowledged
        try:
            packet = app_message.build_publish_packet(dup=app_message.publish_packet is not None)
            await self._send_packet(packet)
            app_message.publish_packet = packet
            # `wait` ends without an error when `stop` cancels the future.
            await asyncio.wait([acknowledged])
        finally:
            if self._puback_waiters.get(message_id) is acknowledged:
                del self._puback_waiters[message_id]
        if not acknowledged.cancelled():
            app_message.puback_packet = acknowledged.result()
            session.inflight_out.pop(message_id, None)

    def deliver(self, flow: Coroutine[Any, Any, Any]) -> None:
        """Let a delivery take its time in a task of its own."""
        task = asyncio.create_task(flow)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _retry_deliveries(self) -> None:
        """Send open messages again, without waiting: the client may want to subscribe meanwhile."""
        for message in list(self.session.inflight_out.values()):
            if message.qos == QOS_1:
                self.deliver(self._handle_qos1_message_flow(message))


class KeepingBroker(Broker):  # type: ignore[misc]  # amqtt has no types
    """amqtt's broker with `KeepingHandler` for every connection."""

    async def _initialize_client_session(self, *args: Any, **kwargs: Any) -> tuple[KeepingHandler, Any]:
        # amqtt's own handler is not attached to anything yet: it only served to read the CONNECT.
        _, session = await super()._initialize_client_session(*args, **kwargs)
        await self._end_older_connection(session)
        return KeepingHandler(self.plugins_manager, loop=self._loop), session

    async def _end_older_connection(self, session: Any) -> None:
        """Wait until the connection that a session had before is gone, where its end was not noticed yet.

        amqtt lets both ends overlap, and the older one then marks the session as disconnected: the client
        would sit there connected and get nothing.
        """
        _, older = self._sessions.get(session.client_id, (None, None))
        if older is None or not session.transitions.is_connected():
            return
        await older.handle_connection_closed()
        await older.stop()
        deadline = time.monotonic() + _TAKE_OVER_S
        while session.transitions.is_connected() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def _publish_session_retained_messages(self, session: Any) -> None:
        """Send what came while the client was away, again without waiting for its acknowledgements."""
        handler = self._get_handler(session)
        while not session.retained_messages.empty():
            kept = session.retained_messages.get_nowait()
            handler.deliver(handler.mqtt_publish(kept.topic, kept.data, kept.qos, retain=False))

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> None:
        """Send retained messages to who subscribed to them.

        amqtt asks this for every filter of every client when a session is continued, and would send each
        client what others subscribed to.
        """
        subscribers = self._subscriptions.get(subscription[0], [])
        if any(subscriber.client_id == session.client_id for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)
