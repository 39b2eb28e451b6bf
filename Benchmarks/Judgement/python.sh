#!/usr/bin/env bash
# Runs Python with what the judgement computes with, in a virtual environment of its own.
set -euo pipefail

venv=$(cd "$(dirname "$0")/.." && pwd)/.build/venv-judge
# Pinned, with what they compute with themselves: figures must not move with a release.
packages=(numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1)

if [ "$(cat "$venv/packages" 2>/dev/null)" != "${packages[*]}" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" >"$venv/packages"
fi
# Threads add in an order of their own, and so would the last digits.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" "$@"
