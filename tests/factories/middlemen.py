"""What stands between a shop and the world: a forwarder that falls silent, a proxy with tunnels."""

import contextlib
import select
import socket
import threading
from base64 import b64encode

CHUNK = 65_536
TURN_S = 0.05


class Forwarder:
    """Passes bytes on until it is told to swallow them; the connections stay open."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._silent = threading.Event()
        self._ending = threading.Event()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(TURN_S)
        self.port: int = self._listening.getsockname()[1]
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def fall_silent(self) -> None:
        """Take everything and pass nothing on; nobody is told."""
        self._silent.set()

    def heal(self) -> None:
        """Pass on what comes from now on."""
        self._silent.clear()

    def close(self) -> None:
        """End it and every connection."""
        self._ending.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        pairs: dict[socket.socket, socket.socket] = {}
        with contextlib.ExitStack() as stack:
            while not self._ending.is_set():
                with contextlib.suppress(TimeoutError):
                    near, _ = self._listening.accept()
                    stack.callback(near.close)
                    far = self._far_end(near)
                    if far is not None:
                        stack.callback(far.close)
                        pairs |= {near: far, far: near}
                self._turn(pairs)

    def _turn(self, pairs: dict[socket.socket, socket.socket]) -> None:
        while pairs and not self._ending.is_set():
            ready, _, _ = select.select([*pairs, self._listening], [], [], TURN_S)
            if not ready or self._listening in ready:
                return
            for one in ready:
                self._pass(one, pairs)

    def _pass(self, one: socket.socket, pairs: dict[socket.socket, socket.socket]) -> None:
        other = pairs.get(one)
        if other is None:
            return
        with contextlib.suppress(OSError):
            if content := one.recv(CHUNK):
                if not self._silent.is_set():
                    other.sendall(content)
                return
        if self._silent.is_set():
            pairs.pop(one)  # even an end is not passed on
            return
        for end in (one, other):
            pairs.pop(end, None)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _far_end(self, near: socket.socket) -> socket.socket | None:
        try:
            return self._met(near)
        except OSError:
            near.close()
            return None

    def _met(self, near: socket.socket) -> socket.socket | None:
        """Return the far end for a new connection."""
        del near
        return socket.create_connection(self._target, 2)


class TunnelProxy(Forwarder):
    """An HTTP proxy: CONNECT and nothing else, with a login if one is set."""

    def __init__(self, login: str = "", *, refuses: bool = False) -> None:
        self._wanted = f"Basic {b64encode(login.encode()).decode()}" if login else ""
        self._refuses = refuses
        super().__init__(("", 0))

    def _met(self, near: socket.socket) -> socket.socket | None:
        near.settimeout(2)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = near.recv(1)
            if not byte:
                return None
            head += byte
        first, *headers = head.decode().split("\r\n")
        self.asked.append(first)
        given = dict(line.split(": ", 1) for line in headers if ": " in line)
        if self._wanted and given.get("Proxy-Authorization") != self._wanted:
            return self._said(near, "407 Proxy Authentication Required")
        if self._refuses or not first.startswith("CONNECT "):
            return self._said(near, "403 Forbidden")
        host, _, port = first.split(" ")[1].rpartition(":")
        far = socket.create_connection((host, int(port)), 2)
        near.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: ours\r\n\r\n")
        near.settimeout(None)
        return far

    @staticmethod
    def _said(near: socket.socket, status: str) -> None:
        near.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        near.close()
