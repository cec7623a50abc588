"""Many slow streams at once through Weir and through nginx: memory and CPU of each stream, and how
much later the first token comes.

Called by bench.py, which starts the servers; the gateway under test runs on CPU 0, everything else
on CPU 1.
"""
import asyncio
import json
import pathlib
import statistics
import time

CHUNKS = 100
# One event of a hundred tokens every 100 ms: a stream of ten seconds.
SLOW = f"@sandbox{{output_tokens={CHUNKS},drip_ms=100,drip_bytes=230}} Tell me something."
QUICK = "@sandbox{output_tokens=4} Hello."


def request(path, key, prompt):
    body = json.dumps({"model": "gpt-4o-mini", "stream": True, "max_completion_tokens": 400,
                       "messages": [{"role": "user", "content": prompt}]}).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


async def stream(port, head, first=None):
    """One stream to its end; the time of its first token goes to `first`."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    seen, tail = False, b""
    while data := await reader.read(65536):
        if first is not None and not seen and b"delta" in data:
            seen = True
            first.append(time.perf_counter() - begun)
        tail = (tail + data)[-64:]
        if b"0\r\n\r\n" in tail:
            break
    writer.close()
    return b"[DONE]" in tail


def memory_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def memory_of(pids):
    return sum(memory_kib(pid) for pid in pids)


async def many(port, head, count, pids):
    """So many streams at once, begun over a second. Returns how many were whole, and the memory
    that they took at half time."""
    before = memory_of(pids)

    async def one(index):
        await asyncio.sleep(index / count)
        return await stream(port, head)

    tasks = [asyncio.create_task(one(index)) for index in range(count)]
    await asyncio.sleep(6)
    during = memory_of(pids)
    whole = sum(await asyncio.gather(*tasks))
    return whole, during - before


async def first_tokens(port, head, count):
    times = []
    for _ in range(count):
        await stream(port, head, times)
    return statistics.median(times)


def measure(name, port, path, key, pids, cpu_seconds, count=1000):
    """CPU and memory of each of many slow streams, and the median time to a first token."""
    asyncio.run(many(port, request(path, key, SLOW), 20, pids))
    before = cpu_seconds()
    whole, memory = asyncio.run(many(port, request(path, key, SLOW), count, pids))
    cpu = cpu_seconds() - before
    if whole != count:
        raise SystemExit(f"{name}: {whole} of {count} streams were whole")
    first = asyncio.run(first_tokens(port, request(path, key, QUICK), 200))
    return {"name": name, "streams": count, "cpu_ms": cpu * 1e3 / count,
            "memory_kib": memory / count, "first_ms": first * 1e3}


def report(rows):
    base = rows[0]
    print(f"\n| what | streams at once | CPU ms a stream of {CHUNKS} chunks | × nginx "
          "| KiB a stream | first token ms | later than nginx ms |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        print(f"| {row['name']} | {row['streams']:,} | {row['cpu_ms']:.1f} "
              f"| {row['cpu_ms'] / base['cpu_ms']:.1f} | {row['memory_kib']:.0f} "
              f"| {row['first_ms']:.2f} | {row['first_ms'] - base['first_ms']:.2f} |")
