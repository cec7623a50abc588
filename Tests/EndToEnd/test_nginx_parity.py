"""The same arrivals at NGINX's limit_req and at Weir's limits.ai, at the same moments: the same
decisions, but for their clocks and for NGINX's rounding of its rate. Each one's decisions are
compared with a model of its own, which differ from each other in nothing else."""
import asyncio
import collections
import json
import pathlib
import time

import pytest

from nginxlab import NGINX, Nginx

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine")
TRACE = pathlib.Path(__file__).with_name("traces") / "arrivals.csv"
PER_MINUTE, BURST = 100, 20
# The file behind limit_req is there so that a request is decided and logged in one turn of NGINX's
# loop: the logged time is the decision's, but for the two clocks' fractions of a millisecond.
LIMITED = f"""
    limit_req_zone $http_x_tenant zone=tenants:10m rate={PER_MINUTE}r/m;
    log_format decisions '$msec $http_x_tenant $http_x_number $status';
    server {{
        listen 127.0.0.1:PORT backlog=4096;
        root FOLDER;
        access_log FOLDER/decisions.log decisions;
        location / {{ limit_req zone=tenants burst={BURST} nodelay; limit_req_status 429; }}
    }}
"""

Arrival = collections.namedtuple("Arrival", "moment tenant")
Decision = collections.namedtuple("Decision", "admitted sent answered")


async def ask(port, head, body=b""):
    """One request on a connection of its own; the status, and when it was sent and answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        sent = time.time()
        writer.write(head + body)
        line = await asyncio.wait_for(reader.readline(), 60)
        answered = time.time()
        await asyncio.wait_for(reader.read(), 60)
        status = int(line.split()[1])
        assert status in (200, 429), line
        return Decision(status == 200, sent * 1000, answered * 1000)
    finally:
        writer.close()


async def replay(arrivals, nginx, weir, key):
    """Both servers' decisions about each arrival, in the trace's order."""
    start = time.monotonic() + 0.5

    async def one(number, arrival):
        await asyncio.sleep(start + arrival.moment / 1000 - time.monotonic())
        body = json.dumps({"tenant_id": arrival.tenant, "model": "gpt-4o-mini",
                           "user_message": "hi", "max_tokens": 1}).encode()
        common = b"host: edge\r\nconnection: close\r\n"
        return await asyncio.gather(
            ask(nginx, b"GET /file HTTP/1.1\r\nx-tenant: %d\r\nx-number: %d\r\n%s\r\n"
                % (arrival.tenant, number, common)),
            ask(weir, b"POST /ai/complete HTTP/1.1\r\nauthorization: Bearer %s\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
                % (key.encode(), len(body), common), body))

    return await asyncio.gather(*(one(*pair) for pair in enumerate(arrivals)))


def nginx_after(state, now):
    """ngx_http_limit_req_lookup, in its whole numbers: thousandths of a request, milliseconds."""
    if state is None:
        return True, (0, now)
    excess, last = state
    elapsed = max(0, now - last)
    excess = max(0, excess - (PER_MINUTE * 1000 // 60) * elapsed // 1000 + 1000)
    if excess > BURST * 1000:
        return False, state
    return True, (excess, now if elapsed else last)


def unexplained_of_nginx(decisions):
    """Of one tenant: (logged millisecond, admitted), in NGINX's order. Its limit uses a clock that
    never goes back, its log the time of day: cut to whole milliseconds they are a constant apart,
    or one more. Every state that may be is followed; a decision that none of them makes counts."""
    states, wrong = {None}, 0
    for moment, admitted in decisions:
        after = {nginx_after(state, moment + more) for state in states for more in (0, 1)}
        after = {state for decided, state in after if decided == admitted}
        if not after:
            wrong += 1
        states = after or states
    return wrong


def most_at_once(elapsed):
    """How many calls Weir's rule admits in so many milliseconds, one left out of none."""
    return BURST + 1 + elapsed * PER_MINUTE / 60_000


