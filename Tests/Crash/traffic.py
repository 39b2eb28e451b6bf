"""Clients that record, look up and ask for snapshots until the daemon dies."""

import random
import threading
import time

import integrity_pb2 as pb
from ledger import AT, Violation
from probity_client import (
    GOAWAY, NOT_EXECUTED, OK, RECORD, RESPONSE, UNAVAILABLE, CallError, Connection,
    ConnectionClosed, GoAway,
)

# A daemon that lives answers sooner.
ANSWER_SECONDS_MAX = 20


class Client(threading.Thread):
    """A connection used by a thread of its own, until it is told to stop or the
    connection ends. What went wrong, if anything, is in `fault`."""

    def __init__(self, address, seed):
        super().__init__(daemon=True)
        self.address = address
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.fault = None

    def run(self):
        try:
            with Connection(self.address, timeout_seconds=ANSWER_SECONDS_MAX) as connection:
                self.work(connection)
        except (ConnectionClosed, ConnectionError, GoAway):
            pass  # It was killed, or stopped.
        except BaseException as error:  # noqa: B036: told by whoever joins the thread
            self.fault = error

    def finish(self):
        """Waits for the end of the thread; raises what went wrong in it."""
        self.stopping.set()
        self.join(ANSWER_SECONDS_MAX * 2)
        if self.is_alive():
            raise Violation("a call was not answered, and its connection not closed")
        if self.fault is not None:
            raise self.fault


class Recorder(Client):
    """Records for its sources, one batch of each in flight at a time."""

    def __init__(self, address, seed, ledger, sources, batch_sizes):
        super().__init__(address, seed)
        self.ledger = ledger
        self.sources = sources
        self.batch_sizes = batch_sizes
        self.batches_acknowledged = 0

    def work(self, connection):
        in_flight = {}
        waiting = list(self.sources)
        while True:
            if not self.stopping.is_set():
                for source in waiting:
                    batch = source.next_batch(self.random.randint(*self.batch_sizes))
                    in_flight[connection.start(RECORD, source.request(batch))] = source
                waiting = []
            if not in_flight:
                return
            frame = connection.receive_any()
            if frame.kind == GOAWAY:
                # What was accepted is still answered; nothing new is sent.
                self.stopping.set()
                continue
            source = in_flight.pop(frame.stream)
            self.take(source, frame)
            waiting.append(source)

    def take(self, source, frame):
        source.demand(frame.kind == RESPONSE, f"a frame of type {frame.kind}")
        if frame.code == OK:
            reply = pb.RecordReply()
            reply.ParseFromString(frame.payload)
            source.acknowledge(reply)
            self.ledger.see_position(reply.log_position)
            self.batches_acknowledged += 1
        elif frame.code == UNAVAILABLE and frame.flags & NOT_EXECUTED:
            time.sleep(frame.time / 1000)
        else:
            raise Violation(f"source {source.number}: {CallError(frame)}")


class Watcher(Client):
    """Looks merchants up: their counts must lie between what was acknowledged
    before and what was sent after, and the log position never goes back."""

    def __init__(self, address, seed, ledger, restart):
        super().__init__(address, seed)
        self.ledger = ledger
        self.restart = restart

    def work(self, connection):
        position = 0
        while not self.stopping.is_set():
            source = self.random.choice(self.ledger.sources)
            acknowledged = source.acknowledged
            reply = connection.score(source.merchant, pb.MERCHANT, as_of=AT)
            sent = source.sent
            source.demand(
                acknowledged <= reply.confidence <= sent,
                f"a lookup sees {reply.confidence} orders; {acknowledged} were acknowledged "
                f"before it, {sent} sent after it")
            source.demand(
                position <= reply.log_position,
                f"a lookup is as of position {reply.log_position}, the one before of {position}")
            position = reply.log_position
            if self.random.random() < 0.1:
                status = connection.status()
                self.ledger.see_hash(status.log_position, status.state_hash, self.restart)
                position = max(position, status.log_position)
            self.ledger.see_position(position)
            time.sleep(self.random.uniform(0, 0.004))


class Snapshooter(Client):
    """Asks for snapshots, one after the other."""

    def __init__(self, address, seed, ledger, restart):
        super().__init__(address, seed)
        self.ledger = ledger
        self.restart = restart
        self.taken = 0

    def work(self, connection):
        while not self.stopping.wait(self.random.uniform(0, 0.03)):
            try:
                reply = connection.snapshot()
            except CallError as error:
                if error.status != UNAVAILABLE:
                    raise
                continue
            except TimeoutError:
                return  # One that is held to a low rate.
            self.taken += 1
            self.ledger.see_hash(reply.log_position, reply.state_hash, self.restart)
