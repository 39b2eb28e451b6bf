"""What Protos/PROTOCOL.md promises, asked of a running daemon.

run.sh prepares and starts this, with a daemon of its own unless PROBITY_ADDRESS
names one. The daemon must have no other user meanwhile: positions and counts
are compared. Whatever a test does to a connection of its
own, a second one, the witness, is open throughout and must still be answered.
"""

import os
import random
import re
import struct
import time
import unittest
from pathlib import Path

import integrity_pb2 as pb
from daemon import Daemon
from probity_client import *  # noqa: F403: the whole client is under test

ADDRESS = os.environ.get("PROBITY_ADDRESS")
TOKEN = os.environ.get("PROBITY_TOKEN", "").encode()
REPOSITORY = Path(__file__).parents[2]
SEED = int(os.environ.get("PROBITY_SEED", "20260101"))

witness = None


def setUpModule():
    global witness, ADDRESS
    if not ADDRESS:
        ADDRESS = unittest.enterModuleContext(Daemon()).address
    witness = Connection(ADDRESS, token=TOKEN)
    print(f"daemon {witness.hello.agent} at {ADDRESS}, seed {SEED}")


def tearDownModule():
    witness.close()


def fresh_ids(count=1):
    """Ids that no earlier run used."""
    ids = [int.from_bytes(os.urandom(8), "little") | 1 for _ in range(count)]
    return ids[0] if count == 1 else ids


def now():
    return int(time.time())


def settled(sequence, buyer, merchant, amount=12_900, at=None):
    return pb.Command(
        sequence=sequence, type=pb.SETTLED, at=at or now() - 60, buyer=buyer, merchant=merchant,
        order=sequence, amount=amount,
    )


def without_position(message):
    copy = type(message)()
    copy.CopyFrom(message)
    copy.log_position = 0
    return copy


class ProtocolTest(unittest.TestCase):
    def connect(self, **options):
        options.setdefault("token", TOKEN)
        connection = Connection(ADDRESS, **options)
        self.addCleanup(connection.close)
        return connection

    def assert_closed(self, connection):
        with self.assertRaises(ConnectionClosed):
            frame = connection.receive_any()
            self.fail(f"after the end came {frame}")

    def assert_refused(self, connection, status):
        """GOAWAY with `status`, then the end."""
        with self.assertRaises(GoAway) as caught:
            reply = connection.receive()
            self.fail(f"{reply} in place of GOAWAY")
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertTrue(caught.exception.message)
        self.assert_closed(connection)

    def assert_call_fails(self, status, call):
        with self.assertRaises(CallError) as caught:
            call()
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertTrue(caught.exception.detail.message)
        return caught.exception


class HelloTests(ProtocolTest):
    def test_hello(self):
        connection = self.connect()
        self.assertEqual(connection.peer_version, 1)
        self.assertEqual(connection.hello.payload_bytes_max, 4 << 20)
        self.assertGreater(connection.hello.in_flight_max, 0)
        self.assertNotEqual(connection.hello.schema_hash, 0)
        self.assertEqual(connection.hello.token, b"")
        self.assertTrue(connection.hello.agent.startswith("probity/"))

    def test_requests_behind_hello_are_answered(self):
        connection = self.connect(greet=False)
        score = pb.ScoreRequest(account=1, kind=pb.BUYER).SerializeToString()
        health = pb.HealthRequest().SerializeToString()
        connection.send(
            hello_frame(TOKEN)
            + frame(REQUEST, score, stream=1, flags=END, code=SCORE)
            + frame(REQUEST, health, stream=5, flags=END, code=HEALTH)
            + frame(PING, b"x")
        )
        connection.receive_hello()
        replies = [connection.receive() for _ in range(3)]
        self.assertEqual(
            sorted((reply.kind, reply.stream, reply.code) for reply in replies),
            [(RESPONSE, 1, OK), (RESPONSE, 5, OK), (PONG, 0, 0)],
        )

    @unittest.skipUnless(TOKEN, "the daemon asks for no token")
    def test_token(self):
        for token in [b"", TOKEN + b"x", TOKEN[:-1], TOKEN[:-1] + bytes([TOKEN[-1] ^ 1])]:
            connection = self.connect(greet=False)
            connection.send(hello_frame(token))
            self.assert_refused(connection, UNAUTHENTICATED)


