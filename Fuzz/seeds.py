"""Puts the seeds of every fuzz target below one folder: those of Fuzz/Corpus, and the requests of
the golden matrix, which have one client's request of each wire in a file."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parent
WIRES = {
    "chat.completions": "chat",
    "responses": "responses",
    "messages": "messages",
    "generate_content": "gemini",
}


def main(out: pathlib.Path) -> None:
    seeds = {}
    for file in (ROOT / "Corpus").glob("*/*"):
        seeds[f"{file.parent.name}/{file.name}"] = file.read_bytes()
    for file in (ROOT.parent / "Tests/WeirProvidersTests/Matrix/Requests").glob("*.json"):
        for wire, request in json.loads(file.read_text()).items():
            if isinstance(request, dict):
                text = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
                seeds[f"request-{WIRES[wire]}/{file.name}"] = text
                seeds[f"json/{wire}-{file.name}"] = text
    for name, content in seeds.items():
        # A stream's seeds are good lines for the reader of lines, too.
        places = [name, f"sse/{name.replace('/', '-')}"] if name.startswith("stream") else [name]
        for place in places:
            target = out / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.write_bytes(content)


main(pathlib.Path(sys.argv[1]))
