"""What must hold of a store after every start."""

import integrity_pb2 as pb
from ledger import AT, Batch, Violation
from probity_client import NOT_FOUND, OK, RECORD, CallError

# Accounts of one ScoreBatch.
BATCH_ACCOUNTS_MAX = 65_536


def check_status(ledger, status, restart):
    """Right after a start, before anything else is asked of the daemon."""
    if status.log_position < ledger.position_seen:
        raise Violation(
            f"the log ends at position {status.log_position}: an answer named "
            f"{ledger.position_seen}")
    if status.durable_position != status.log_position:
        raise Violation(
            f"the log ends at {status.log_position}; only {status.durable_position} is said to "
            "be on disk after a start")
    if status.snapshot_position > status.log_position:
        raise Violation(
            f"the log ends at {status.log_position}, before the snapshot at "
            f"{status.snapshot_position}")
    if status.recording_refused:
        raise Violation(f"nothing is recorded: {status.recording_refused}")
    ledger.see_hash(status.log_position, status.state_hash, restart)


def applied_count(connection, source):
    """How many of a source's commands are in the state, as its merchant tells."""
    try:
        reply = connection.explain(source.merchant, pb.MERCHANT, as_of=AT)
    except CallError as error:
        if error.status == NOT_FOUND:
            return 0
        raise
    evidence = {entry.name: entry.value for entry in reply.evidence}
    count = evidence["ordersSettled"]
    source.demand(
        count == int(count) == evidence["valueSold"] == reply.verdict.confidence,
        f"{count} orders, sold for {evidence['valueSold']} at 1 each, at a confidence of "
        f"{reply.verdict.confidence}")
    return int(count)


def check_counts(connection, ledger):
    """Each source's commands are there exactly once: the acknowledged ones all,
    those of unknown fate all or none."""
    for source in ledger.sources:
        count = applied_count(connection, source)
        allowed = source.counts_possible
        source.demand(
            count in allowed,
            f"{count} commands are applied; {' or '.join(map(str, allowed))} can be",
            lost=max(0, min(allowed) - count), twice=max(0, count - max(allowed)))
        if source.unknown is not None:
            source.unknown_is_applied = count == source.unknown.last


def check_duplicates(connection, ledger):
    """The last acknowledged batch of each source, sent again, changes nothing,
    and the answer names the highest sequence that the counts make expect."""
    in_flight = {}
    for source in ledger.sources:
        batch = source.last_acknowledged
        if batch is None:
            continue
        if batch.count > 50:
            batch = Batch(batch.last - 49, batch.last)
        in_flight[connection.start(RECORD, source.request(batch))] = (source, batch)
    while in_flight:
        frame = connection.receive()
        source, batch = in_flight.pop(frame.stream)
        if frame.code != OK:
            raise Violation(f"source {source.number}: {CallError(frame)}")
        reply = pb.RecordReply()
        reply.ParseFromString(frame.payload)
        last = source.applied
        source.demand(
            reply.applied == 0 and reply.duplicates == batch.count,
            f"{reply.applied} of {batch.count} acknowledged commands were applied again",
            twice=reply.applied)
        source.demand(
            reply.highest_sequence == source.sequence(last),
            f"the highest sequence is {reply.highest_sequence}, not {source.sequence(last)}")
        ledger.see_position(reply.log_position)


def send_unknown(connection, ledger):
    """Sends again what has no answer, as its senders would; then it is there once."""
    for source in ledger.sources:
        if source.unknown is None:
            continue
        reply = connection.record(source.number, source.request(source.unknown).commands)
        source.acknowledge(reply)
        ledger.see_position(reply.log_position)
    check_counts(connection, ledger)


def check_buyers(connection, ledger, random, sample_max):
    """Each command's own buyer has exactly one order if the command is applied and
    is unknown if not. The last batches whole; of the others `sample_max`, or all
    with None.

    Returns how many were looked at."""
    expected = {}
    for source in ledger.sources:
        applied = source.applied
        numbers = set(range(1, applied + 1)) if sample_max is None else set()
        if sample_max is not None and applied > 0:
            share = sample_max // len(ledger.sources)
            numbers.update(random.randint(1, applied) for _ in range(share))
            if source.last_acknowledged:
                numbers.update(
                    range(source.last_acknowledged.first, source.last_acknowledged.last + 1))
        numbers.update(range(applied + 1, source.sent + 2))
        if source.unknown is not None:
            numbers.update(range(source.unknown.first, source.unknown.last + 1))
        for number in numbers:
            expected[source.buyer(number)] = number <= applied
    buyers = list(expected)
    for start in range(0, len(buyers), BATCH_ACCOUNTS_MAX):
        part = buyers[start:start + BATCH_ACCOUNTS_MAX]
        reply = connection.score_batch(part, pb.BUYER, as_of=AT)
        for buyer, verdict, orders in zip(part, reply.verdicts, reply.confidences):
            is_known = bool(verdict >> 23 & 1)
            if is_known != expected[buyer] or orders != (1 if is_known else 0):
                raise Violation(
                    f"buyer {buyer:#x} should be {'known' if expected[buyer] else 'unknown'}; "
                    f"known: {is_known}, orders: {orders}")
    return len(buyers)
