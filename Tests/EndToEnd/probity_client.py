"""A client of Probity's wire protocol, written from Protos/PROTOCOL.md alone.

It exists to test the daemon from outside, in another language and with another
protobuf library than the daemon's own. Plain blocking sockets; no dependency
but Google's `protobuf` package. The messages come from `integrity_pb2`, which
run.sh generates with protoc.
"""

import socket
import struct
from dataclasses import dataclass

import integrity_pb2 as pb

MAGIC = b"PRBY"
VERSION = 1
HEADER = struct.Struct("<IIBBHI")  # the 16 bytes that the checksum covers
HEADER_BYTES = 20
PAYLOAD_BYTES_MAX = 4 << 20

HELLO, REQUEST, RESPONSE, DATA, CANCEL, WINDOW, PING, PONG, GOAWAY = range(1, 10)
END, DETAILS, NOT_EXECUTED = 1, 2, 4

SCORE, SCORE_BATCH, EXPLAIN, RECORD, STATUS, HEALTH, SNAPSHOT = range(1, 8)
OPEN_CLAIM, DECIDE_CLAIM, WITHDRAW_CLAIM, GET_CLAIM, SETTLE_SUBSIDY = range(8, 13)
OPEN_APPEAL, DECIDE_APPEAL, AFFECTED_DECISIONS, SET_BUDGET, GET_BUDGETS = range(13, 18)
SET_OVERRIDE, CLEAR_OVERRIDE, GET_OVERRIDES, LINK_ACCOUNTS, UNLINK_ACCOUNTS = range(18, 23)
PUT_POLICY, ACTIVATE_POLICY, SHADOW_POLICY, GET_POLICIES, GET_SHADOW = range(23, 28)
ASSESS, DECIDE_STANDING, APPEAL_STANDING, DECIDE_STANDING_APPEAL = range(28, 32)
CERTIFY, REVOKE_CERTIFICATION, GET_STANDING, GET_STANDINGS = range(32, 36)
SWEEP, RESCORE, WATCH, KPI = range(36, 40)

OK = 0
CANCELLED = 1
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
UNIMPLEMENTED = 12
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


def _crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc32c_table()


def crc32c(data, crc=0):
    """CRC32C (Castagnoli) of `data`, continuing from `crc`."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def frame(kind, payload=b"", *, stream=0, flags=0, code=0, time=0, length=None):
    """Bytes of one frame; `length` lies about the payload's length."""
    length = len(payload) if length is None else length
    header = HEADER.pack(length, stream, kind, flags, code, time)
    return header + struct.pack("<I", crc32c(payload, crc32c(header))) + payload


def hello_frame(token=b"", agent="probity-python", *, magic=MAGIC, version=VERSION):
    message = pb.Hello(payload_bytes_max=PAYLOAD_BYTES_MAX, token=token, agent=agent)
    return frame(HELLO, magic + struct.pack("<HH", version, 0) + message.SerializeToString())


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    code: int
    time: int
    payload: bytes


class ConnectionClosed(Exception):
    """The server closed the connection, or broke it off."""


class GoAway(Exception):
    """The server refused the connection or is leaving."""

    def __init__(self, message):
        super().__init__(f"status {message.status}: {message.message}")
        self.status = message.status
        self.last_stream = message.last_stream
        self.message = message.message


class CallError(Exception):
    """A RESPONSE whose status is not OK."""

    def __init__(self, reply):
        self.status = reply.code
        self.not_executed = bool(reply.flags & NOT_EXECUTED)
        self.retry_after_ms = reply.time
        self.detail = pb.ErrorDetail()
        if reply.flags & DETAILS:
            self.detail.ParseFromString(reply.payload)
        super().__init__(f"status {self.status}: {self.detail.message}")


