"""What the senders of commands know: what they sent, what was acknowledged.

Everything is made so that a count tells all. A source owns one merchant, and its
k-th command is one settled order of that merchant by a buyer that no other
command names, dated at the moment at which evidence weighs exactly 1. So as of
that moment the merchant's settled orders are the number of commands applied, to
the last one, and each buyer's settled orders are 1 if its command was applied
once, 2 if twice.
"""

from dataclasses import dataclass

import integrity_pb2 as pb

# 2020-01-01T00:00:00Z, the landmark of the evidence's decay.
AT = 1_577_836_800
# Of one buyer's id: the source above these bits, the number of the command below.
COMMAND_BITS = 32


class Violation(Exception):
    """The daemon broke a promise; how many commands are lost or there twice by it."""

    def __init__(self, complaint, lost=0, twice=0):
        super().__init__(complaint)
        self.lost = lost
        self.twice = twice


@dataclass
class Batch:
    """Commands `first` to `last` of a source, numbered from 1 without gaps."""

    first: int
    last: int

    @property
    def count(self):
        return self.last - self.first + 1


class Source:
    """One sender. Used by one thread at a time."""

    def __init__(self, number, sequence_step):
        self.number = number
        self.merchant = number
        # Sequences may have gaps; numbers of commands have none.
        self.sequence_step = sequence_step
        # Numbers of the last command acknowledged and the last one sent.
        self.acknowledged = 0
        self.sent = 0
        # The last batch acknowledged, and the one whose fate is unknown.
        self.last_acknowledged = None
        self.unknown = None
        # Whether `unknown` was in the state when the daemon started or, if it was
        # first sent later, then; None = nobody can tell.
        self.unknown_is_applied = None

    @property
    def counts_possible(self):
        """How many of the commands may be applied: a batch is, or is not, as a whole."""
        if self.unknown is None:
            return [self.acknowledged]
        return {
            True: [self.unknown.last],
            False: [self.acknowledged],
            None: [self.acknowledged, self.unknown.last],
        }[self.unknown_is_applied]

    @property
    def applied(self):
        """How many are; asked when the fate of `unknown` is known."""
        [count] = self.counts_possible
        return count

    def sequence(self, command):
        return command * self.sequence_step

    def buyer(self, command):
        return self.number << COMMAND_BITS | command

    def next_batch(self, count):
        """The batch to be sent now: the one of unknown fate, if there is one."""
        if self.unknown is None:
            self.unknown = Batch(self.sent + 1, self.sent + count)
            self.unknown_is_applied = False
        self.sent = max(self.sent, self.unknown.last)
        return self.unknown

    def request(self, batch):
        commands = [
            pb.Command(
                sequence=self.sequence(k), type=pb.SETTLED, at=AT, buyer=self.buyer(k),
                merchant=self.merchant, order=k, amount=1)
            for k in range(batch.first, batch.last + 1)
        ]
        return pb.RecordRequest(source=self.number, commands=commands)

    def acknowledge(self, reply):
        """Takes the reply to `unknown` in; raises Violation if it cannot be."""
        batch = self.unknown
        expected = {True: (0,), False: (batch.count,), None: (0, batch.count)}
        self.demand(
            reply.applied in expected[self.unknown_is_applied]
            and reply.applied + reply.duplicates == batch.count,
            f"{reply.applied} applied and {reply.duplicates} duplicates in a batch of "
            f"{batch.count} that was applied before: {self.unknown_is_applied}")
        self.demand(
            reply.highest_sequence == self.sequence(batch.last),
            f"the highest sequence is {reply.highest_sequence} after {self.sequence(batch.last)}")
        self.acknowledged = batch.last
        self.last_acknowledged = batch
        self.unknown = None

    def demand(self, condition, complaint, lost=0, twice=0):
        if not condition:
            raise Violation(
                f"source {self.number} (acknowledged {self.acknowledged}, sent {self.sent}): "
                + complaint, lost, twice)


class Ledger:
    """All that is known from outside about one store, from its creation on."""

    def __init__(self, sources):
        self.sources = sources
        # Highest log position that any answer named.
        self.position_seen = 0
        # State hash by log position: one for each, over all restarts.
        self.hashes = {}
        self.hashes_seen_again = 0

    @property
    def acknowledged(self):
        return sum(source.acknowledged for source in self.sources)

    def lose_sight(self):
        """The daemon is gone: what was not there at its start may be by now."""
        for source in self.sources:
            if source.unknown is not None and not source.unknown_is_applied:
                source.unknown_is_applied = None

    def see_position(self, position):
        # Several threads: a lost update only makes the check weaker by a moment.
        if position > self.position_seen:
            self.position_seen = position

    def see_hash(self, position, state_hash, where):
        """Notes a hash; raises Violation where the position had another."""
        self.see_position(position)
        known = self.hashes.setdefault(position, (state_hash, where))
        if known[0] != state_hash:
            raise Violation(
                f"position {position} has the state hash {state_hash:016x} {where} and had "
                f"{known[0]:016x} {known[1]}")
        if known[1] != where:
            self.hashes_seen_again += 1