class DeskTests(ProtocolTest):
    """Claims, against the tables of PROTOCOL.md alone."""

    def setUp(self):
        self.connection = self.connect()

    def claim(self, **changes):
        buyer, merchant, claim = fresh_ids(3)
        facts = dict(
            id=claim, buyer=buyer, merchant=merchant, opened_at=now(), amount=2_000,
            claim_kind=pb.QUALITY, allegation=pb.NOT_RECEIVED, proofs=1,
        )
        return pb.Claim(**{**facts, **changes})

    def sell(self, claim, times):
        """Trade that bears a claim against its merchant, by somebody else."""
        buyer, source = fresh_ids(2)
        self.connection.record(source, [settled(1, buyer, claim.merchant, claim.amount * times)])

    def open(self, claim, **options):
        request = pb.OpenClaimRequest(claim=claim, **options)
        return self.connection.call(OPEN_CLAIM, request, pb.ClaimReply)

    def get(self, claim):
        request = pb.GetClaimRequest(claim=claim.id)
        return self.connection.call(GET_CLAIM, request, pb.ClaimReply)

    def test_receipt_is_laid_out_as_the_table_says(self):
        claim = self.claim()
        self.sell(claim, times=1_000)
        reply = self.open(claim)
        self.assertEqual(reply.claim, claim)
        self.assertEqual(reply.outcome, pb.PLATFORM_COMPENSATES)
        self.assertEqual(reply.reason_codes[0], 404)
        receipt = reply.receipt
        self.assertEqual(len(receipt), 448)
        self.assertEqual(receipt[:4], b"PRCT")
        self.assertEqual(struct.unpack_from("<I", receipt, 4)[0], 1)
        position, policy_hash, version = struct.unpack_from("<QQI", receipt, 16)
        self.assertEqual(position, reply.opened_position)
        self.assertEqual((policy_hash, version), (reply.policy_hash, reply.policy_version))
        self.assertEqual(
            struct.unpack_from("<QQQQqII", receipt, 40),
            (claim.id, claim.buyer, claim.merchant, 0, 2_000, 0, claim.opened_at),
        )
        self.assertEqual(struct.unpack_from("<BBB", receipt, 92), (1, 1, 1))
        self.assertEqual(receipt[236], pb.PLATFORM_COMPENSATES)
        self.assertEqual(struct.unpack_from("<q", receipt, 336)[0], 2_000)
        self.assertEqual(
            struct.unpack_from("<HHHH", receipt, 344),
            (reply.buyer_score, reply.buyer_floor, reply.merchant_score, reply.merchant_floor),
        )
        reasons = [struct.unpack_from("<Hh", receipt, 352 + 4 * n) for n in range(8)]
        self.assertEqual(
            [reason for reason in reasons if reason[0]],
            list(zip(reply.reason_codes, reply.reason_points)),
        )

    def test_said_again(self):
        claim = self.claim()
        first = self.open(claim)
        again = self.open(claim)
        self.assertEqual((first.repeated, again.repeated), (False, True))
        self.assertEqual(first.receipt, again.receipt)
        self.assertEqual(self.get(claim).receipt, first.receipt)
        other = pb.Claim()
        other.CopyFrom(claim)
        other.amount += 1
        error = self.assert_call_fails(INVALID_ARGUMENT, lambda: self.open(other))
        self.assertEqual(error.detail.field, "claim.id")
        self.assertFalse(error.not_executed)
        decide = pb.DecideClaimRequest(
            claim=claim.id, verdict=pb.UPHELD, at=now(), actor="li", reason="照片"
        )
        call = lambda: self.connection.call(DECIDE_CLAIM, decide, pb.ClaimReply)
        self.assertEqual([call().repeated for _ in range(3)], [False, True, True])
        decide.verdict = pb.ABUSE
        self.assert_call_fails(FAILED_PRECONDITION, call)
        self.assertEqual(self.get(claim).verdict, pb.UPHELD)

    def test_not_found_and_invalid(self):
        error = self.assert_call_fails(NOT_FOUND, lambda: self.get(self.claim()))
        self.assertEqual(error.detail.field, "claim")
        for field, changes in [
            ("claim.amount", dict(amount=-1)), ("claim.opened_at", dict(opened_at=4_000_000_000)),
            ("claim.buyer", dict(buyer=0)), ("claim.proofs", dict(proofs=64)),
            ("claim.claim_kind", dict(claim_kind=0)), ("claim.category", dict(category=65_536)),
        ]:
            claim = self.claim(**changes)
            error = self.assert_call_fails(INVALID_ARGUMENT, lambda: self.open(claim))
            self.assertEqual(error.detail.field, field)
            self.assertTrue(error.not_executed)
        error = self.assert_call_fails(
            INVALID_ARGUMENT,
            lambda: self.connection.call(
                DECIDE_CLAIM, pb.DecideClaimRequest(claim=1, verdict=1), pb.ClaimReply
            ),
        )
        self.assertEqual(error.detail.field, "actor")

    def test_what_would_change_it(self):
        claim = self.claim(allegation=pb.DEFECTIVE, proofs=0, amount=40_000)
        self.sell(claim, times=1_000)
        self.assertFalse(self.open(claim).changes)
        told = self.get(claim)
        self.assertEqual(told.outcome, pb.RETURN_AND_REFUND)
        self.assertIn(pb.CARRIER_PROOF, [change.kind for change in told.changes])
        self.assertEqual(self.open(claim, explain=True).changes, told.changes)

    def test_a_tier_that_is_set(self):
        account = fresh_ids()
        request = pb.SetOverrideRequest(
            account=account, kind=pb.BUYER, setting=pb.TIER_OVERRIDE, tier=pb.E, actor="li"
        )
        done = self.connection.call(SET_OVERRIDE, request, pb.DoneReply)
        score = pb.ScoreRequest(account=account, kind=pb.BUYER)
        reply = self.connection.call(SCORE, score, pb.ScoreReply)
        self.assertGreaterEqual(reply.log_position, done.log_position)
        self.assertEqual((reply.tier, reply.reason_codes[0]), (pb.E, 601))
        batch = pb.ScoreBatchRequest(accounts=[account, account + 1], kind=pb.BUYER)
        verdicts = self.connection.call(SCORE_BATCH, batch, pb.ScoreBatchReply).verdicts
        self.assertEqual([verdict >> 24 for verdict in verdicts], [1, 0])
        self.assertEqual(verdicts[0] >> 20 & 7, pb.E)
        clear = pb.ClearOverrideRequest(
            account=account, kind=pb.BUYER, setting=pb.TIER_OVERRIDE, actor="li"
        )
        self.connection.call(CLEAR_OVERRIDE, clear, pb.DoneReply)
        reply = self.connection.call(SCORE, score, pb.ScoreReply)
        self.assertNotIn(601, reply.reason_codes)
        self.assert_call_fails(
            NOT_FOUND, lambda: self.connection.call(CLEAR_OVERRIDE, clear, pb.DoneReply)
        )

    def test_budgets_and_policies_are_listed(self):
        budgets = self.connection.call(GET_BUDGETS, pb.GetBudgetsRequest(), pb.BudgetsReply)
        self.assertEqual([budget.scope for budget in budgets.budgets[:6]], [1, 2, 3, 4, 5, 6])
        policies = self.connection.call(GET_POLICIES, pb.GetPoliciesRequest(), pb.PoliciesReply)
        self.assertEqual(policies.active_hash, self.connection.status().policy_hash)
        self.assertIn("version:", policies.policies[0].document)


