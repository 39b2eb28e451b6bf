"""Calls of `probity policy`: what fits a policy and judges by it, through the real core."""

import json
import pathlib
import subprocess

import rows


class ProbityFault(Exception):
    """The binary could not be run, or refused."""


class Probity:
    """The binary, and a directory for the files that go to it and come from it."""

    def __init__(self, binary, directory):
        self.binary, self.directory = str(binary), pathlib.Path(directory)

    def call(self, *arguments):
        """The JSON object that a command prints; its errors go where ours go."""
        command = [self.binary, "policy", *map(str, arguments), "--json", "--quiet"]
        try:
            result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        except OSError as error:
            raise ProbityFault(f"{self.binary} cannot be run: {error.strerror}") from error
        if result.returncode != 0:
            raise ProbityFault(f"{' '.join(command)} failed with {result.returncode}")
        return json.loads(result.stdout)

    def write_events(self, events):
        path = self.directory / "events.ndjson"
        with open(path, "w", encoding="utf-8") as file:
            for event in events:
                file.write(json.dumps(event) + "\n")
        return path

    def fit(self, events, outcome, name="fitted.yaml"):
        """What a policy was fitted to, and the options that judge by it."""
        policy = self.directory / name
        fitted = self.call("fit", events, *outcome, "--try-equal-words", "--output", policy)
        # How fast evidence fades is the store's, not the policy's: both must be as fitted.
        return fitted, ["--policy", policy, "--half-life-days", f"{fitted['halfLifeDays']:g}"]

    def fit_answers(self, events, questions):
        """The same from answers: (at, account, outcome)."""
        path = self.write_questions(questions)
        return self.fit(events, ["--questions", path, "--until", questions[-1][0] + 1],
                        "answers.yaml")

    def judge(self, events, outcome, options):
        """Every order of the events, judged before anything of it was known."""
        return self._rows("judge", events, *outcome, *options)

    def ask(self, events, questions, options):
        """The accounts of (at, account, outcome), in that order."""
        path = self.write_questions(questions)
        answered = self._rows("judge", events, "--questions", path, *options)
        if list(answered.outcome) != [outcome for _, _, outcome in questions]:
            raise ValueError("the answers are not those to the questions, in their order")
        return answered

    def write_questions(self, questions):
        path = self.directory / "questions.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("at,account,outcome\n")
            for at, account, outcome in questions:
                file.write(f"{at},{account},{outcome}\n")
        return path

    def _rows(self, *arguments):
        path = self.directory / "rows.csv"
        path.unlink(missing_ok=True)
        self.call(*arguments, "--rows", path)
        return rows.read(path)
