#!/bin/bash
# Builds the release binary, linked statically, and prints where it is. Arguments go to the build.
#
# It is linked once more with the objects of the concurrency runtime: in a static binary the symbols
# of archives are hidden, and the hook by which tasks run on the event loops is found by its name.
# The allocator is mimalloc: a thousand streams leave fewer holes in it than in the C library's.
set -euo pipefail
cd "$(dirname "$0")/.."

flags=(-c release --product weir --static-swift-stdlib "$@")
swift build "${flags[@]}" >&2
bin=$(swift build "${flags[@]}" --show-bin-path)

runtime=$(swiftc -print-target-info -static-stdlib |
  sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
objects=$bin/concurrency
mkdir -p "$objects"
(cd "$objects" && ar x "$runtime/linux/libswift_Concurrency.a")
read -ra libraries < <(pkg-config --libs sqlite3)
swiftc -static-stdlib -emit-executable -o "$bin/weir" -Xlinker --gc-sections \
  -Xlinker --no-as-needed -lmimalloc -Xlinker --as-needed \
  -Xlinker --defsym -Xlinker main=weir_main @"$bin/weir.product/Objects.LinkFileList" \
  "$objects"/*.o "${libraries[@]}" -lstdc++ >&2
echo "$bin/weir"