class CallTests(ProtocolTest):
    def setUp(self):
        self.connection = self.connect()

    def test_unknown_account(self):
        for kind in (pb.BUYER, pb.MERCHANT):
            account = fresh_ids()
            before = now()
            reply = self.connection.score(account, kind)
            self.assertFalse(reply.known)
            self.assertTrue(0 < reply.score <= 1000)
            self.assertTrue(0 <= reply.score_floor <= reply.score)
            self.assertIn(reply.tier, (pb.A, pb.B, pb.C, pb.D, pb.E))
            self.assertEqual(reply.confidence, 0)
            self.assertEqual(len(reply.reason_codes), len(reply.reason_points))
            self.assertTrue(before - 1 <= reply.as_of <= now() + 1)
            self.assertGreater(reply.policy_version, 0)
            self.assertGreater(reply.policy_hash, 0)
            self.assertFalse(reply.degraded)
            self.assert_call_fails(NOT_FOUND, lambda: self.connection.explain(account, kind))

    def test_as_of_is_what_was_asked(self):
        at = now() - 86_400
        account = fresh_ids()
        self.assertEqual(self.connection.score(account, pb.BUYER, as_of=at).as_of, at)
        self.assertEqual(self.connection.score_batch([account], pb.BUYER, as_of=at).as_of, at)

    def test_record_then_look_up(self):
        source, buyer, merchant = fresh_ids(3)
        before = self.connection.status()
        commands = [settled(n, buyer, merchant) for n in range(1, 21)]
        commands.append(
            pb.Command(
                sequence=25, type=pb.CLAIM_OPENED, at=now(), buyer=buyer, merchant=merchant,
                order=20, claim=1, amount=12_900, claim_kind=pb.QUALITY, allegation=pb.DEFECTIVE,
            )
        )
        reply = self.connection.record(source, commands)
        self.assertEqual((reply.applied, reply.duplicates), (21, 0))
        self.assertEqual(reply.highest_sequence, 25)
        self.assertEqual(reply.log_position, before.log_position + 21)

        score = self.connection.score(buyer, pb.BUYER)
        self.assertTrue(score.known)
        self.assertGreaterEqual(score.log_position, reply.log_position)
        self.assertAlmostEqual(score.confidence, 20, delta=0.1)
        self.assertTrue(self.connection.score(merchant, pb.MERCHANT).known)
        self.assertFalse(self.connection.score(buyer, pb.MERCHANT).known, "kinds are apart")

        explained = self.connection.explain(buyer, pb.BUYER, as_of=score.as_of)
        self.assertEqual(explained.verdict, score)
        self.assertTrue(explained.dimensions and explained.evidence)
        self.assertEqual(explained.last_event_at, commands[-1].at)
        total = explained.points_base + sum(d.points for d in explained.dimensions)
        self.assertAlmostEqual(min(max(total, 0), 1000), score.score, delta=1)

        after = self.connection.status()
        self.assertEqual(after.log_position, before.log_position + 21)
        self.assertEqual(after.commands_applied, before.commands_applied + 21)
        self.assertEqual(after.commands_duplicate, before.commands_duplicate)
        self.assertEqual(after.buyers, before.buyers + 1)
        self.assertEqual(after.merchants, before.merchants + 1)
        self.assertNotEqual(after.state_hash, before.state_hash)
        self.assertGreater(after.lookups, before.lookups)
        self.assertGreaterEqual(after.connections, 2)
        self.assertFalse(after.draining)
        self.assertTrue(after.version and after.policy_name and after.durability)

    def test_batch_is_as_score_by_score(self):
        source, merchant, *buyers = fresh_ids(12)
        self.connection.record(
            source, [settled(n + 1, buyer, merchant) for n, buyer in enumerate(buyers[:5])]
        )
        asked = buyers + [buyers[0]]
        at = now()
        batch = self.connection.score_batch(asked, pb.BUYER, as_of=at)
        self.assertEqual(len(batch.verdicts), len(asked))
        self.assertEqual(len(batch.confidences), len(asked))
        self.assertEqual(batch.as_of, at)
        for index, buyer in enumerate(asked):
            single = self.connection.score(buyer, pb.BUYER, as_of=at)
            verdict = Verdict.unpack(batch.verdicts[index])
            self.assertEqual(
                verdict, Verdict(single.score, single.score_floor, single.tier, single.known)
            )
            self.assertEqual(batch.confidences[index], single.confidence)
            self.assertEqual(verdict.known, index < 5 or index == 10)

    def test_largest_batch(self):
        ids = list(range(1, 65_537))
        self.assertEqual(len(self.connection.score_batch(ids, pb.MERCHANT).verdicts), 65_536)
        error = self.assert_call_fails(
            INVALID_ARGUMENT, lambda: self.connection.score_batch(ids + [1], pb.MERCHANT)
        )
        self.assertEqual(error.detail.field, "accounts")

    def test_duplicates_change_nothing(self):
        source, buyer, merchant = fresh_ids(3)
        commands = [settled(n, buyer, merchant) for n in range(1, 11)]
        at = now()
        first = self.connection.record(source, commands)
        score = self.connection.score(buyer, pb.BUYER, as_of=at)
        counts = self.connection.status()

        again = self.connection.record(source, commands)
        self.assertEqual((again.applied, again.duplicates), (0, 10))
        self.assertEqual(again.highest_sequence, first.highest_sequence)
        same = self.connection.score(buyer, pb.BUYER, as_of=at)
        self.assertEqual(without_position(same), without_position(score))
        after = self.connection.status()
        self.assertEqual(after.commands_duplicate, counts.commands_duplicate + 10)
        self.assertEqual(after.commands_applied, counts.commands_applied)

        # The tail of one batch and the head of the next, from another connection.
        overlap = [settled(n, buyer, merchant) for n in range(8, 14)]
        reply = self.connect().record(source, overlap)
        self.assertEqual((reply.applied, reply.duplicates), (3, 3))
        self.assertEqual(reply.highest_sequence, 13)
        other = self.connection.record(fresh_ids(), commands)
        self.assertEqual(other.applied, 10, "sequences are a source's own")

    def test_record_is_all_or_nothing(self):
        source, buyer, merchant = fresh_ids(3)
        before = self.connection.status()
        good = [settled(n, buyer, merchant) for n in range(1, 6)]

        def spoilt(index, **fields):
            commands = [pb.Command() for _ in good]
            for copy, command in zip(commands, good):
                copy.CopyFrom(command)
            for name, value in fields.items():
                setattr(commands[index], name, value)
            return commands

        cases = [
            (2, "amount", {"amount": -1}),
            (4, "amount", {"amount": 10**12 + 1}),
            (0, "buyer", {"buyer": 0}),
            (1, "merchant", {"merchant": 0}),
            (3, "at", {"at": 0}),
            (3, "at", {"at": 946_684_799}),
            (3, "at", {"at": now() + 2 * 86_400}),
            (2, "type", {"type": 0}),
            (2, "type", {"type": 99}),
            (1, "sequence", {"sequence": 1}),
            (4, "refers_to_at", {"refers_to_at": now() + 100}),
            (1, "claim_kind", {"type": pb.CLAIM_OPENED}),
        ]
        for index, field, fields in cases:
            with self.subTest(field=field, fields=fields):
                error = self.assert_call_fails(
                    INVALID_ARGUMENT,
                    lambda: self.connection.record(source, spoilt(index, **fields)),
                )
                self.assertEqual(error.detail.field, f"commands[{index}].{field}")
                self.assertEqual(error.detail.command_index_plus_one, index + 1)
                self.assertTrue(error.not_executed)
        error = self.assert_call_fails(INVALID_ARGUMENT, lambda: self.connection.record(0, good))
        self.assertEqual(error.detail.field, "source")
        error = self.assert_call_fails(INVALID_ARGUMENT, lambda: self.connection.record(source, []))
        self.assertEqual(error.detail.field, "commands")
        self.assertFalse(self.connection.score(buyer, pb.BUYER).known)
        self.assertEqual(self.connection.status().log_position, before.log_position)
        self.assertEqual(self.connection.record(source, good).applied, 5)

    def test_every_event_type(self):
        source, buyer, merchant = fresh_ids(3)
        at = now() - 100
        both = {"buyer": buyer, "merchant": merchant, "at": at}
        commands = [
            pb.Command(type=pb.SETTLED, refers_to_at=at - 10, amount=5, **both),
            pb.Command(type=pb.PICKED_UP, late=True, merchant=merchant, at=at),
            pb.Command(type=pb.CANCELLED, cancelled_by=pb.BY_BUYER, cancel_cause=pb.OTHER_CAUSE, buyer=buyer, at=at),
            pb.Command(type=pb.CANCELLED, cancelled_by=pb.BY_MERCHANT, cancel_cause=pb.OUT_OF_STOCK, merchant=merchant, at=at),
            pb.Command(type=pb.TRACKING_INVALID, merchant=merchant, at=at),
            pb.Command(type=pb.SCANNED_BEFORE_ORDER, merchant=merchant, at=at),
            pb.Command(type=pb.WRONG_DESTINATION, merchant=merchant, at=at),
            pb.Command(type=pb.EMPTY_PARCEL, merchant=merchant, at=at),
            pb.Command(type=pb.CLAIM_OPENED, claim_kind=pb.QUALITY, allegation=pb.DEFECTIVE, **both),
            pb.Command(type=pb.CLAIM_DECIDED, claim_kind=pb.QUALITY, verdict=pb.UPHELD, **both),
            pb.Command(type=pb.CLAIM_WITHDRAWN, refers_to_at=at - 5, allegation=pb.DEFECTIVE, **both),
            pb.Command(type=pb.RETURN_INSPECTED, return_condition=pb.SWAPPED, buyer=buyer, at=at),
            pb.Command(type=pb.COMPENSATED, buyer=buyer, at=at),
        ]
        for sequence, command in enumerate(commands, 1):
            command.sequence = sequence
        self.assertEqual({c.type for c in commands}, set(range(1, 13)))
        reply = self.connection.record(source, commands)
        self.assertEqual((reply.applied, reply.duplicates), (len(commands), 0))

    def test_largest_record(self):
        source, buyer, merchant = fresh_ids(3)
        commands = [settled(n, buyer, merchant) for n in range(1, 10_001)]
        self.assertEqual(self.connection.record(source, commands).applied, 10_000)
        commands.append(settled(10_001, buyer, merchant))
        error = self.assert_call_fails(
            INVALID_ARGUMENT, lambda: self.connection.record(source, commands)
        )
        self.assertEqual(error.detail.field, "commands")

    def test_health(self):
        for service in ("", "lookups", "recording"):
            self.assertEqual(self.connection.health(service).status, pb.SERVING, service)
        self.assert_call_fails(NOT_FOUND, lambda: self.connection.health("coffee"))

    def test_snapshot(self):
        before = self.connection.status()
        if before.durability == "memory":
            error = self.assert_call_fails(FAILED_PRECONDITION, self.connection.snapshot)
            self.assertTrue(error.not_executed)
            self.assertEqual(before.durable_position, 0)
            return
        reply = self.connection.snapshot()
        self.assertEqual(reply.log_position, before.log_position)
        self.assertEqual(reply.state_hash, before.state_hash)
        self.assertEqual(reply.accounts, before.buyers + before.merchants)
        self.assertGreater(reply.bytes, 0)
        self.assertGreaterEqual(reply.duration_microseconds, reply.pause_microseconds)
        after = self.connection.status()
        self.assertEqual(after.snapshot_position, reply.log_position)
        self.assertEqual(after.snapshot_bytes, reply.bytes)
        self.assertLessEqual(now() - after.snapshot_at, 60)
        self.assertEqual(after.recording_refused, "")

    def test_impossible_lookups(self):
        cases = [
            ("account", SCORE, pb.ScoreRequest(kind=pb.BUYER)),
            ("kind", SCORE, pb.ScoreRequest(account=1)),
            ("kind", SCORE, pb.ScoreRequest(account=1, kind=257)),
            ("as_of", SCORE, pb.ScoreRequest(account=1, kind=1, as_of=1 << 32)),
            ("account", EXPLAIN, pb.ExplainRequest(kind=pb.BUYER)),
            ("accounts", SCORE_BATCH, pb.ScoreBatchRequest(kind=pb.BUYER)),
            ("accounts[1]", SCORE_BATCH, pb.ScoreBatchRequest(kind=1, accounts=[1, 0])),
            ("kind", SCORE_BATCH, pb.ScoreBatchRequest(accounts=[1])),
        ]
        for field, method, request in cases:
            with self.subTest(field=field, request=request):
                error = self.assert_call_fails(
                    INVALID_ARGUMENT, lambda: self.connection.call(method, request, pb.ScoreReply)
                )
                self.assertEqual(error.detail.field, field)
                self.assertTrue(error.not_executed)

    def test_deadline(self):
        """A deadline of 1 µs passes or does not; in neither case is anything half done."""
        source, buyer, merchant = fresh_ids(3)
        request = pb.RecordRequest(source=source, commands=[settled(1, buyer, merchant)])
        try:
            reply = self.connection.call(RECORD, request, pb.RecordReply, timeout_us=1)
            self.assertEqual(reply.applied, 1)
        except CallError as error:
            self.assertEqual(error.status, DEADLINE_EXCEEDED)
            self.assertTrue(error.not_executed)
            self.assertEqual(self.connection.record(source, request.commands).applied, 1)

    def test_cancel(self):
        """Each Record is answered once, cancelled or not; the answer is the truth."""
        source, buyer, merchant = fresh_ids(3)
        done = 0
        for sequence in range(1, 51):
            request = pb.RecordRequest(
                source=source, commands=[settled(sequence, buyer, merchant)]
            )
            stream = self.connection.start(RECORD, request)
            self.connection.send(frame(CANCEL, stream=stream))
            try:
                done += self.connection.finish(stream, pb.RecordReply).applied
            except CallError as error:
                self.assertEqual(error.status, CANCELLED)
                self.assertTrue(error.not_executed)
            # Answered by now: ignored.
            self.connection.send(frame(CANCEL, stream=stream))
        self.connection.send(frame(CANCEL, stream=4_000_000_000))
        confidence = self.connection.score(buyer, pb.BUYER).confidence
        self.assertAlmostEqual(confidence, done, delta=0.01)

    def test_pipelined_calls_are_all_answered(self):
        score = pb.ScoreRequest(account=fresh_ids(), kind=pb.BUYER).SerializeToString()
        streams = range(10, 2_010, 2)
        self.connection.send(
            b"".join(frame(REQUEST, score, stream=s, flags=END, code=SCORE) for s in streams)
        )
        replies = [self.connection.receive() for _ in streams]
        self.assertEqual(sorted(reply.stream for reply in replies), list(streams))
        self.assertEqual({reply.code for reply in replies}, {OK})

    def test_bytes_may_come_one_by_one(self):
        score = pb.ScoreRequest(account=1, kind=pb.BUYER).SerializeToString()
        for byte in frame(REQUEST, score, stream=1, flags=END, code=SCORE):
            self.connection.send(bytes([byte]))
        self.connection.finish(1, pb.ScoreReply)

    def test_ping(self):
        for payload in (b"", b"x", bytes(range(64))):
            self.assertEqual(self.connection.ping(payload), payload)


