#!/usr/bin/env bash
# Walks a new daemon through a quarter, looks at its reports in a browser, and ends it.
#
#   Tests/Quarter/run.sh PROBITY MARKET_QUARTER [options of market-quarter]
#
# PROBITY and MARKET_QUARTER are binaries. SCREENSHOTS in the environment names a directory for
# pictures of the reports.
set -euo pipefail

HERE=$(dirname "$(realpath "$0")")
PROBITY=$(realpath "${1:?name the probity binary}")
MARKET_QUARTER=$(realpath "${2:?name the market-quarter binary}")
shift 2
source "$HERE/../own_daemon.sh"
SERVER="127.0.0.1:$PORT"

# All of it under a candidate policy in shadow: one that trusts buyers less.
"$PROBITY" policy default >"$WORK/standard.yaml"
VERSION=$(sed -n 's/^version: //p' "$WORK/standard.yaml")
sed -e "s/^version: .*/version: $((VERSION + 1))/" -e 's/^name: .*/name: careful/' \
  -e 's/^  floorMin: 560/  floorMin: 600/' -e 's/^      pointsPerDoubling: 40/      pointsPerDoubling: 60/' \
  "$WORK/standard.yaml" >"$WORK/candidate.yaml"
"$PROBITY" policy put "$WORK/candidate.yaml" --actor committee --at 2026-01-01 --server "$SERVER" >/dev/null
"$PROBITY" policy shadow "$((VERSION + 1))" --actor committee --at 2026-01-01 --server "$SERVER" >/dev/null

"$MARKET_QUARTER" --port "$PORT" "$@"

"$PROBITY" rescore --policy "$WORK/candidate.yaml" --as-of 2026-04-01 --claims 90 \
  --report "$WORK/rescore.html" --title "A careful policy" --server "$SERVER" >/dev/null
"$PROBITY" kpi --from 2026-01-01 --to 2026-04-01 --report "$WORK/kpi.html" \
  --title "Key figures of the quarter" --server "$SERVER"
"$HERE/check_reports.py" ${SCREENSHOTS:+--screenshots "$SCREENSHOTS"} \
  "$WORK/rescore.html" buyer-scores buyer-tiers merchant-scores merchant-tiers claims -- \
  "$WORK/kpi.html" claims-by-day paid-by-day outcomes standings time-to-decide buyer-scores \
  merchant-scores
