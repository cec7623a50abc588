"""Budgets: holds, settlements, thresholds. Reference for WeirCore's budget book."""

import money

THRESHOLDS = [80, 100]
UNLIMITED = None


class Budgets:
    """The budgets of one sequence of operations; a scope's key names its period.

    A budget knows its limit from the last hold that asked it, refused or not. A threshold is
    crossed, once, when settled x 100 >= known limit x threshold: after a settlement, or when a
    hold brings a lower limit.
    """

    def __init__(self):
        self.limits, self.known, self.settled, self.held, self.holds = {}, {}, {}, {}, {}
        self.fired, self.ended = set(), set()

    def limit(self, scope, amount):
        """Sets or changes a limit: holds from now on obey it, nothing else happens."""
        self.limits[scope] = amount
        self.known.setdefault(scope, UNLIMITED)
        self.settled.setdefault(scope, 0)
        self.held.setdefault(scope, 0)

    def hold(self, name, amount, scopes):
        """Takes `amount` from every scope or none: the first that refuses or None, and events."""
        events = []
        for scope in scopes:
            self.known[scope] = self.limits[scope]
            events += self._crossed(scope)
        for scope in scopes:
            after = self.settled[scope] + self.held[scope] + amount
            limit = self.limits[scope]
            if after > money.INT64_MAX or (limit is not UNLIMITED and after > limit):
                return scope, events
        for scope in scopes:
            self.held[scope] += amount
        self.holds[name] = (amount, scopes)
        return None, events

    def settle(self, name, cost):
        """Ends a hold with its true cost: the thresholds that this crossed, or None if ended."""
        if not self._end(name):
            return None
        events = []
        for scope in self.holds[name][1]:
            self.settled[scope] += cost
            events += self._crossed(scope)
        return events

    def void(self, name):
        """Ends a hold of which nothing was sent: whether it was still held."""
        return self._end(name)

    def _end(self, name):
        if name not in self.holds or name in self.ended:
            return False
        self.ended.add(name)
        amount, scopes = self.holds[name]
        for scope in scopes:
            self.held[scope] -= amount
        return True

    def _crossed(self, scope):
        limit, events = self.known[scope], []
        for threshold in THRESHOLDS if limit else []:
            reached = self.settled[scope] * 100 >= limit * threshold
            if reached and (scope, threshold) not in self.fired:
                self.fired.add((scope, threshold))
                events.append(f"{scope}:{threshold}")
        return events


def lines(rng):
    """Columns of budget operations, without end: sequences that each start with `new`."""
    while True:
        yield from _sequence(rng)


def _sequence(rng):
    budgets, names, scale = Budgets(), [], rng.choice([1000, 10**6, 10**9, 10**12])
    yield ("budget", "new")
    for scope in _all_scopes():
        yield _limit_line(rng, budgets, scope, scale)
    for index in range(rng.randrange(20, 120)):
        kind = rng.randrange(20)
        if kind == 0:
            yield _limit_line(rng, budgets, rng.choice(_all_scopes()), scale)
        elif kind < 10 or not names:
            names.append(f"h{index}")
            yield _hold_line(rng, budgets, names[-1], scale)
        elif kind < 17:
            yield _settle_line(rng, budgets, _hold_to_end(rng, budgets, names), scale)
        else:
            name = _hold_to_end(rng, budgets, names)
            result = "ok" if budgets.void(name) else "ignored"
            yield ("budget", "void", name, result, _state(budgets, _scopes_of(budgets, name)), "-")


def _hold_to_end(rng, budgets, names):
    """Mostly a hold that is still held, sometimes one that was refused or has ended."""
    live = [name for name in budgets.holds if name not in budgets.ended]
    return rng.choice(live if live and rng.randrange(5) else names)


def _limit_line(rng, budgets, scope, scale):
    kind = rng.randrange(10)
    amount = UNLIMITED if kind == 0 else 0 if kind == 1 else rng.randrange(1, scale * 20)
    budgets.limit(scope, amount)
    shown = "unlimited" if amount is UNLIMITED else str(amount)
    return ("budget", "limit", scope, shown, "ok", _state(budgets, [scope]), "-")


def _hold_line(rng, budgets, name, scale):
    amount = money.INT64_MAX if rng.randrange(500) == 0 else rng.randrange(1, scale * 2)
    period = rng.choice(_PERIODS)
    chosen = [f"tenant:1@{period}"]
    chosen += [f"{kind}:{rng.randrange(2)}@{period}" for kind in _KINDS if rng.randrange(2)]
    refusing, events = budgets.hold(name, amount, chosen)
    result = "ok" if refusing is None else f"refused {refusing}"
    head = ("budget", "hold", name, str(amount), ",".join(chosen), result)
    return (*head, _state(budgets, chosen), ",".join(events) or "-")


def _settle_line(rng, budgets, name, scale):
    held = budgets.holds[name][0] if name in budgets.holds else scale
    cost = rng.choice([0, 1, held, held + 1, held // 2, rng.randrange(scale * 3)])
    cost = min(cost, 10**15)
    events = budgets.settle(name, cost)
    result = "ignored" if events is None else "ok"
    head = ("budget", "settle", name, str(cost), result)
    return (*head, _state(budgets, _scopes_of(budgets, name)), ",".join(events or []) or "-")


_KINDS = ["user", "feature", "key"]
_PERIODS = ["2026-04", "2026-05"]


def _all_scopes():
    scopes = [f"tenant:1@{period}" for period in _PERIODS]
    for kind in _KINDS:
        scopes += [f"{kind}:{number}@{period}" for number in (0, 1) for period in _PERIODS]
    return scopes


def _scopes_of(budgets, name):
    return budgets.holds[name][1] if name in budgets.holds else []


def _state(budgets, scopes):
    parts = [f"{scope}={budgets.settled[scope]}/{budgets.held[scope]}" for scope in scopes]
    return ",".join(parts) or "-"
