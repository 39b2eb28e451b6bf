"""One small call at a time to either server: enough to see that it answers.

Probity's from Protos/PROTOCOL.md, encoded by hand so that a benchmark needs no
protobuf package.
"""

import socket
import struct

HELLO, REQUEST, RESPONSE = 1, 2, 3
END = 1
SCORE = 1
BUYER = 1
_HEADER = struct.Struct("<IIBBHI")


class NotYet(Exception):
    """The server does not answer, or answers that it is not ready."""


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC_TABLE = _crc_table()


def _crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _frame(kind, payload, stream=0, flags=0, method=0):
    header = _HEADER.pack(len(payload), stream, kind, flags, method, 0)
    return header + struct.pack("<I", _crc32c(header + payload)) + payload


def _exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise NotYet("closed")
        data += part
    return data


class ProbityCalls:
    """A connection that asks for scores. Raises NotYet where there is no answer."""

    def __init__(self, port, timeout=60):
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        except OSError as error:
            raise NotYet(str(error)) from error
        self._stream = 0
        try:
            self._socket.sendall(_frame(HELLO, b"PRBY" + struct.pack("<HH", 1, 0)))
            self._expect(HELLO)
        except (OSError, NotYet) as error:
            self._socket.close()
            raise NotYet(str(error)) from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _expect(self, kind):
        length, _, found, _, code, _ = _HEADER.unpack(_exactly(self._socket, 20)[:16])
        payload = _exactly(self._socket, length)
        if found != kind or code != 0:
            raise NotYet(f"frame type {found}, status {code}")
        return payload

    def is_known(self, buyer):
        """Whether Score knows a buyer."""
        self._stream += 1
        request = b"\x09" + struct.pack("<Q", buyer) + b"\x10" + bytes([BUYER])
        try:
            self._socket.sendall(_frame(REQUEST, request, self._stream, END, SCORE))
            # `known` is the reply's first field; a message leaves out what is false.
            return self._expect(RESPONSE)[:2] == b"\x08\x01"
        except OSError as error:
            raise NotYet(str(error)) from error


class RedisCalls:
    """A connection that sends single commands. Raises NotYet where Redis is not ready."""

    def __init__(self, port, timeout=600):
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        except OSError as error:
            raise NotYet(str(error)) from error
        self._replies = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._replies.close()
        self._socket.close()

    def call(self, *words):
        """A reply as text, or None for nil."""
        parts = [word.encode() for word in words]
        message = b"*%d\r\n" % len(parts)
        message += b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        try:
            self._socket.sendall(message)
            line = self._replies.readline().rstrip(b"\r\n").decode()
        except OSError as error:
            raise NotYet(str(error)) from error
        if not line or line.startswith("-"):
            raise NotYet(line)
        if not line.startswith("$"):
            return line[1:]
        length = int(line[1:])
        return None if length < 0 else self._replies.read(length + 2)[:-2].decode()

    def is_known(self, account):
        """Whether the key that `loopback-bench fill` gave to an account is set."""
        return self.call("GET", f"key:{account - 1:012}") is not None

    def persistence(self):
        """The fields of INFO about disk and forks."""
        lines = (self.call("INFO", "persistence") + self.call("INFO", "stats")).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)
