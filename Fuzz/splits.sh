#!/bin/bash
# Replays the recorded streams cut at each of their bytes, with optimised code: a
# million cuts, each of which reads a whole event again.
#
# WEIR_RECORDINGS names the recordings' folder, ../shared/recordings where it doesn't.
set -euo pipefail
cd "$(dirname "$0")/.."

RECORDINGS=${WEIR_RECORDINGS:-../shared/recordings}
BUILD=.build/splits
if [ ! -d "$RECORDINGS" ]; then
  echo "splits: skipped, no recordings: set WEIR_RECORDINGS to their folder"
  exit 0
fi
mkdir -p "$BUILD"
FLAGS=(-O -wmo -parse-as-library -enable-testing -swift-version 6 -package-name weir -I "$BUILD"
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
  -enable-upcoming-feature MemberImportVisibility)
for module in WeirCore WeirProviders; do
  if [ -e "$BUILD/$module.o" ] &&
    [ -z "$(find Sources/WeirCore Sources/$module -newer "$BUILD/$module.o" -print -quit)" ]; then
    continue
  fi
  find "Sources/$module" -name '*.swift' -print0 | sort -z | xargs -0 swiftc "${FLAGS[@]}" -c \
    -module-name $module -emit-module -emit-module-path "$BUILD/$module.swiftmodule" \
    -o "$BUILD/$module.o"
done
swiftc "${FLAGS[@]}" -use-ld=lld -module-name WeirSplits Fuzz/Splits/*.swift "$BUILD"/Weir*.o \
  -o "$BUILD/splits"
"$BUILD/splits" "$RECORDINGS"
