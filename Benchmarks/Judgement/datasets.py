"""The datasets as events, the questions that are asked about them, and where they are from."""

import collections
import dataclasses

import replay_path  # noqa: F401
import olist_to_events
import otc_to_events
import uci_to_events


@dataclasses.dataclass
class Questions:
    """Accounts asked about at moments, with what came of them by another measure."""

    name: str
    title: str
    bad: str
    # In order of time.
    at: list
    # Accounts as in a feed, and their numbers in the dataset.
    accounts: list
    subjects: list
    outcomes: list
    # What one would rank them by without any of this: a name and marks, higher where worse.
    reference: tuple
    # What came of them has no time: it is not what came later, but was so all along.
    is_timeless: bool = False

    def lines(self):
        return list(zip(self.at, self.accounts, self.outcomes))


@dataclasses.dataclass
class Dataset:
    name: str
    title: str
    source: str
    # The order task: what is asked before each order, and what a bad one is.
    question: str
    bad: str
    outcome: str
    until: str
    events: list
    # Rows that were not used or need a word, by reason.
    counts: dict
    within_days: int = None
    questions: Questions = None
    # Of ratings: (rater, ratee, value, at) by order.
    ratings: list = None
    # Incidents and orders as they came: (account, at) of each.
    incidents: list = None
    placed: list = None

    def outcome_options(self):
        within = [] if self.within_days is None else ["--within", self.within_days]
        return ["--outcome", self.outcome, "--until", self.until, *within]

    def end(self):
        """Second of the last event: what is known only later is not known."""
        return max(event["at"] for event in self.events)


def olist(folder):
    events, data = olist_to_events.read(folder)
    return Dataset(
        name="olist", title="Olist: sellers of a marketplace",
        source="Olist, Brazilian E-Commerce Public Dataset (MIT; elsewhere CC BY-NC-SA 4.0)",
        question="Will the seller hand this order's parcel over late?",
        bad="the parcel was handed to the carrier after the seller's limit",
        outcome="latePickup", until="2018-03-01T00:00:00Z", events=events, counts=data.failures)


def uci(folder):
    events, data = uci_to_events.read(folder)
    claims = [(e["buyer"], e["at"]) for e in events if e["type"] == "claimOpened"]
    orders = [(e["buyer"], e["at"]) for e in events if e["type"] == "settled"]
    return Dataset(
        name="uci_online_retail", title="UCI Online Retail II: buyers at a wholesaler",
        source="Chen, Online Retail II, UCI Machine Learning Repository (CC BY 4.0)",
        question="Will the buyer cancel this order, or a part of it, within 60 days?",
        bad="an invoice that cancels or refunds named the order within 60 days",
        outcome="claim", within_days=60, until="2010-12-01T00:00:00Z", events=events,
        counts=data.failures, incidents=claims, placed=orders,
        questions=uci_year(claims, orders, uci_to_events.OVERLAP_START))


# Invoices of either kind that a customer must have on each side of the split.
INVOICES_MIN = 5
WORST_SHARE = 10


def uci_year(claims, orders, split):
    """Of the regular customers the tenth that cancels most per order in the next year."""
    counts = collections.defaultdict(lambda: [0, 0, 0, 0])
    for i, side in enumerate((orders, claims)):
        for customer, at in side:
            counts[customer][i + (2 if at >= split else 0)] += 1
    chosen = sorted(
        customer for customer, (o, c, later_o, later_c) in counts.items()
        if min(o + c, later_o + later_c) >= INVOICES_MIN and o and later_o)
    past, future = ([counts[c][i + 1] / counts[c][i] for c in chosen] for i in (0, 2))
    # Those as bad as the last of the worst tenth are bad too.
    limit = sorted(future, reverse=True)[max(len(chosen) // WORST_SHARE - 1, 0)] if chosen else 0
    return Questions(
        name="year", title="Which customers will cancel most in the next year?",
        bad="among the tenth with most cancellations per order in the year that follows",
        at=[split] * len(chosen), accounts=[f"buyer:{c}" for c in chosen], subjects=chosen,
        outcomes=[int(rate >= limit) for rate in future],
        reference=("cancellations per order so far", past))


def bitcoin_otc(folder, rater_evidence="none"):
    ratings, labels, data = otc_to_events.read(folder)
    return Dataset(
        name="bitcoin_otc", title="Bitcoin-OTC: traders who rate each other",
        source="Kumar et al., Edge Weight Prediction in Weighted Signed Networks, ICDM 2016; "
               "labels: Kumar et al., REV2, WSDM 2018",
        question="Will the next rating that the trader receives be negative?",
        bad="a rating of −1 or less", outcome="qualityRefund",
        # A sale and what is thought of it are told in the same second.
        within_days=0, until="2013-01-01T00:00:00Z",
        events=otc_to_events.events_of(ratings, rater_evidence), counts=data.failures,
        ratings=ratings, questions=otc_labels(ratings, labels))


def otc_labels(ratings, labels):
    received = collections.defaultdict(list)
    last = {}
    for rating in ratings:
        received[rating.ratee].append(rating.value)
        last[rating.ratee] = rating.at
    # Asked when the last rating was in. Later the evidence fades, as it is meant to, and
    # in the end an account is taken for a new one.
    traders = sorted((t for t in labels if t in received), key=lambda t: (last[t], t))
    return Questions(
        name="labels", title="Which traders were found to be fraudulent?",
        bad="a trader labelled fraudulent", at=[last[t] + 1 for t in traders], is_timeless=True,
        accounts=[f"merchant:{otc_to_events.key(t)}" for t in traders], subjects=traders,
        outcomes=[int(labels[t] < 0) for t in traders],
        reference=("mean received rating",
                   [-sum(received[t]) / len(received[t]) for t in traders]))


LOADERS = {"olist": olist, "uci_online_retail": uci, "bitcoin_otc": bitcoin_otc}
