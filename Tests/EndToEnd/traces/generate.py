"""Writes arrivals.csv anew, the same one each time: `milliseconds,tenant`, in order."""
import pathlib
import random

SEED, SECONDS = 20, 40


def poisson(chance, rate):
    moment = chance.expovariate(rate)
    while moment < SECONDS:
        yield moment
        moment += chance.expovariate(rate)


def bursts(chance):
    for start in (1, 14, 28):
        moment = start + chance.uniform(0, 6)
        for _ in range(30):
            yield moment
            moment += chance.choice((0, 0, 0.001, 0.02))


def even(chance):
    """A little faster than the rate: it gives way after the burst is used up."""
    moment = chance.uniform(0, 1)
    while moment < SECONDS:
        yield moment
        moment += 0.4


def exact(chance):
    """All that goes at once, then one whenever the next is about to come free."""
    start = chance.uniform(0, 2)
    yield from [start] * 21
    for number in range(1, 60):
        yield start + number * 0.6 + chance.uniform(-0.05, 0.05)


def main():
    chance = random.Random(SEED)
    kinds = ([lambda: poisson(chance, 1.2)] * 10 + [lambda: poisson(chance, 2.5)] * 10
             + [lambda: bursts(chance)] * 10 + [lambda: even(chance)] * 5
             + [lambda: exact(chance)] * 5)
    arrivals = sorted((round(moment * 1000), tenant)
                      for tenant, kind in enumerate(kinds, 1) for moment in kind())
    lines = "".join(f"{moment},{tenant}\n" for moment, tenant in arrivals)
    pathlib.Path(__file__).with_name("arrivals.csv").write_text(lines)


main()
