#!/usr/bin/env python3
"""Test vectors from an independent reference, in Python integers: no floats, no dependencies.

    python3 Tests/Oracle/oracle.py --seed 7 --count 1000000      # one vector a line
    python3 Tests/Oracle/oracle.py --self-test

Columns are separated by tabs; the first is the operation, the last ones what is expected.

    money  cost   TOKENS  NANO_PER_MILLION          NANO | overflow
    money  parse  JSON_STRING                       NANO | refused
    money  print  NANO                              TEXT
    price  PRICE_JSON  USAGE_JSON                   NANO | overflow
    budget new
    budget limit  SCOPE  NANO | unlimited           ok                  STATE  EVENTS
    budget hold   ID  NANO  SCOPE,SCOPE...          ok | refused SCOPE  STATE  EVENTS
    budget settle ID  NANO                          ok | ignored        STATE  EVENTS
    budget void   ID                                ok | ignored        STATE  EVENTS

STATE is SCOPE=SETTLED/HELD of every scope touched, EVENTS is SCOPE:THRESHOLD, both joined by
commas, `-` if empty. SCOPE is kind:id@period. A hold takes the limits that were set before it
(budgets.py). `new` forgets every budget; the lines of one sequence follow each other, with lines
of other operations between them.
"""

import argparse
import random
import sys

import budgets
import money
import prices

BATCH = 10_000


def main():
    arguments = parse_arguments()
    if arguments.self_test:
        return self_test()
    write = sys.stdout.write
    batch = []
    for line in vectors(arguments):
        batch.append(line)
        if len(batch) == BATCH:
            write("\n".join(batch) + "\n")
            batch.clear()
    write("".join(line + "\n" for line in batch))
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000, help="lines to print")
    parser.add_argument("--only", choices=["money", "price", "budget"])
    parser.add_argument("--self-test", action="store_true")
    return parser.parse_args()


def vectors(arguments):
    """The lines of one run: the same for the same arguments."""
    rng = random.Random(arguments.seed)
    budget_lines = budgets.lines(random.Random(arguments.seed + 1))
    kinds = [arguments.only] if arguments.only else ["money", "money", "price", "price", "budget"]
    for index in range(arguments.count):
        kind = kinds[index % len(kinds)]
        if kind == "money":
            columns = money.vector(rng)
        elif kind == "price":
            columns = prices.vector(rng)
        else:
            columns = next(budget_lines)
        yield "\t".join(columns)


def self_test():
    """Facts worked out by hand, and properties that hold for every vector."""
    check_money()
    check_prices()
    check_budgets()
    arguments = argparse.Namespace(seed=3, count=20_000, only=None)
    first = list(vectors(arguments))
    assert first == list(vectors(arguments)), "the same seed must give the same lines"
    assert {line.split("\t")[0] for line in first} == {"money", "price", "budget"}
    print("oracle: all checks passed")
    return 0


def check_money():
    assert money.cost(312, 800_000_000) + money.cost(87, 4_000_000_000) == 597_600
    assert money.text(597_600) == "0.000598"
    assert money.cost(1, 1) == 1 and money.cost(0, 10**18) == 0
    assert money.cost(10**6, money.INT64_MAX) == money.INT64_MAX
    assert money.cost(10**6 + 1, money.INT64_MAX) is None
    accepted = {"0": 0, "12": 12 * 10**9, "12.5": 12_500_000_000, "0.000000001": 1}
    accepted |= {"1000000000": 10**18, "1.10": 1_100_000_000, "0.0": 0}
    for text, nano in accepted.items():
        assert money.parse(text) == nano, text
    refused = ["", ".5", "5.", "01", "00", "+1", "-1", "1e3", "NaN", "inf", "1abc", " 1", "1 "]
    refused += ["0.0000000010", "1000000000.000000001", "1000000001", "\uff11", "1_0", "9" * 30]
    for text in refused:
        assert money.parse(text) is None, text
    shown = {0: "0", 10**10: "10", 3_210_000_000: "3.21", 499: "0", 500: "0.000001"}
    shown |= {999_999_500: "1", 1_000_000_499: "1", 598_000: "0.000598"}
    for nano, text in shown.items():
        assert money.text(nano) == text, nano


def check_prices():
    price = {"input": "3", "output": "15", "cache_read": "0.3"}
    price["tiers"] = [{"above_input_tokens": 200_000, "input": "6", "output": "22.5"}]
    price["service_tiers"] = {"batch": {"input": "1.5", "output": "7.5"}}
    usage = {"input_tokens": 200_000, "output_tokens": 1000, "cache_read_tokens": 100_000}
    assert prices.total(price, usage) == (300 + 30 + 15) * 10**6
    usage["service_tier"] = "batch"
    assert prices.total(price, usage) == (150 + 30) * 10**6 + 7_500_000
    usage |= {"input_tokens": 200_001, "service_tier": "standard"}
    assert prices.total(price, usage) == 100_001 * 6000 + 30 * 10**6 + 22_500_000
    usage = {"input_tokens": 10, "output_tokens": 0, "cache_write_1h_tokens": 10}
    assert prices.total({"input": "0.000001", "output": "0"}, usage) == 1
    search = {"input": "1", "output": "2", "per_call": {"web_search": "0.01"}}
    usage = {"input_tokens": 0, "output_tokens": 3, "calls": {"web_search": 2}}
    assert prices.total(search, usage) == 3 * 2000 + 2 * 10_000_000
    price["service_tiers"]["flex"] = {"tiers": [{"above_input_tokens": 9, "output": "0.5"}]}
    usage = {"input_tokens": 10, "output_tokens": 4, "service_tier": "flex"}
    assert prices.total(price, usage) == 10 * 3000 + 4 * 500


def check_budgets():
    book = budgets.Budgets()
    for scope, amount in [("t", 100), ("u", 50), ("free", None), ("zero", 0)]:
        book.limit(scope, amount)
    assert book.hold("a", 50, ["t", "u"]) == (None, [])
    assert book.hold("b", 1, ["t", "u"]) == ("u", []) and book.held["t"] == 50
    assert book.hold("c", 1, ["zero"]) == ("zero", [])
    assert book.hold("d", 50, ["t", "free"]) == (None, [])
    assert book.hold("e", 1, ["t"]) == ("t", [])
    assert book.settle("a", 80) == ["t:80", "u:80", "u:100"]
    assert book.settle("a", 80) is None and book.settled["t"] == 80
    assert book.void("d") and not book.void("d") and book.held["t"] == 0
    book.limit("t", 80)
    assert book.hold("f", 1, ["t"]) == ("t", ["t:100"])
    book.limit("t", 200)
    assert book.hold("g", 120, ["t"]) == (None, []) and book.settle("g", 120) == []


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.stderr.close()