class StreamTests(ProtocolTest):
    """Streamed calls, held to PROTOCOL.md's section about them."""

    def setUp(self):
        self.connection = self.connect(timeout_seconds=30)

    def candidate(self):
        """The built-in policy with another base, so that each account's score moves."""
        standard = REPOSITORY / "Sources/IntegrityPolicy/Resources/default-policy.yaml"
        document, count = re.subn(r"^(\s*base:) 600", r"\1 610", standard.read_text(), flags=re.M)
        self.assertGreater(count, 0)
        return document

    def start_rescore(self, **request):
        return self.connection.start(RESCORE, pb.RescoreRequest(**request))

    def test_rescore_adds_up(self):
        source, *buyers = fresh_ids(101)
        commands = [settled(n, buyer, 7) for n, buyer in enumerate(buyers, 1)]
        self.connection.record(source, commands)
        complete = [
            part
            for part in self.connection.parts(self.start_rescore(), pb.RescorePart)
            if part.complete
        ]
        self.assertEqual([part.shard for part in complete], list(range(complete[0].shards)))
        self.assertEqual(
            sum(sum(sums.tiers) for part in complete for sums in part.sums),
            complete[-1].accounts,
        )
        self.assertGreaterEqual(complete[-1].accounts, 101)
        # Gone on with in the middle, the shards before are not sent again.
        middle = complete[0].shards // 2
        stream = self.start_rescore(first_shard=middle)
        rest = [part.shard for part in self.connection.parts(stream, pb.RescorePart) if part.complete]
        self.assertEqual(rest, list(range(middle, complete[0].shards)))

    def test_parts_wait_for_credit_and_hold_up_nothing_else(self):
        source, *buyers = fresh_ids(10_001)
        commands = [settled(n, buyer, 7) for n, buyer in enumerate(buyers, 1)]
        self.connection.record(source, commands)
        stream = self.start_rescore(rows=pb.SCORE_ROWS, document=self.candidate())
        left, rows = 262_144, 0
        while left > 0:
            part = self.connection.receive()
            self.assertEqual((part.kind, part.stream), (DATA, stream))
            left -= len(part.payload)
            message = pb.RescorePart()
            message.ParseFromString(part.payload)
            rows += len(message.rows)
        # Nothing more comes of the stream; other calls are answered.
        for payload in (b"1", b"2", b"3"):
            time.sleep(0.05)
            self.assertEqual(self.connection.ping(payload), payload)
        self.connection.score(buyers[0], pb.BUYER)
        self.connection.grant(1 << 20, stream)
        self.connection.grant(1 << 20)
        for part in self.connection.parts(stream, pb.RescorePart):
            rows += len(part.rows)
        self.assertGreaterEqual(rows, 10_000)

    def test_watch_tells_of_each_change_from_a_cursor_on(self):
        buyer = fresh_ids()
        cursor = self.connection.status().log_position
        override = pb.SetOverrideRequest(
            account=buyer, kind=pb.BUYER, setting=pb.LISTED, at=now(), actor="test",
            reason="to be told of",
        )
        self.connection.call(SET_OVERRIDE, override, pb.DoneReply)
        request = pb.WatchRequest(buyers=[buyer], cursor=cursor)
        for _ in range(2):
            stream = self.connection.start(WATCH, request)
            for part in self.connection.parts(stream, pb.WatchPart):
                if part.changes:
                    break
            self.connection.send(frame(CANCEL, stream=stream))
            change = part.changes[0]
            self.assertEqual((change.account, change.kind), (buyer, pb.BUYER))
            self.assertEqual(change.what, pb.OVERRIDE_CHANGE)
            self.assertEqual((change.before, change.after), (0, pb.LISTED))
            self.assertEqual(change.log_position, cursor + 1)
            self.assertGreaterEqual(part.cursor, cursor + 1)
            self.assertEqual(self.until_response(stream), CANCELLED)
        # Behind it, there is nothing more to be told.
        request.cursor = part.cursor
        stream = self.connection.start(WATCH, request, timeout_us=300_000)
        with self.assertRaises(CallError) as caught:
            for part in self.connection.parts(stream, pb.WatchPart):
                self.assertEqual(len(part.changes), 0)
        self.assertEqual(caught.exception.status, DEADLINE_EXCEEDED)

    def until_response(self, stream):
        """The status of a call whose parts are of no interest any more."""
        while True:
            reply = self.connection.receive()
            self.assertEqual(reply.stream, stream)
            if reply.kind == RESPONSE:
                return reply.code

    def test_parameters_are_refused_by_name(self):
        for method, request, field in (
            (RESCORE, pb.RescoreRequest(claim_days=401), "claim_days"),
            (RESCORE, pb.RescoreRequest(first_shard=1 << 20), "first_shard"),
            (RESCORE, pb.RescoreRequest(document="base: nonsense"), "document"),
            (WATCH, pb.WatchRequest(merchants=range(1, 65_538)), "buyers"),
            (WATCH, pb.WatchRequest(kinds=[77]), "kinds"),
            (KPI, pb.KpiRequest(**{"from": 2, "to": 1}), "from"),
        ):
            stream = self.connection.start(method, request)
            with self.assertRaises(CallError) as caught:
                next(self.connection.parts(stream, pb.RescorePart))
            with self.subTest(field=field):
                self.assertEqual(caught.exception.status, INVALID_ARGUMENT, caught.exception)
                self.assertIn(field, caught.exception.detail.field)


