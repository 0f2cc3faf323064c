"""A TCP port before a server's Unix socket, that can behave as poolers and old servers do."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Answer = Callable[[bytes], bytes]

TLS_REQUESTS = (80877103, 80877104)
"""Codes of SSLRequest and GSSENCRequest: https://www.postgresql.org/docs/current/protocol-message-formats.html"""


@contextmanager
def listening(
    folder: Path,
    *,
    refuse_options: bool = False,
    drop_options: bool = False,
    server_says: Answer = lambda data: data,
    silent: bool = False,
) -> Iterator[int]:
    """The port. ``refuse_options`` and ``drop_options``: what PgBouncer does by default, and with
    ``ignore_startup_parameters``. ``server_says`` rewrites the server's bytes."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=session, args=(client,), daemon=True).start()

    def session(client: socket.socket) -> None:
        if silent:
            stop.wait(20)
            client.close()
            return
        startup = _startup(client)
        if startup is None:
            client.close()
            return
        parameters = _parameters(startup)
        if "options" in parameters and refuse_options:
            text = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
            client.sendall(b"E" + struct.pack("!i", len(text) + 4) + text)
            client.close()
            return
        if drop_options:
            parameters.pop("options", None)
        body = struct.pack("!i", 196608) + b"".join(
            name.encode() + b"\0" + value.encode() + b"\0" for name, value in parameters.items()
        )
        body += b"\0"
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(folder / ".s.PGSQL.5432"))
        server.sendall(struct.pack("!i", len(body) + 4) + body)
        threading.Thread(target=_pump, args=(server, client, server_says), daemon=True).start()
        _pump(client, server, lambda data: data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def _startup(client: socket.socket) -> bytes | None:
    while True:
        head = client.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            return None
        body = client.recv(struct.unpack("!i", head)[0] - 4, socket.MSG_WAITALL)
        if struct.unpack("!i", body[:4])[0] not in TLS_REQUESTS:
            return body
        client.sendall(b"N")


def _parameters(startup: bytes) -> dict[str, str]:
    parts = [part.decode() for part in startup[4:].rstrip(b"\0").split(b"\0")]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _pump(source: socket.socket, sink: socket.socket, change: Answer) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(change(data))
    except OSError:
        pass
    finally:
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
