"""What was known of an account when it was asked about, and nothing that came later."""

import numpy as np

DAY = 86_400


class History:
    """Things by account, in the order in which they became known.

    - account: numbers of accounts, of up to 64 bits
    - known: UTC seconds
    - value: 1 for what went wrong, 0 for what went well; or any number whose sum is asked for
    """

    def __init__(self, account, known, value):
        self.accounts, ids = np.unique(np.asarray(account, np.uint64), return_inverse=True)
        order = np.lexsort((np.arange(len(ids)), known, ids))
        self.ids, self.known = ids[order], np.asarray(known, np.int64)[order]
        self.value = np.asarray(value, float)[order]
        self.keys = self._key(self.ids, self.known)
        self.bad_before = np.r_[0, np.cumsum(self.value)]
        self.faded_sums = {}

    @staticmethod
    def _key(ids, seconds):
        # One number that orders by account, then by time: seconds have 33 bits.
        return (ids.astype(np.int64) << 33) + seconds

    def before(self, account, asked):
        """The `Past` of each account as of the moment it was asked about."""
        account, asked = np.asarray(account, np.uint64), np.asarray(asked, np.int64)
        ids = np.searchsorted(self.accounts, account)
        is_known = self.accounts[np.minimum(ids, len(self.accounts) - 1)] == account
        start = np.searchsorted(self.keys, self._key(ids, np.zeros_like(asked)))
        # On the left: what became known in the very second of the question is not known yet.
        end = np.searchsorted(self.keys, self._key(ids, asked), side="left")
        return Past(self, start, np.where(is_known, end, start), asked)

    def faded(self, half_life):
        """At each thing, just after it: faded sums of what went wrong, and of all."""
        if half_life not in self.faded_sums:
            self.faded_sums[half_life] = self._fade(half_life)
        return self.faded_sums[half_life]

    def _fade(self, half_life):
        bad, total = np.zeros(len(self.ids)), np.zeros(len(self.ids))
        before = (None, 0, 0.0, 0.0)
        for i, (account, known, value) in enumerate(zip(self.ids, self.known, self.value)):
            last, at, b, t = before
            left = 0.5 ** ((known - at) / DAY / half_life) if account == last else 0.0
            bad[i], total[i] = b * left + value, t * left + 1
            before = (account, known, bad[i], total[i])
        return bad, total


class Past:
    """Stretches of a history, one for each question. Each method gives (bad, all)."""

    def __init__(self, history, start, end, asked):
        self.history, self.start, self.end, self.asked = history, start, end, asked

    def counts(self):
        return self.last(None)

    def last(self, number):
        """Of the latest `number` alone."""
        start = self.start if number is None else np.maximum(self.start, self.end - number)
        sums = self.history.bad_before
        return sums[self.end] - sums[start], (self.end - start).astype(float)

    def faded(self, half_life):
        """Each weighed by half for every `half_life` days since it was known."""
        bad, total = self.history.faded(half_life)
        last = np.maximum(self.end - 1, 0)
        days = (self.asked - self.history.known[last]) / DAY
        left = np.where(self.end > self.start, 0.5 ** (np.maximum(days, 0) / half_life), 0.0)
        return bad[last] * left, total[last] * left