class BadInputTests(ProtocolTest):
    """Each ends at most its own connection, and nothing of it is executed."""

    def setUp(self):
        self.position = witness.status().log_position

    def tearDown(self):
        self.assertEqual(witness.ping(b"alive"), b"alive")
        self.assertTrue(0 < witness.score(1, pb.BUYER).score <= 1000)
        self.assertEqual(witness.status().log_position, self.position)
        self.assertEqual(witness.health().status, pb.SERVING)

    def record_frame(self, stream=1):
        """A Record that would be executed if it were accepted."""
        source, buyer, merchant = fresh_ids(3)
        request = pb.RecordRequest(source=source, commands=[settled(1, buyer, merchant)])
        return frame(REQUEST, request.SerializeToString(), stream=stream, flags=END, code=RECORD)

    def refuse(self, data, status, *, greet=True):
        connection = self.connect(greet=greet)
        connection.send(data)
        self.assert_refused(connection, status)

    # ------------------------------------------------------------ HELLO

    def test_wrong_version(self):
        for version in (0, 2, 256, 65_535):
            connection = self.connect(greet=False)
            connection.send(hello_frame(TOKEN, version=version))
            connection.receive_hello()
            self.assertEqual(connection.peer_version, 1)
            self.assert_refused(connection, FAILED_PRECONDITION)

    def test_wrong_magic(self):
        for magic in (b"PRBX", b"prby", b"\0\0\0\0", b"YBRP"):
            self.refuse(hello_frame(TOKEN, magic=magic), INVALID_ARGUMENT, greet=False)

    def test_malformed_hello(self):
        for payload in (b"", b"PRB", b"PRBY\x01", b"PRBY\x01\0\0\0\xff"):
            self.refuse(frame(HELLO, payload), INVALID_ARGUMENT, greet=False)

    def test_anything_before_hello(self):
        for data in (
            self.record_frame(),
            frame(PING, b"x"),
            frame(CANCEL, stream=1),
            frame(RESPONSE, stream=1, flags=END),
        ):
            self.refuse(data, INVALID_ARGUMENT, greet=False)

    def test_oversized_hello(self):
        header = HEADER.pack(4_097, 0, HELLO, 0, 0, 0)
        self.refuse(header, RESOURCE_EXHAUSTED, greet=False)

    def test_second_hello(self):
        self.refuse(hello_frame(TOKEN), INVALID_ARGUMENT)

    def test_no_hello_in_time(self):
        connection = self.connect(greet=False, timeout_seconds=20)
        start = time.monotonic()
        self.assert_refused(connection, DEADLINE_EXCEEDED)
        self.assertTrue(9 < time.monotonic() - start < 15)

    def test_other_protocols(self):
        for data in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9,
            bytes.fromhex("160301020001000001fc0303") + bytes(512),
        ):
            self.refuse(data, RESOURCE_EXHAUSTED, greet=False)

    # ----------------------------------------------------------- frames

    def test_oversized_length(self):
        for length in ((4 << 20) + 1, 1 << 31, (1 << 32) - 1):
            self.refuse(struct.pack("<I", length), RESOURCE_EXHAUSTED)
            self.refuse(frame(REQUEST, b"x" * 100, stream=1, code=SCORE, length=length), RESOURCE_EXHAUSTED)

    def test_truncated_frames(self):
        """Cut anywhere, then closed: nothing is executed."""
        data = self.record_frame()
        for count in range(1, len(data)):
            connection = self.connect()
            connection.send(data[:count])
            connection.finish_sending()
            self.assert_closed(connection)

    def test_every_flipped_bit(self):
        self.flip_every_bit(self.record_frame(), greet=True)

    def test_every_flipped_bit_of_hello(self):
        self.flip_every_bit(hello_frame(TOKEN), greet=False, limit=4_096)

    def flip_every_bit(self, data, *, greet, limit=4 << 20):
        (true_length,) = struct.unpack_from("<I", data)
        for bit in range(len(data) * 8):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            (length,) = struct.unpack_from("<I", flipped)
            with self.subTest(bit=bit):
                connection = self.connect(greet=greet)
                connection.send(flipped)
                if true_length < length <= limit:
                    connection.finish_sending()  # It waits for bytes that never come.
                    self.assert_closed(connection)
                else:
                    status = RESOURCE_EXHAUSTED if length > limit else DATA_LOSS
                    self.assert_refused(connection, status)
                connection.close()

    def test_unknown_types(self):
        for kind in (0, 10, 127, 255):
            self.refuse(frame(kind, b"x", stream=1), UNIMPLEMENTED)

    def test_frames_that_only_a_server_sends(self):
        for kind in (RESPONSE, PONG, DATA):
            self.refuse(frame(kind, stream=1, flags=END), INVALID_ARGUMENT)
        self.refuse(frame(WINDOW, b"x", stream=1), INVALID_ARGUMENT)

    def test_grants_without_a_stream(self):
        connection = self.connect()
        for stream in (0, 1, 4_000_000_000):
            for count in (0, 1, 0xFFFF_FFFF):
                connection.grant(count, stream)
        self.assertEqual(connection.ping(b"well"), b"well")

    def test_random_garbage(self):
        generator = random.Random(SEED)
        for number in range(200):
            connection = self.connect(greet=number % 2 == 0)
            data = bytearray(generator.randbytes(generator.randrange(1, 2_000)))
            if number % 4 > 1 and len(data) >= 4:
                data[:4] = struct.pack("<I", generator.randrange(200))
            with self.subTest(seed=SEED, number=number):
                try:
                    connection.send(data)
                except ConnectionClosed:
                    continue
                connection.finish_sending()
                try:
                    reply = connection.receive()
                    self.fail(f"garbage was answered with {reply}")
                except (GoAway, ConnectionClosed):
                    pass
                connection.close()

    # ---------------------------------------------------------- streams

    def test_stream_zero(self):
        self.refuse(self.record_frame(stream=0), INVALID_ARGUMENT)

    def test_stream_reuse(self):
        health = pb.HealthRequest().SerializeToString()
        for stream in (7, 6, 1):
            connection = self.connect()
            connection.send(frame(REQUEST, health, stream=7, flags=END, code=HEALTH))
            connection.finish(7, pb.HealthReply)
            connection.send(self.record_frame(stream=stream))
            with self.assertRaises(GoAway) as caught:
                connection.receive()
            self.assertEqual(caught.exception.status, INVALID_ARGUMENT)
            self.assertEqual(caught.exception.last_stream, 7)
            self.assert_closed(connection)

    def test_ping_too_long(self):
        self.refuse(frame(PING, bytes(65)), INVALID_ARGUMENT)

    # ------------------------------------- what the connection survives

    def test_unknown_methods(self):
        connection = self.connect()
        for method in (0, 40, 41, 255, 65_535):
            error = self.assert_call_fails(
                UNIMPLEMENTED, lambda: connection.call(method, b"junk", pb.ScoreReply)
            )
            self.assertTrue(error.not_executed)
        connection.health()

    def test_junk_messages(self):
        generator = random.Random(SEED)
        connection = self.connect()
        junk = [b"\x09", b"\xff" * 11, b"\x00\x00", b"\x0b\x0c", b"\x7a\xff\xff\xff\xff\x0f"]
        for method in range(SCORE, KPI + 1):
            for payload in junk:
                error = self.assert_call_fails(
                    INVALID_ARGUMENT, lambda: connection.call(method, payload, pb.ScoreReply)
                )
                self.assertTrue(error.not_executed)
        for _ in range(500):
            # Never a Record: it might be a good one.
            method = generator.choice((SCORE, SCORE_BATCH, EXPLAIN, STATUS, HEALTH))
            payload = generator.randbytes(generator.randrange(100))
            reply = connection.start(method, payload)
            self.assertIn(connection.receive().stream, (reply,))
        connection.health()

    def test_messages_made_to_take_memory(self):
        connection = self.connect(timeout_seconds=30)
        for method, payload in (
            (RECORD, b"\x12\x00" * (2 << 20)),
            (SCORE, b"\x10\x01" * (2 << 20)),
            (SCORE_BATCH, b"\x78\x00" * (2 << 20)),
        ):
            error = self.assert_call_fails(
                RESOURCE_EXHAUSTED, lambda: connection.call(method, payload, pb.ScoreReply)
            )
            self.assertTrue(error.not_executed)
        connection.health()

    def test_what_is_ignored(self):
        """Unknown flags, unknown fields, CANCEL of nothing, a client's GOAWAY."""
        connection = self.connect()
        connection.send(frame(CANCEL, stream=99))
        connection.send(frame(GOAWAY, pb.GoAway().SerializeToString()))
        connection.send(frame(CANCEL, stream=99, flags=0xF8))
        score = pb.ScoreRequest(account=1, kind=pb.BUYER).SerializeToString()
        later_field = b"\xfa\x3f\x03new"
        connection.send(frame(REQUEST, score + later_field, stream=1, flags=END | 0xF8, code=SCORE))
        connection.finish(1, pb.ScoreReply)


if __name__ == "__main__":
    unittest.main()
