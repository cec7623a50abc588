#!/usr/bin/env bash
# Weir beside nginx as a plain proxy, on the same upstream (the provider sandbox), in one run.
# Needs a release build (`make bench` makes it), nginx, wrk and taskset. Loopback only; about 1 min,
# and as long again for jobs: how many are accepted and run a second.
set -euo pipefail
cd "$(dirname "$0")/.."
weir="$(swift build -c release --show-bin-path)/weir"
python3 Benchmarks/bench.py --weir "$weir" "$@"
exec python3 Benchmarks/jobs.py "$weir"
