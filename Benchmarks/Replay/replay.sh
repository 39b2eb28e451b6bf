#!/usr/bin/env bash
# Replays real datasets through a real daemon: `make replay`.
#
#   replay.sh PROBITY
#
# The data is looked for in $PROBITY_DATA, else in ../shared/data beside the
# repository; where it is absent this says so and succeeds.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
data=${PROBITY_DATA:-$here/../../../shared/data}
if [ ! -d "$data" ]; then
  echo "skipped: no data in $data. Set PROBITY_DATA; Benchmarks/Replay/README.md says where it is from."
  exit 0
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/replay.py" "${1:?name the probity binary}" "$data"
