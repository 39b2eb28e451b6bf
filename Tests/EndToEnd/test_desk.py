"""The dispute desk on the command line: claims, money, appeals, policies, receipts."""

import base64
import json
import re
import signal
import tempfile
import unittest

from daemon import Daemon, WithFiles, run


def settled(buyer, merchant, count, at="2026-03-09T12:00:00Z"):
    line = json.dumps({"type": "settled", "at": at, "buyer": buyer, "merchant": merchant,
                       "amount": 180000})
    return "\n".join([line] * count) + "\n"


def lotless():
    """The default policy without lots: what is decided is not left to chance."""
    return run("policy", "default").stdout.replace("spotCheckShare: 0.2\n", "spotCheckShare: 0\n")


class DeskDaemon(Daemon):
    def __enter__(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
            policy.write(lotless())
            policy.flush()
            self.arguments += ("--policy", policy.name)
            return super().__enter__()


class Desk:
    """A daemon with a strong buyer, 42, and merchants, 7 and 8, whose trade bears claims."""

    OPENED = "2026-03-10T12:00:00Z"

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.json("record", "-", "--source", "5", stdin=settled(42, 7, 30) + settled(42, 8, 30))

    def run(self, *words):
        return run(*words, "--server", self.daemon.address)

    def json(self, *words):
        result = self.run(*words, "--json")
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def open(self, claim, *options, buyer="42", merchant="7", amount="80.00",
             alleges="defective", at=OPENED):
        [answer] = self.json(
            "claim", "open", str(claim), "--buyer", buyer, "--merchant", "merchant:" + merchant,
            "--amount", amount, "--alleges", alleges, "--opened-at", at, *options)
        return answer

    def refused(self, *words):
        result = self.run(*words)
        assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
        return result.stderr


def codes(answer):
    return [reason["code"] for reason in answer["reasons"]]


class Claims(unittest.TestCase):
    def test_each_outcome_with_its_reasons_and_what_would_change_it(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            paid = desk.open(1)
            self.assertEqual((paid["outcome"], paid["subsidy"]),
                             ("PLATFORM_COMPENSATES", "reserved"))
            self.assertEqual(codes(paid)[0], "B01")
            self.assertEqual(paid["subsidyCounted"], 8000)
            self.assertEqual(paid["changes"], [])
            merchants = desk.open(2, "--kind", "nonQuality", alleges="changedMind")
            self.assertEqual((merchants["outcome"], codes(merchants)[0]),
                             ("MERCHANT_DECIDES", "C01"))
            review = desk.open(3, "--proof", "buyerEvidence", amount="2500.00", merchant="8")
            self.assertEqual((review["outcome"], codes(review)[0]), ("MANUAL_REVIEW", "C03"))
            stranger = desk.open(4, buyer="43")
            self.assertEqual((stranger["outcome"], codes(stranger)[0]),
                             ("RETURN_AND_REFUND", "B02"))
            texts = [change["text"] for change in stranger["changes"]]
            self.assertTrue(any("more settled orders without a claim" in t for t in texts), texts)
            self.assertTrue(all(change["textChinese"] for change in stranger["changes"]))
            proven = desk.open(5, "--proof", "emptyParcel", buyer="44", alleges="parcelEmpty")
            self.assertEqual((proven["outcome"], codes(proven)[:2]),
                             ("PLATFORM_COMPENSATES", ["C04", "M03"]))
            shown = desk.run("claim", "show", "4")
            self.assertIn("RETURN_AND_REFUND", shown.stdout)
            self.assertIn("the platform would pay, if", shown.stdout)

    def test_the_same_claim_again_gives_the_same_receipt(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            first = desk.open(1)
            again = desk.open(1)
            self.assertFalse(first["repeated"])
            self.assertTrue(again["repeated"])
            self.assertEqual(first["receipt"], again["receipt"])
            result = desk.run("claim", "open", "1", "--buyer", "42", "--merchant", "merchant:7",
                              "--amount", "80.01", "--alleges", "defective", "--opened-at",
                              Desk.OPENED)
            self.assertEqual(result.returncode, 1)
            self.assertIn("INVALID_ARGUMENT", result.stderr)
            self.assertIn("other content", result.stderr)

    def test_bad_input_is_refused_by_name(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            common = ["--buyer", "42", "--merchant", "merchant:7", "--alleges", "defective"]
            self.assertIn("amount", desk.refused(
                "claim", "open", "9", *common, "--amount", "0"))
            self.assertIn("future", desk.refused(
                "claim", "open", "9", *common, "--amount", "1", "--opened-at", "2099-01-01"))
            self.assertIn("changedMind", desk.refused(
                "claim", "open", "9", "--buyer", "42", "--merchant", "merchant:7", "--amount", "1",
                "--alleges", "changedMind"))
            for amount in ["-1", "1.234", "99999999999999999999", "x"]:
                result = desk.run("claim", "open", "9", *common, "--amount", amount)
                self.assertEqual(result.returncode, 64, amount)
            for words in [["claim", "show", "9"], ["claim", "decide", "9", "upheld"],
                          ["claim", "withdraw", "9"], ["claim", "settle", "9", "commit"],
                          ["appeal", "open", "9", "--by", "buyer"],
                          ["appeal", "decide", "9", "upheld"], ["appeal", "affected", "9"]]:
                self.assertIn("NOT_FOUND", desk.refused(*words), words)

    def test_money_is_reserved_paid_and_never_released_after(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            desk.open(1)
            desk.open(2)
            at = ["--at", "2026-03-11"]
            [paid] = desk.json("claim", "settle", "1", "commit", "--actor", "bank", *at)
            self.assertEqual(paid["subsidy"], "committed")
            self.assertIn("FAILED_PRECONDITION", desk.refused("claim", "settle", "1", "release", *at))
            self.assertIn("is paid", desk.refused("claim", "withdraw", "1"))
            [free] = desk.json("claim", "settle", "2", "release", *at)
            self.assertEqual((free["subsidy"], free["subsidyCounted"]), ("released", 0))
            self.assertIn("nothing is reserved", desk.refused("claim", "settle", "2", "commit"))

    def test_a_human_decides_once(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            desk.open(1, "--proof", "buyerEvidence", amount="2500.00")
            [answer] = desk.json("claim", "decide", "1", "abuse", "--actor", "anna", "--reason",
                                 "same picture thrice")
            self.assertEqual((answer["outcome"], answer["verdict"]), ("DECLINE", "abuse"))
            self.assertEqual(answer["notes"][0]["actor"], "anna")
            self.assertIn("decided before", desk.refused("claim", "decide", "1", "upheld"))
            self.assertIn("cannot be withdrawn", desk.refused("claim", "withdraw", "1"))

    def test_a_budget_runs_out(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            [set_] = desk.json("budget", "set", "globalDay", "100.00", "--actor", "finance")
            self.assertGreater(set_["logPosition"], 0)
            self.assertEqual(desk.open(1)["outcome"], "PLATFORM_COMPENSATES")
            second = desk.open(2)
            self.assertEqual(second["outcome"], "RETURN_AND_REFUND")
            self.assertIn("G01", codes(second))
            budgets = {b["scope"]: b for b in desk.json("budget", "show") if b["key"] == 0}
            self.assertEqual(
                (budgets["globalDay"]["cap"], budgets["globalDay"]["used"],
                 budgets["globalDay"]["actor"]), (10000, 8000, "finance"))
            self.assertIn("in force", desk.run("budget", "clear", "globalDay").stdout)
            self.assertEqual(desk.open(3, merchant="8")["outcome"], "PLATFORM_COMPENSATES")
            self.assertIn("key", desk.refused("budget", "set", "globalDay", "1", "--of", "5"))


class Appeals(unittest.TestCase):
    def test_an_upheld_appeal_undoes_what_it_was_about(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            [before] = daemon.json("score", "42", "--as-of", "2026-03-11")
            desk.open(1, "--proof", "buyerEvidence", amount="2500.00")
            desk.json("claim", "decide", "1", "abuse", "--actor", "anna", "--at",
                      "2026-03-10T13:00:00Z")
            [blamed] = daemon.json("score", "42", "--as-of", "2026-03-11")
            self.assertLess(blamed["score"], before["score"])
            later = desk.open(2, at="2026-03-10T14:00:00Z")
            self.assertEqual((later["outcome"], codes(later)[0]), ("MANUAL_REVIEW", "B07"))
            [appeal] = desk.json("appeal", "open", "1", "--by", "buyer", "--at",
                                 "2026-03-10T15:00:00Z")
            self.assertEqual((appeal["appeal"], appeal["appealBy"]), ("open", "buyer"))
            self.assertTrue(appeal["answerDue"])
            result = desk.run("appeal", "decide", "1", "upheld", "--actor", "carla", "--at",
                              "2026-03-10T16:00:00Z")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("claim 2 of buyer 42", result.stdout)
            self.assertIn("would be PLATFORM_COMPENSATES", result.stdout)
            [affected] = desk.json("appeal", "affected", "1")
            self.assertEqual((affected["claim"], affected["wouldBe"]), (2, "PLATFORM_COMPENSATES"))
            self.assertIn("has had its appeal", desk.refused("appeal", "open", "1", "--by", "buyer"))

    def test_a_window_ends(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            desk.open(1)
            said = desk.refused("appeal", "open", "1", "--by", "merchant", "--at",
                                "2026-04-10T12:00:01Z")
            self.assertIn("30 days, which are over", said)


class Overrides(unittest.TestCase):
    def test_who_and_why_show_wherever_one_is_in_force(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            result = desk.run("override", "set", "buyer:42", "tier", "D", "--actor", "anna",
                              "--reason", "chargebacks")
            self.assertEqual(result.returncode, 0, result.stderr)
            [score] = daemon.json("score", "42")
            self.assertEqual((score["tier"], score["reasons"][0]["code"]), ("D", "O01"))
            desk.run("override", "set", "buyer:42", "listed", "--actor", "bert")
            listed = desk.open(1)
            self.assertEqual((listed["outcome"], codes(listed)[0]), ("MANUAL_REVIEW", "O02"))
            [shown] = desk.json("override", "show", "buyer:42")
            self.assertEqual([(o["setting"], o["actor"]) for o in shown["overrides"]],
                             [("tier D", "anna"), ("listed", "bert")])
            desk.run("override", "clear", "buyer:42", "tier")
            [score] = daemon.json("score", "42")
            self.assertNotIn("O01", [r["code"] for r in score["reasons"]])
            self.assertIn("NOT_FOUND", desk.refused("override", "clear", "buyer:42", "tier"))
            for words in [["tier"], ["tier", "F"], ["outcome", "MAYBE"], ["listed", "yes"]]:
                self.assertEqual(desk.run("override", "set", "buyer:42", *words).returncode, 64)

    def test_linked_accounts_are_one(self):
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            desk.run("override", "link", "buyer:42", "merchant:7")
            linked = desk.open(1)
            self.assertEqual((linked["outcome"], codes(linked)[0]), ("MANUAL_REVIEW", "B06"))
            desk.run("override", "unlink", "buyer:42", "merchant:7")
            self.assertEqual(desk.open(2)["outcome"], "PLATFORM_COMPENSATES")


class Policies(WithFiles):
    def strict(self):
        text = re.sub(r"\nversion: \d+\n", "\nversion: 12\n", lotless()).replace("name: standard", "name: strict")
        return text.replace("  floorMin: 560\n", "  floorMin: 900\n")

    def test_check_names_line_and_column(self):
        good = self.file("good.yaml", self.strict())
        self.assertIn("nothing is wrong", run("policy", "check", good).stdout)
        bad = self.file("bad.yaml", self.strict().replace("  appealDays: 30\n", "  appealDays: 400\n")
                        .replace("  staleHours: 72\n", "  staleHour: 72\n"))
        result = run("policy", "check", bad)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"bad\.yaml:\d+:\d+: claims\.appealDays: .*out of range")
        self.assertIn("did you mean `staleHours`", result.stderr)
        self.assertIn("claims.staleHours: is missing", result.stderr)
        result = run("policy", "check", bad, "--json")
        self.assertEqual(result.returncode, 1)
        faults = {fault["key"]: fault for fault in json.loads(result.stdout)["faults"]}
        self.assertEqual(faults["claims.appealDays"]["value"], "400")
        self.assertGreater(faults["claims.appealDays"]["line"], 1)
        result = run("policy", "check", good, "--json")
        self.assertEqual((result.returncode, json.loads(result.stdout)["faults"]), (0, []))
        result = run("policy", "check", good + ".not", "--json")
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot read", result.stderr)

    def test_shadow_activate_and_roll_back(self):
        strict = self.file("strict.yaml", self.strict())
        with DeskDaemon() as daemon:
            desk = Desk(daemon)
            diff = desk.run("policy", "diff", strict)
            self.assertIn("claims.floorMin: 560 → 900", diff.stdout)
            differences = {d["key"]: d for d in desk.json("policy", "diff", strict)}
            self.assertEqual(differences["claims.floorMin"]["new"], "900")
            self.assertEqual(set(differences), {"version", "name", "claims.floorMin"})
            [put] = desk.json("policy", "put", strict, "--actor", "anna")
            self.assertEqual(put["version"], 12)
            self.assertEqual(desk.json("policy", "shadow", "12", "--actor", "anna"), [put])
            self.assertEqual(desk.open(1)["outcome"], "PLATFORM_COMPENSATES")
            [shadow] = desk.json("policy", "shadow")
            self.assertEqual((shadow["claims"], shadow["differing"]), (1, 1))
            self.assertEqual(shadow["flips"][0]["wouldBe"], "RETURN_AND_REFUND")
            self.assertEqual(desk.json("policy", "activate", "12"), [put])
            [score] = daemon.json("score", "42")
            self.assertEqual(score["policyVersion"], 12)
            self.assertEqual(desk.open(2)["outcome"], "RETURN_AND_REFUND")
            [default] = [p["version"] for p in desk.json("policy", "show") if p["version"] != 12]
            self.assertEqual(desk.run("policy", "activate", str(default)).returncode, 0)
            self.assertEqual(desk.open(3, merchant="8")["outcome"], "PLATFORM_COMPENSATES")
            states = {p["version"]: p["state"] for p in desk.json("policy", "show")}
            self.assertEqual(states, {default: "in force", 12: ""})
            self.assertEqual(desk.run("policy", "show", "12").stdout, self.strict())
            self.assertIn("there is no policy", desk.refused("policy", "activate", "9"))

    def test_the_one_in_force_outlives_kills_and_stops(self):
        strict = self.file("strict.yaml", self.strict())
        data = str(self.folder / "data")
        with DeskDaemon("--data", data) as daemon:
            desk = Desk(daemon)
            desk.open(1)
            desk.run("policy", "put", strict)
            desk.run("policy", "activate", "12")
            desk.open(2)
            daemon.process.send_signal(signal.SIGKILL)
        for _ in range(2):
            with DeskDaemon("--data", data) as daemon:
                desk = Desk.__new__(Desk)
                desk.daemon = daemon
                [score] = daemon.json("score", "42")
                self.assertEqual(score["policyVersion"], 12)
                self.assertEqual(desk.json("claim", "show", "1")[0]["outcome"],
                                 "PLATFORM_COMPENSATES")
                for claim in ["1", "2"]:
                    self.assertEqual(desk.run("receipt", "verify", claim).returncode, 0)
        other = self.file("other.yaml", self.strict().replace("\nversion: 12\n", "\nversion: 13\n"))
        result = run("serve", "--data", data, "--listen", "127.0.0.1:0", "--policy", other)
        self.assertEqual(result.returncode, 1)
        self.assertIn("changed by command", result.stderr)


class Receipts(WithFiles):
    def test_what_was_changed_does_not_verify(self):
        with Daemon() as daemon:
            desk = Desk(daemon)
            answer = desk.open(1)
            good = self.file("good.json", json.dumps(answer))
            result = run("receipt", "verify", good)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("the same, bit for bit", result.stdout)
            self.assertEqual(desk.run("receipt", "verify", "1").returncode, 0)
            bytes_ = bytearray(base64.b64decode(answer["receipt"]))
            raw = self.folder / "receipt"
            raw.write_bytes(bytes_)
            self.assertEqual(run("receipt", "verify", str(raw)).returncode, 0)
            for offset in range(8, len(bytes_), 37):
                changed = bytearray(bytes_)
                changed[offset] ^= 1
                raw.write_bytes(changed)
                result = run("receipt", "verify", str(raw))
                self.assertEqual(result.returncode, 1, offset)
                self.assertIn("something was changed", result.stderr)
            self.assertEqual(run("receipt", "verify", self.file("x.json", "{}")).returncode, 1)

    def test_the_log_can_be_read(self):
        data = str(self.folder / "data")
        with DeskDaemon("--data", data) as daemon:
            desk = Desk(daemon)
            desk.open(1)
            desk.run("budget", "set", "globalDay", "5.00", "--actor", "finance")
            daemon.process.send_signal(signal.SIGKILL)
        segment = next((self.folder / "data").glob("log-*.segment"))
        lines = run("inspect", str(segment), "--commands").stdout.splitlines()
        self.assertEqual(len(lines), 62)
        self.assertIn("openClaim", lines[-2])
        self.assertEqual(json.loads(lines[-1])["actor"], "finance")
