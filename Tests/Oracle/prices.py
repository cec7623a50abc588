"""The cost of a call from its price and its usage. Reference for docs/prices.md, "The cost"."""

import money

CACHE = ["cache_read", "cache_write_5m", "cache_write_1h"]
RATES = ["input", "output", *CACHE]


def total(price, usage):
    """Nano-USD of one call, or None if it doesn't fit 64 bits."""
    lists = rate_lists(price, usage)
    amount = 0
    for component, tokens in component_tokens(usage).items():
        if tokens:
            part = money.cost(tokens, rate(lists, component))
            if part is None:
                return None
            amount += part
    for tool, calls in usage.get("calls", {}).items():
        amount += calls * money.parse(price["per_call"][tool])
    return amount if amount <= money.INT64_MAX else None


def rate_lists(price, usage):
    """The lists in which a rate is looked for, in this order."""
    lists = []
    service = price.get("service_tiers", {}).get(usage.get("service_tier"))
    for part in [service, price]:
        if part is not None:
            reached = [
                tier
                for tier in part.get("tiers", [])
                if usage["input_tokens"] > tier["above_input_tokens"]
            ]
            if reached:
                lists.append(max(reached, key=lambda tier: tier["above_input_tokens"]))
            lists.append(part)
    return lists


def rate(lists, component):
    """The first rate of the component; a cache rate that none has is the input rate."""
    for part in lists:
        if component in part:
            return money.parse(part[component])
    return rate(lists, "input")


def component_tokens(usage):
    """Tokens of each component: every token of the call is in exactly one."""
    tokens = {name: usage.get(f"{name}_tokens", 0) for name in CACHE}
    tokens["input"] = usage["input_tokens"] - sum(tokens.values())
    tokens["output"] = usage["output_tokens"]
    return tokens


def vector(rng):
    """One line's columns: price, definition, usage, expected."""
    price = _price(rng)
    usage = _usage(rng, price)
    expected = total(price, usage)
    return ("price", _json(price), _json(usage), "overflow" if expected is None else str(expected))


def _price(rng):
    names = RATES
    price = {"provider": "oracle", "model": "oracle-1"}
    if rng.randrange(16) == 0:
        names = ["input"]
        price["embedding"] = True
    price |= _rates(rng, names, required=True)
    if rng.randrange(2):
        price["tiers"] = _tiers(rng, names)
    if rng.randrange(2):
        tiers = rng.sample(["batch", "flex", "priority", "fast"], rng.randrange(3) + 1)
        price["service_tiers"] = {tier: _service(rng, names) for tier in tiers}
    if rng.randrange(4) == 0:
        price["per_call"] = {"web_search": money.decimal(rng, 30)}
    return price


def _service(rng, names):
    service = _rates(rng, names, required=rng.randrange(4) > 0)
    if rng.randrange(3) == 0:
        service["tiers"] = _tiers(rng, names)
    return service


def _tiers(rng, names):
    starts = rng.sample([1, 2, 1000, 128_000, 200_000, 272_000], rng.randrange(3) + 1)
    return [
        {"above_input_tokens": start} | _rates(rng, names, required=rng.randrange(4) > 0)
        for start in starts
    ]


def _rates(rng, names, required):
    """Some of the rates; of an entry that is `required` at least input and output."""
    bits = 62 if rng.randrange(64) == 0 else 38
    rates = {}
    for name in names:
        if (required and name in ("input", "output")) or rng.randrange(2):
            rates[name] = money.decimal(rng, bits)
    return rates or {"input": money.decimal(rng, bits)}


def _usage(rng, price):
    bits = 40 if rng.randrange(64) == 0 else 21
    total_input = rng.choice([0, 1, 999, 1000, 1001, 128_000, 200_000, 200_001, 272_000, 272_001])
    if rng.randrange(4):
        total_input = money.number(rng, bits)
    usage = {"input_tokens": total_input}
    embedding = "embedding" in price
    usage["output_tokens"] = 0 if embedding else money.number(rng, bits)
    available = total_input
    for name in [] if embedding else CACHE:
        if rng.randrange(2):
            usage[f"{name}_tokens"] = min(money.number(rng, bits), available)
            available -= usage[f"{name}_tokens"]
    if rng.randrange(2):
        usage["service_tier"] = rng.choice(["batch", "flex", "priority", "fast", "standard"])
    if "per_call" in price:
        usage["calls"] = {"web_search": rng.randrange(20)}
    return usage


def _json(value):
    """Compact JSON; quicker than the general encoder, for a million lines."""
    if isinstance(value, dict):
        return "{" + ",".join(f'"{key}":{_json(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
