#!/usr/bin/env bash
# Judges Probity's scores on real data, beside rivals: `make judge`.
#
#   judge.sh PROBITY [OPTION]...      options of judge.py
#
# The data is looked for in $PROBITY_DATA, else in ../shared/data beside the
# repository; where it is absent this says so and succeeds. The reports go to
# Benchmarks/.build/judgement, or where --out says.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
data=${PROBITY_DATA:-$here/../../../shared/data}
if [ ! -d "$data" ]; then
  echo "skipped: no data in $data. Set PROBITY_DATA; Benchmarks/Judgement/README.md says where it is from."
  exit 0
fi
probity=${1:?name the probity binary}
exec "$here/python.sh" "$here/judge.py" --probity "$probity" --data "$data" \
  --out "$here/../.build/judgement" "${@:2}"
