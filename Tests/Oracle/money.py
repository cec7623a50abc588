"""Money in integers: nano-USD, never a float. Reference for WeirCore's Money."""

import json

INT64_MAX = 2**63 - 1
NANO_PER_USD = 10**9
MAX_USD = 10**9
TOKENS_PER_PRICE = 10**6


def cost(tokens, price):
    """ceil(tokens x price / 10^6) in nano-USD; None if it doesn't fit 64 bits."""
    total = -(-tokens * price // TOKENS_PER_PRICE)
    return total if total <= INT64_MAX else None


def parse(text):
    """Nano-USD of a decimal text, or None if it is refused.

    `0` or digits without a leading zero, then perhaps a point and one to nine digits; at most
    10^9 USD. ASCII only, nothing around it.
    """
    whole, point, fraction = text.partition(".")
    if not _is_digits(whole) or (whole[0] == "0" and whole != "0"):
        return None
    if point and not (_is_digits(fraction) and len(fraction) <= 9):
        return None
    if len(whole) > 10:
        return None
    nano = int(whole) * NANO_PER_USD + int(fraction.ljust(9, "0") or "0")
    return nano if nano <= MAX_USD * NANO_PER_USD else None


def text(nano):
    """A JSON number in USD with at most six decimals, rounded half up, no zeros at its end."""
    micro = (nano + 500) // 1000
    whole, fraction = divmod(micro, 10**6)
    digits = f"{fraction:06d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _is_digits(part):
    return part != "" and all("0" <= character <= "9" for character in part)


COST_EXTREMES = [0, 1, 2, 999_999, 10**6, 10**6 + 1, 2**31, 2**32, 2**53 + 1, 10**18]
COST_EXTREMES += [INT64_MAX - 1, INT64_MAX]
PARSE_CASES = ["0", "1", "12", "12.5", "0.000000001", "0.0000000010", "0.0", "0.", ".5", "5.", "."]
PARSE_CASES += ["", "-1", "-0", "+1", "+0", "00", "01", "00.5", "0.5", "1e3", "1E3", "1e-3", "NaN"]
PARSE_CASES += ["nan", "Infinity", "inf", "-inf", "1abc", "abc", "0x10", "1,5", "1_000", "1 000"]
PARSE_CASES += [" 1", "1 ", "\t1", "1\n", "\u00a01", "\uff11", "\u0663", "1\u0000", "1..2", "1.2.3"]
PARSE_CASES += ["1000000000", "1000000000.0", "1000000000.000000001", "1000000001", "999999999.9"]
PARSE_CASES += ["999999999.999999999", "9" * 19, "9" * 40, "10000000000", "0.1234567891", "1.-5"]
PRINT_EXTREMES = [0, 1, 499, 500, 501, 999, 1000, 1499, 1500, 598_000, 999_999_499, 999_999_500]
PRINT_EXTREMES += [10**9, 10**10, 3_210_000_000, 10**18, INT64_MAX - 500, INT64_MAX]


def number(rng, bits):
    """A number of any size up to `bits` bits, each length equally likely."""
    return rng.getrandbits(rng.randrange(bits) + 1)


def decimal(rng, bits=40):
    """A decimal text that is accepted, of any size."""
    nano = min(number(rng, bits), MAX_USD * NANO_PER_USD)
    whole, fraction = divmod(nano, NANO_PER_USD)
    digits = f"{fraction:09d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def vector(rng):
    """One line's columns: money, what, arguments, expected."""
    kind = rng.randrange(3)
    if kind == 0:
        return _cost_vector(rng)
    if kind == 1:
        source = rng.choice(PARSE_CASES) if rng.randrange(4) == 0 else _mutated(rng)
        nano = parse(source)
        return ("money", "parse", quoted(source), "refused" if nano is None else str(nano))
    nano = rng.choice(PRINT_EXTREMES) if rng.randrange(8) == 0 else number(rng, 63)
    return ("money", "print", str(nano), text(nano))


def quoted(source):
    """A JSON string, so that a line stays one line and its columns stay apart."""
    return json.dumps(source)


def _cost_vector(rng):
    if rng.randrange(8) == 0:
        tokens, price = rng.choice(COST_EXTREMES), rng.choice(COST_EXTREMES)
    else:
        tokens, price = number(rng, 40), number(rng, 44)
    expected = cost(tokens, price)
    shown = "overflow" if expected is None else str(expected)
    return ("money", "cost", str(tokens), str(price), shown)


def _mutated(rng):
    source = decimal(rng, 62)
    if rng.randrange(3) == 0:
        place = rng.randrange(len(source) + 1)
        source = source[:place] + rng.choice("0.9-+eE x,_") + source[place:]
    return source
