"""The wire between a client and a PostgreSQL server, on which the rows that come back are counted, and which can be cut."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

ROW = ord("D")
"""The kind of message that holds a row (DataRow)."""


class Wire:
    """A port of loopback that hands everything on to another one; rows: how many rows came back so far."""

    def __init__(self, port: int, cut_after: int | None = None) -> None:
        """Listen, and hand on to a port; after so many rows nothing more comes."""
        self._to, self._most, self.rows = port, cut_after, 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Begin."""
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """End, and cut whatever is open."""
        self._stop()
        for one in (*self._threads, *self._open):
            one.join() if isinstance(one, threading.Thread) else one.close()
        self._listener.close()

    def _stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # whoever waits for the next one is woken
        self.cut()

    def _begin(self, work: Callable[..., None], *given: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def cut(self) -> None:
        """Cut every connection."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._open += [client, server]
            self._begin(_hand_on, client, server)
            self._begin(self._hand_back, server, client)

    def _hand_back(self, server: socket.socket, client: socket.socket) -> None:
        """Hand on what the server says, and count the rows in it."""
        held = bytearray()
        plain = True  # the first answer may be the one sign by which the server says whether it encrypts
        with suppress(OSError):
            while block := server.recv(1 << 16):
                client.sendall(block)
                held += block
                if plain and held[:1] in (b"N", b"S") and len(held) == 1:
                    held.clear()
                    continue
                plain = False
                at = 0
                while len(held) - at >= 5:
                    length = int.from_bytes(held[at + 1 : at + 5], "big")
                    if len(held) - at < length + 1:
                        break
                    self.rows += held[at] == ROW
                    at += length + 1
                del held[:at]
                if self._most is not None and self.rows >= self._most:
                    self._stop()
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _hand_on(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while block := client.recv(1 << 16):
            server.sendall(block)
    with suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
