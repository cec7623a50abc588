"""From the models of genai-prices to the entries of Weir's price book (docs/prices.md)."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import vendor_rules as rules
from genai_prices import types as upstream
from names import book_names

COMPONENTS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    # The short-lived cache write: 5 minutes at Anthropic, 30 minutes at OpenAI.
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
}
# Media input that the format has no rate for; a call with such input must not be admitted.
UNREAD = {"cache_audio_read_mtok", "input_image_mtok", "input_video_mtok"}
# Models that answer in media cost more than their text rates say: they aren't in the book.
MEDIA_OUTPUT = {"output_audio_mtok", "output_image_mtok", "output_video_mtok"}
RATE_ORDER = list(COMPONENTS.values())
# The rates that tiers and service tiers can change: all but the one for audio.
TIER_RATES = RATE_ORDER[:-1]
FEES = {"web_searches_kcount": "web_search", "storage_searches_kcount": "file_search"}
# Billed by the hour or the character: such models aren't in the book.
OTHER_UNITS = {"audio_hours", "input_audio_hours", "input_mchars"}
KEY_ORDER = ["provider", "model", "match", "effective_from", "context_window", "max_output_tokens"]
KEY_ORDER += ["hidden_thoughts", "deprecated", "embedding", *RATE_ORDER]
KEY_ORDER += ["tiers", "service_tiers", "per_call"]
BOOK_DAY = date.fromisoformat(rules.BOOK_DATE)


def is_skipped(provider, model):
    """Whether an upstream model stays out of the book: not text, not token-priced, or free."""
    keys = {key for prices in _all_prices(model) for key in vars(prices)}
    if keys & (OTHER_UNITS | MEDIA_OUTPUT) or not keys:
        return True
    return any(_fits(pattern, model.id) for pattern in rules.SKIPPED[provider.id])


def model_entries(provider, model):
    """All entries of one upstream model, oldest first."""
    entries = []
    for start, end in _segments(model):
        prices = _standard_prices(model, start)
        body = _rates(prices)
        body["service_tiers"] = _service_tiers(model, start, end)
        body["per_call"] = _fees(prices)
        entries.append(_entry(provider, model, start, body))
    if model.id in rules.REPLACED_RATES:
        entries = [
            _entry(provider, model, date.fromisoformat(start or "0001-01-01"), dict(rates))
            for start, rates in rules.REPLACED_RATES[model.id]
        ]
    for entry in entries:
        apply_vendor_rules(entry)
    return entries


def apply_vendor_rules(entry):
    """Adds what the vendor publishes and upstream lacks. Changes `entry`."""
    model, tiers = entry["model"], entry.setdefault("service_tiers", {})
    entry.setdefault("per_call", {}).update(rules.ADDED_FEES.get(model, {}))
    if entry["provider"] == "anthropic" and model not in rules.CLAUDE_WITHOUT_CACHE:
        for part in [entry, *entry.get("tiers", [])]:
            for component, factor in rules.CLAUDE_CACHE.items():
                part.setdefault(component, _times(part["input"], factor))
        tiers.setdefault("batch", scaled(entry, rules.CLAUDE_BATCH))
    if entry.get("embedding") and entry["provider"] == "openai":
        tiers.setdefault("batch", scaled(entry, rules.OPENAI_EMBEDDING_BATCH))
    if model in rules.GEMINI_BATCH_HALF:
        half = scaled(entry, "0.5") | rules.GEMINI_BATCH_HALF[model]
        tiers.setdefault("batch", half)
    if model in rules.GEMINI_TIERED and "batch" in tiers:
        tiers.setdefault("flex", tiers["batch"])
        tiers.setdefault("priority", scaled(entry, rules.GEMINI_PRIORITY))


def ordered(entry):
    """The entry with its keys in the order of the book, without empty parts."""
    return {key: _ordered_part(entry[key]) for key in KEY_ORDER if entry.get(key)}


def scaled(part, factor):
    """The token rates of `part`, tiers included, each times `factor`."""
    result = {name: _times(part[name], factor) for name in TIER_RATES if name in part}
    if "tiers" in part:
        result["tiers"] = [
            {"above_input_tokens": tier["above_input_tokens"]} | scaled(tier, factor)
            for tier in part["tiers"]
        ]
    return result


def decimal_text(value):
    """A decimal without exponent and without zeros at its end."""
    text = format(Decimal(value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if len(text.partition(".")[2]) > 9 or Decimal(text) < 0:
        raise ValueError(f"a price finer than a nano-dollar, or negative: {value}")
    return text


def _entry(provider, model, start, body):
    entry = {"provider": rules.PROVIDERS[provider.id], "model": model.id} | body
    removed = rules.REMOVED_NAMES.get(model.id, set())
    entry["match"] = [name for name in book_names(model) if name not in removed]
    if start > date.min:
        entry["effective_from"] = start.isoformat()
    known = rules.table_value(rules.CONTEXT_WINDOWS, model.id)
    entry["context_window"] = max(known or 0, model.context_window or 0)
    entry["max_output_tokens"] = rules.table_value(rules.MAX_OUTPUT_TOKENS, model.id)
    entry["deprecated"] = bool(model.deprecated) or model.id in rules.DEPRECATED
    entry["embedding"] = "embedding" in model.id
    if "input" not in entry or ("output" not in entry) != entry["embedding"]:
        raise ValueError(f"{model.id} lacks an input or an output rate")
    return entry


def _segments(model):
    """The spans of days [start, end) within which nothing about the price changes."""
    starts = {date.min} | {
        price.constraint.start_date
        for price in _conditional(model)
        if isinstance(price.constraint, upstream.StartDateConstraint)
    }
    starts |= {
        variant.constraint.start_date
        for variant in model.price_variants or []
        if variant.constraint and variant.constraint.start_date > BOOK_DAY
    }
    edges = [*sorted(starts), date.max]
    return list(pairwise(edges))


def _standard_prices(model, start):
    """The price list in force from `start`: the last that holds, or the dearest of the day."""
    dated = [price for price in _conditional(model) if not _is_daily(price)]
    active = [price for price in dated if _holds(price.constraint, start)][-1]
    windows = [price for price in _conditional(model) if _is_daily(price)]
    if windows and (len(dated) == 1 or start > date.min):
        lists = [vars(price.prices) for price in [active, *windows]]
        dearest = {key: max(part[key] for part in lists) for key in lists[0]}
        return upstream.ModelPrice(**dearest)
    return active.prices


def _service_tiers(model, start, end):
    """The service tiers as they stand on the book's day, or on the nearest day of the span."""
    day = min(max(BOOK_DAY, start), end - timedelta(days=1))
    tiers = {}
    for variant in model.price_variants or []:
        name = next(iter(variant.when.values()))
        if _holds(variant.constraint, day) and vars(variant.prices):
            rates = _rates(variant.prices)
            rates.pop("audio_input", None)
            tiers.setdefault(name, rates)
    return tiers


