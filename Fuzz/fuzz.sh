#!/bin/bash
# Drives the parsers and translators with libFuzzer and AddressSanitizer.
#
#   Fuzz/fuzz.sh [target ...]     all targets where none is named
#
# SECONDS_EACH  per target, 60 by default
# SHORT=1       a second per target, from the seeds alone, built without optimisation
#
# Inputs that break something are kept in .build/fuzz/crashes, new ones that reach further in
# .build/fuzz/corpus. Nothing is fetched; without libFuzzer's runtime there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

SECONDS_EACH=${SECONDS_EACH:-60}
OPTIMISE=-O
BUILD=.build/fuzz/build
CORPUS=.build/fuzz/corpus
CRASHES=.build/fuzz/crashes
if [ "${SHORT:-}" = 1 ]; then
  SECONDS_EACH=1
  OPTIMISE=-Onone
  BUILD=.build/fuzz/short
  CORPUS=$BUILD/corpus
  rm -rf "$CORPUS"
fi
mkdir -p "$BUILD" "$CORPUS" "$CRASHES"

if ! echo '@_cdecl("LLVMFuzzerTestOneInput") public func f(_ p: UnsafeRawPointer, _ n: Int) -> Int32 { 0 }' |
  swiftc -parse-as-library -sanitize=fuzzer,address -module-name Probe -o "$BUILD/probe" - 2>/dev/null; then
  echo "fuzz: skipped, this toolchain has no libFuzzer runtime"
  exit 0
fi

FLAGS=("$OPTIMISE" -wmo -parse-as-library -enable-testing -sanitize=fuzzer,address
  -swift-version 6 -package-name weir -I "$BUILD"
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
  -enable-upcoming-feature MemberImportVisibility)

# A module is built anew where one of its sources is newer, or a module that it imports.
module() {
  local name=$1 object=$BUILD/$1.o; shift
  if [ -e "$object" ] && [ -z "$(find "Sources/$name" "$@" -newer "$object" -print -quit)" ]; then
    return
  fi
  find "Sources/$name" -name '*.swift' -print0 | sort -z | xargs -0 swiftc "${FLAGS[@]}" -c \
    -module-name "$name" -emit-module -emit-module-path "$BUILD/$name.swiftmodule" -o "$object"
}
module WeirCore
module WeirProviders "$BUILD/WeirCore.o"
if [ ! -e "$BUILD/fuzz" ] ||
  [ -n "$(find Fuzz/*.swift "$BUILD"/Weir*.o -newer "$BUILD/fuzz" -print -quit)" ]; then
  swiftc "${FLAGS[@]}" -use-ld=lld -module-name WeirFuzz Fuzz/*.swift "$BUILD"/Weir*.o -o "$BUILD/fuzz"
fi

targets=("$@")
if [ $# = 0 ]; then
  targets=(sse json template markdown)
  for kind in request reply stream; do
    for wire in chat responses messages gemini; do targets+=("$kind-$wire"); done
  done
fi
python3 Fuzz/seeds.py "$CORPUS"
# The words of all wires, out of the sources.
grep -rhoE '"[a-zA-Z_][a-zA-Z0-9_./-]{1,39}"' Sources/WeirProviders | sort -u >"$BUILD/words.dict"

failed=()
for target in "${targets[@]}"; do
  mkdir -p "$CORPUS/$target"
  log=$BUILD/$target.log
  if WEIR_FUZZ=$target WEIR_FUZZ_WORDS=$BUILD/words.dict ASAN_OPTIONS=detect_leaks=0 \
    "$BUILD/fuzz" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
    -dict="$BUILD/words.dict" -print_final_stats=1 \
    -artifact_prefix="$CRASHES/$target-" "$CORPUS/$target" >"$log" 2>&1; then
    echo "fuzz: $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    failed+=("$target")
    echo "fuzz: $target FAILED"
    grep -E 'Fatal error|broken:|ERROR:|Test unit written' "$log" || tail -20 "$log"
  fi
done
[ ${#failed[@]} = 0 ]
