"""The HTTP side for those who watch, as a scraper meets it."""

import json
import re
import socket
import unittest
import urllib.error
import urllib.request

from daemon import Daemon

ADMIN = ("--admin-listen", "127.0.0.1:0")
SAMPLE = re.compile(r'(probity_[a-z_]+)(\{([a-z]+="[^"\n]*",?)*\})? [0-9.e+-]+')


def get(daemon, path, method="GET"):
    """Status, headers and text of an answer."""
    request = urllib.request.Request(f"http://{daemon.admin}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


class Admin(unittest.TestCase):
    def test_metrics_are_what_status_says(self):
        feed = "\n".join(
            json.dumps({"type": "settled", "at": "2026-03-01T12:00:00Z", "buyer": n, "merchant": 7,
                        "amount": 1999}) for n in range(1, 31))
        with Daemon(*ADMIN) as daemon:
            daemon.json("record", "-", stdin=feed)
            code, headers, text = get(daemon, "/metrics")
            self.assertEqual(code, 200)
            self.assertEqual(
                headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            [status] = daemon.json("status")
        values = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, f"^{SAMPLE.pattern}$")
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        for name, expected in {
            "probity_log_position": status["logPosition"],
            'probity_accounts{kind="buyer"}': status["buyers"],
            'probity_accounts{kind="merchant"}': status["merchants"],
            "probity_commands_applied_total": status["commandsApplied"],
            "probity_memory_bytes": status["memoryBytes"],
            "probity_recording": 1,
            "probity_draining": 0,
            "probity_torn_tails_total": status["tornTails"],
            f'probity_durability_info{{mode="{status["durability"]}"}}': 1,
            f'probity_build_info{{version="{status["version"]}"}}': 1,
        }.items():
            self.assertEqual(values[name], expected, name)

    def test_health(self):
        with Daemon(*ADMIN) as daemon:
            code, _, text = get(daemon, "/healthz")
            self.assertEqual(code, 200)
            self.assertEqual(
                [json.loads(line) for line in text.splitlines()],
                [{"service": name, "status": "SERVING"} for name in ["", "lookups", "recording"]])
            self.assertEqual(get(daemon, "/healthz?service=recording")[0], 200)
            self.assertEqual(get(daemon, "/healthz?service=coffee")[0], 404)

    def test_a_full_store_does_not_record(self):
        feed = "\n".join(
            json.dumps({"type": "settled", "at": "2026-03-01T12:00:00Z", "buyer": n, "merchant": 7,
                        "amount": 1999}) for n in range(1, 1000))
        with Daemon(*ADMIN, "--accounts-max", "1000") as daemon:
            daemon.json("record", "-", stdin=feed)
            code, _, text = get(daemon, "/healthz?service=recording")
            self.assertEqual(code, 503)
            self.assertEqual(json.loads(text)["status"], "NOT_SERVING")
            self.assertEqual(get(daemon, "/healthz")[0], 200)
            self.assertIn("\nprobity_recording 0\n", get(daemon, "/metrics")[2])
            [status] = daemon.json("status")
            self.assertFalse(status["recording"])
            self.assertIn("1000", status["recordingRefused"])
            self.assertIn("NO: ", daemon.run("status").stdout)

    def test_nothing_else_is_there(self):
        with Daemon(*ADMIN) as daemon:
            self.assertEqual(get(daemon, "/")[0], 404)
            for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"]:
                code, headers, _ = get(daemon, "/metrics", method)
                self.assertEqual((code, headers["Allow"]), (405, "GET"), method)

    def test_off_unless_asked_for(self):
        with Daemon() as daemon:
            self.assertIsNone(daemon.admin)

    def test_many_connections_harm_nobody(self):
        """Idle ones up to the limit and beyond it: lookups go on, and so do metrics later."""
        with Daemon(*ADMIN) as daemon:
            host, port = daemon.admin.split(":")
            idle = [socket.create_connection((host, int(port))) for _ in range(80)]
            try:
                daemon.json("score", "1")
            finally:
                for connection in idle:
                    connection.close()
            for attempt in range(100):
                try:
                    self.assertEqual(get(daemon, "/healthz")[0], 200)
                    break
                except (OSError, urllib.error.URLError):
                    continue  # The daemon has not yet noticed all the closings.
            else:
                self.fail("no answer after the others were closed")


if __name__ == "__main__":
    unittest.main(verbosity=1)