def _rates(prices):
    """The token rates of an upstream price list: base rates, and `tiers` where there are any."""
    base, tiers = {}, {}
    for key, value in vars(prices).items():
        if key in FEES or key in UNREAD:
            continue
        name = COMPONENTS[key]
        if isinstance(value, upstream.TieredPrices):
            for tier in value.tiers:
                tiers.setdefault(tier.start, {})[name] = decimal_text(tier.price)
            value = value.base
        base[name] = decimal_text(value)
    if tiers:
        base["tiers"] = [{"above_input_tokens": start} | tiers[start] for start in sorted(tiers)]
    return base


def _fees(prices):
    return {
        FEES[key]: decimal_text(value / 1000) for key, value in vars(prices).items() if key in FEES
    }


def _ordered_part(value):
    if isinstance(value, dict):
        order = ["above_input_tokens", *RATE_ORDER, "tiers"]
        keys = sorted(value, key=lambda key: (order.index(key) if key in order else 99, key))
        return {key: _ordered_part(value[key]) for key in keys}
    if isinstance(value, list):
        return [_ordered_part(item) for item in value]
    return value


def _conditional(model):
    if isinstance(model.prices, list):
        return model.prices
    return [upstream.ConditionalPrice(prices=model.prices)]


def _all_prices(model):
    return [price.prices for price in _conditional(model)]


def _is_daily(price):
    return isinstance(price.constraint, upstream.TimeOfDateConstraint)


def _holds(constraint, day):
    return constraint is None or constraint.start_date <= day


def _fits(pattern, name):
    if pattern.startswith("*"):
        return name.endswith(pattern[1:])
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern


def _times(rate, factor):
    return decimal_text(Decimal(rate) * Decimal(factor))
