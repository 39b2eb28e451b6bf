#!/usr/bin/env bash
# Runs Python with what the harness draws with, in a virtual environment of its own.
set -euo pipefail

venv=$(cd "$(dirname "$0")/.." && pwd)/.build/venv
matplotlib=3.10.0

if ! "$venv/bin/python" -c "import matplotlib as m; assert m.__version__ == '$matplotlib'" \
  2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "matplotlib==$matplotlib"
fi
exec "$venv/bin/python" "$@"