def unexplained_of_weir(decisions):
    """Of one tenant. Its decision fell between sending and answer: an admission is wrong where
    the calls that were surely admitted around it are more than the rule has, a refusal where those
    that may have been are fewer. A millisecond is the clock's."""
    admitted = [each for each in decisions if each.admitted]
    wrong = 0
    for each in decisions:
        if each.admitted:
            wrong += any(
                sum(one.sent >= start.sent and one.answered <= each.answered for one in admitted)
                > most_at_once(each.answered - start.sent + 1)
                for start in admitted if start.sent <= each.sent)
        else:
            # Full at one moment: since some start, all but one of the calls that the rule has.
            wrong += not any(
                sum(one.answered >= start.sent and one.sent <= each.answered for one in admitted)
                > most_at_once(max(0, each.sent - start.answered - 1)) - 1
                for start in admitted)
    return wrong


def exact_decisions(moments):
    """Weir's rule at NGINX's own moments: what differs from NGINX's decisions is its rounding."""
    level, last, admitted = 0, None, []
    for moment in moments:
        level = max(0, level - (0 if last is None else moment - last) * PER_MINUTE)
        last = moment
        admitted.append(level + 60_000 <= (BURST + 1) * 60_000)
        level += 60_000 if admitted[-1] else 0
    return admitted


def table(rows):
    return "\n".join(f"{name:<58}{figure:>7,}" for name, figure in rows.items())


def launch(lab, tenants):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, f"limits: {{ ai: {{ per_minute: {PER_MINUTE}, burst: {BURST} }} }}")
    for tenant in tenants:
        weir.put_tenant(tenant)
    folder = lab.folder / "nginx"
    folder.mkdir()
    (folder / "file").write_text("here")
    nginx = Nginx(folder, inside=LIMITED.replace("FOLDER", str(folder))).start()
    return weir, nginx, weir.make_key(tenants)


def test_weir_decides_as_nginx_does(lab):
    arrivals = [Arrival(*map(int, line.split(","))) for line in TRACE.read_text().split()]
    weir, nginx, key = launch(lab, sorted({arrival.tenant for arrival in arrivals}))
    try:
        pairs = asyncio.run(replay(arrivals, nginx.port, weir.port, key))
    finally:
        assert nginx.stop() == 0
    logged = {}
    for order, line in enumerate((nginx.folder / "decisions.log").read_text().splitlines()):
        moment, tenant, number, status = line.split()
        if number != "-":
            logged[int(number)] = (order, round(float(moment) * 1000), status == "200")
    assert len(logged) == len(arrivals)

    rows = collections.Counter()
    for tenant in sorted({arrival.tenant for arrival in arrivals}):
        mine = [number for number, arrival in enumerate(arrivals) if arrival.tenant == tenant]
        in_order = [logged[number][1:] for number in sorted(mine, key=lambda n: logged[n][0])]
        of_weir = [pairs[number][1] for number in mine]
        assert all(pairs[number][0].admitted == logged[number][2] for number in mine)
        differing = sum(pairs[number][0].admitted != pairs[number][1].admitted for number in mine)
        exact = exact_decisions([moment for moment, _ in in_order])
        rounded = sum(one != other for one, (_, other) in zip(exact, in_order))
        mistakes = unexplained_of_nginx(in_order), unexplained_of_weir(of_weir)
        admitted = sum(admitted for _, admitted in in_order), sum(w.admitted for w in of_weir)
        # As much later as Weir may have decided, so many calls more or fewer are free, and one.
        skew = max(each.answered - each.sent for each in of_weir)
        assert abs(admitted[0] - admitted[1]) <= 2 + skew * PER_MINUTE / 60_000, tenant
        rows.update({
            "requests": len(mine),
            "admitted by nginx": admitted[0], "admitted by Weir": admitted[1],
            "refused by nginx": len(mine) - admitted[0],
            "refused by Weir": len(mine) - admitted[1],
            "differing decisions": differing,
            "nginx otherwise than the exact rule at its own moments": rounded,
            "nginx otherwise than its own model": mistakes[0],
            "Weir otherwise than the rule at any moment in question": mistakes[1]})
    print("\n" + table(rows))
    assert rows["refused by nginx"] > 300 and rows["refused by Weir"] > 300
    assert rows["nginx otherwise than its own model"] == 0
    assert rows["Weir otherwise than the rule at any moment in question"] == 0
    assert rows["differing decisions"] <= rows["requests"] // 10
    # Of the calls that come at once, both let pass the same number to the last one.
    assert BURST + 1 == sum(nginx_burst()) == sum(exact_decisions([0] * 50))


def nginx_burst():
    state, admitted = None, []
    for _ in range(50):
        decided, state = nginx_after(state, 0)
        admitted.append(decided)
    return admitted