class Connection:
    """One connection, used by one thread."""

    def __init__(self, address, *, token=b"", greet=True, timeout_seconds=10):
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host.strip("[]"), int(port)), timeout_seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._last_stream = 0
        self.hello = None
        if greet:
            self.send(hello_frame(token))
            self.hello = self.receive_hello()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    # ------------------------------------------------------------ frames

    def send(self, data):
        """Sends bytes as they are."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ConnectionClosed("while sending") from error

    def finish_sending(self):
        """Closes the sending half; what the server still says can be read."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server has closed already.

    def _receive_exactly(self, count):
        data = bytearray()
        while len(data) < count:
            try:
                part = self._socket.recv(count - len(data))
            except ConnectionResetError as error:
                raise ConnectionClosed("reset") from error
            if not part:
                raise ConnectionClosed(f"{len(data)} of {count} bytes came")
            data += part
        return bytes(data)

    def receive_any(self):
        """The next frame, GOAWAY included; fails on one that breaks the protocol."""
        head = self._receive_exactly(HEADER_BYTES)
        length, stream, kind, flags, code, time = HEADER.unpack_from(head)
        assert length <= PAYLOAD_BYTES_MAX, f"a payload of {length} bytes"
        payload = self._receive_exactly(length)
        (crc,) = struct.unpack_from("<I", head, 16)
        assert crc == crc32c(payload, crc32c(head[:16])), "wrong CRC32C"
        return Frame(kind, flags, stream, code, time, payload)

    def receive(self):
        """The next frame; raises GoAway where it is one."""
        reply = self.receive_any()
        if reply.kind == GOAWAY:
            message = pb.GoAway()
            message.ParseFromString(reply.payload)
            raise GoAway(message)
        return reply

    def receive_hello(self):
        reply = self.receive()
        assert reply.kind == HELLO, f"frame type {reply.kind} in place of HELLO"
        assert reply.payload[:4] == MAGIC, "wrong magic"
        self.peer_version, zero = struct.unpack_from("<HH", reply.payload, 4)
        assert zero == 0
        hello = pb.Hello()
        hello.ParseFromString(reply.payload[8:])
        return hello

    # ------------------------------------------------------------- calls

    def start(self, method, message, timeout_us=0):
        """Sends a request; returns its stream."""
        payload = message if isinstance(message, bytes) else message.SerializeToString()
        self._last_stream += 1
        self.send(
            frame(
                REQUEST, payload, stream=self._last_stream, flags=END, code=method, time=timeout_us
            )
        )
        return self._last_stream

    def finish(self, stream, reply_type):
        """Waits for the reply of the only call in flight."""
        reply = self.receive()
        assert reply.kind == RESPONSE, f"frame type {reply.kind} in place of RESPONSE"
        assert reply.stream == stream, f"reply on stream {reply.stream}, not {stream}"
        assert reply.flags & END, "a unary reply without END"
        if reply.code != OK:
            assert reply.flags & DETAILS, "an error without details"
            raise CallError(reply)
        assert not reply.flags & (DETAILS | NOT_EXECUTED)
        message = reply_type()
        message.ParseFromString(reply.payload)
        return message

    def call(self, method, message, reply_type, timeout_us=0):
        return self.finish(self.start(method, message, timeout_us), reply_type)

    def grant(self, count, stream=0):
        """Lets the server send so many more bytes of DATA of a stream, or of all (0)."""
        self.send(frame(WINDOW, stream=stream, time=count))

    def parts(self, stream, part_type):
        """The parts of the only call in flight, each granted again once it was taken; ends with
        the RESPONSE, which `reply` then holds."""
        while True:
            part = self.receive()
            assert part.stream == stream, f"a part of stream {part.stream}, not {stream}"
            if part.kind == RESPONSE:
                if part.code != OK:
                    raise CallError(part)
                self.reply = part.payload
                return
            assert part.kind == DATA, f"frame type {part.kind} in place of DATA"
            message = part_type()
            message.ParseFromString(part.payload)
            yield message
            if part.payload:
                self.grant(len(part.payload), stream)
                self.grant(len(part.payload))

    def score(self, account, kind, as_of=0):
        request = pb.ScoreRequest(account=account, kind=kind, as_of=as_of)
        return self.call(SCORE, request, pb.ScoreReply)

    def score_batch(self, accounts, kind, as_of=0):
        request = pb.ScoreBatchRequest(accounts=accounts, kind=kind, as_of=as_of)
        return self.call(SCORE_BATCH, request, pb.ScoreBatchReply)

    def explain(self, account, kind, as_of=0):
        request = pb.ExplainRequest(account=account, kind=kind, as_of=as_of)
        return self.call(EXPLAIN, request, pb.ExplainReply)

    def record(self, source, commands):
        request = pb.RecordRequest(source=source, commands=commands)
        return self.call(RECORD, request, pb.RecordReply)

    def status(self):
        return self.call(STATUS, pb.StatusRequest(), pb.StatusReply)

    def health(self, service=""):
        return self.call(HEALTH, pb.HealthRequest(service=service), pb.HealthReply)

    def snapshot(self, timeout_us=0):
        return self.call(SNAPSHOT, pb.SnapshotRequest(), pb.SnapshotReply, timeout_us)

    def ping(self, payload=b""):
        self.send(frame(PING, payload))
        reply = self.receive()
        assert reply.kind == PONG, f"frame type {reply.kind} in place of PONG"
        return reply.payload


@dataclass
class Verdict:
    """One entry of ScoreBatchReply.verdicts, unpacked."""

    score: int
    score_floor: int
    tier: int
    known: bool

    @classmethod
    def unpack(cls, bits):
        assert bits >> 24 == 0, "bits 24 to 31 must be zero"
        return cls(bits & 0x3FF, bits >> 10 & 0x3FF, bits >> 20 & 7, bool(bits >> 23 & 1))
