"""What genai-prices lacks and the vendors publish: every fact with its page.

Rates are USD per million tokens, as decimal strings; fees are USD per call.
"""

# The day the book was made. Service tiers are taken as they stand on this day.
BOOK_DATE = "2026-11-22"
BOOK_VERSION = BOOK_DATE + ".1"

# genai-prices calls the Gemini API's vendor "google"; Weir names the API.
PROVIDERS = {
    "anthropic": "anthropic",
    "deepseek": "deepseek",
    "google": "gemini",
    "openai": "openai",
}

# Left out: `*` at the end is a prefix, at the start a suffix. What isn't in the book is refused.
SKIPPED = {
    "google": {
        "claude-*": "Claude on Vertex AI, not served by the Gemini API",
        "gemini-live-*": "live sessions",
        "gemini-3.1-flash-live-preview": "live sessions",
        "gemini-3.8-live": "live sessions",
        "gemma-2-27b-it": "the price is a reseller's",
        "gemma-4-26b-a4b-it-maas": "Vertex AI only",
    },
    "openai": {
        "chatgpt-image-latest": "images API",
        "gpt-image-*": "images API",
        "gpt-5-image*": "the price is a reseller's",
        "gpt-5.4-image-2": "the price is a reseller's",
        "gpt-oss-*": "open weights, the price is a reseller's",
        "gpt-4o:extended": "a reseller's name",
        "gpt-realtime*": "realtime sessions",
        "gpt-4o-realtime-preview": "realtime sessions",
        "gpt-4o-mini-realtime-preview": "realtime sessions",
        "gpt-4o-mini-tts": "audio API",
        "*-transcribe": "audio API",
        "gpt-4o-audio-preview": "answers in audio",
        "gpt-4o-mini-audio-preview": "answers in audio",
    },
    "deepseek": {
        "deepseek-v3.1-terminus": "a reseller's name",
        "deepseek-v3.2": "a reseller's name",
        "deepseek-v3.2-exp": "a reseller's name",
    },
    "anthropic": {},
}

# Names that upstream files under a model with other fees or other habits of thinking; they have
# entries of their own below.
REMOVED_NAMES = {
    "gpt-4o-mini": {"gpt-4o-mini-search-preview", "gpt-4o-mini-search-preview-2025-03-11"},
    "gemini-2.0-flash": {"gemini-2.0-flash-thinking", "gemini-2.0-flash-thinking*"},
}

# Prompt caching on Claude: writes 1.25 x (5 minutes) and 2 x (1 hour), reads 0.1 x the input
# rate. https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing
CLAUDE_CACHE = {"cache_write_5m": "1.25", "cache_write_1h": "2", "cache_read": "0.1"}
CLAUDE_WITHOUT_CACHE = {"claude-2", "claude-v1"}

# Message Batches: half of every rate, cache included.
# https://platform.claude.com/docs/en/build-with-claude/batch-processing#pricing
# Anthropic's Priority Tier is bought as committed capacity and has no published token price, so
# there is no "priority" here. https://platform.claude.com/docs/en/api/service-tiers
CLAUDE_BATCH = "0.5"

# Gemini: flex costs what batch costs; priority is 1.8 x the standard rates, cache included.
# https://ai.google.dev/gemini-api/docs/pricing and .../docs/optimization
GEMINI_PRIORITY = "1.8"
GEMINI_TIERED = {
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3-flash-preview",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.6-flash",
    "gemini-3.7-flash",
    "gemini-3.8-flash",
    "gemini-4-argon",
}
# Models whose batch rates upstream doesn't list: half, and the published cache rate if rounded.
GEMINI_BATCH_HALF = {"gemini-3.5-flash": {"cache_read": "0.08"}, "gemini-3.7-flash": {}}

# The Batch API halves embeddings too. https://developers.openai.com/api/docs/pricing
OPENAI_EMBEDDING_BATCH = "0.5"

# The search models search on every call: a fee for each request. https://developers.openai.com/api/docs/pricing
ADDED_FEES = {
    "gpt-4o-search-preview": {"request": "0.025"},
    "gpt-5-search-api": {"request": "0.01"},
}

# DeepSeek charges twice as much at peak hours (01:00-04:00 and 06:00-10:00 UTC on weekdays). The
# book has no time of day: it carries the peak rates, an upper bound, so that a budget is never
# passed. https://api-docs.deepseek.com/quick_start/pricing
# Replaced wholly: upstream's rates for these are older, or lack the V4 peak rates of August 2026.
REPLACED_RATES = {
    "deepseek-chat": [
        ("", {"input": "0.27", "cache_read": "0.07", "output": "1.1"}),
        # https://api-docs.deepseek.com/news/news250929; the name was retired on 2026-07-24.
        ("2025-09-29", {"input": "0.28", "cache_read": "0.028", "output": "0.42"}),
    ],
    "deepseek-reasoner": [
        ("", {"input": "0.55", "cache_read": "0.14", "output": "2.19"}),
        ("2025-09-29", {"input": "0.28", "cache_read": "0.028", "output": "0.42"}),
    ],
    "deepseek-v4-flash": [
        ("", {"input": "0.14", "cache_read": "0.0028", "output": "0.28"}),
        ("2026-08-17", {"input": "0.44", "cache_read": "0.014", "output": "1.32"}),
        ("2026-09-10", {"input": "0.3", "cache_read": "0.006", "output": "1.2"}),
    ],
}
DEPRECATED = {"deepseek-chat", "deepseek-reasoner"}

# Claude Mythos shares the specification and the price of the Fable of the same number.
# https://platform.claude.com/docs/en/about-claude/pricing#model-pricing
SAME_PRICE = {
    ("anthropic", "claude-mythos-5", "claude-fable-5"): ["claude-mythos-5-20*"],
    ("anthropic", "claude-mythos-5-1", "claude-fable-5-1"): ["claude-mythos-5-1-20*"],
    ("gemini", "gemini-2.0-flash-thinking-exp", "gemini-2.0-flash"): ["gemini-2.0-flash-thinking*"],
    ("openai", "gpt-4o-mini-search-preview", "gpt-4o-mini"): [
        "gpt-4o-mini-search-preview-2025-03-11"
    ],
}
# The mini search model has its parent's standard rates, its own fee, and no service tiers.
SAME_PRICE_FEES = {"gpt-4o-mini-search-preview": {"request": "0.025"}}

# Context windows that upstream lacks or rounds down. The larger of both is taken: the window
# bounds the worst case, so it must never be too small. Pages: the vendors' model lists, read
# through https://github.com/BerriAI/litellm (model_prices_and_context_window.json, MIT).
CONTEXT_WINDOWS = {
    1_050_000: "gpt-5.5 gpt-5.5-pro",
    1_048_576: """gemini-1.5-flash gemini-2.0-flash gemini-2.0-flash-lite gemini-2.5-flash
        gemini-2.5-flash-lite gemini-2.5-flash-preview gemini-2.5-pro gemini-3-flash-preview
        gemini-3-pro-preview gemini-3.1-flash-lite gemini-3.1-pro-preview gemini-3.5-flash
        gemini-3.5-flash-lite gemini-3.6-flash gemini-3.7-flash gemini-3.8-flash
        gemini-4-argon""",
    2_097_152: "gemini-1.5-pro",
    1_047_576: "gpt-4.1 gpt-4.1-mini gpt-4.1-nano",
    922_000: "gpt-6-rosalind",
    400_000: "gpt-5.6-cyber gpt-5-search-api gpt-chat-latest",
    131_072: """deepseek-chat deepseek-reasoner gemini-robotics-er-2-preview
        gemini-robotics-er-2-streaming-preview""",
    128_000: "gpt-4.5-preview ft:gpt-4o ft:gpt-4o-mini gpt-4o-mini-2024-07-18.ft-",
    16_385: "ft:gpt-3.5-turbo- gpt-3.5-0301",
    8_192: "gemini-3.1-flash-tts-preview gemini-3.8-flash-tts gemini-3.8-flash-lite-tts",
    2_048: "gemini-embedding-001",
}

# Most output tokens of one call, reasoning included. https://platform.claude.com/docs/en/about-
# claude/models/overview, https://developers.openai.com/api/docs/models,
# https://ai.google.dev/gemini-api/docs/models, https://api-docs.deepseek.com/quick_start/pricing
MAX_OUTPUT_TOKENS = {
    1_048_576: "gemini-4-argon",
    393_216: "deepseek-flash deepseek-v4-flash deepseek-v4-pro",
    272_000: "gpt-5-pro",
    128_000: """claude-fable-5 claude-fable-5-1 claude-fable-5-2 claude-haiku-5-5 claude-mythos-5
        claude-mythos-5-1 claude-mythos-5-2 claude-opus-4-6 claude-opus-4-7 claude-opus-4-8
        claude-opus-5 claude-opus-5-5 claude-sonnet-4-6 claude-sonnet-5 claude-sonnet-5-5 gpt-5
        gpt-5-mini gpt-5-nano gpt-5-search-api gpt-5.1 gpt-5.1-codex-mini gpt-5.2 gpt-5.2-pro
        gpt-5.3-codex gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.4-pro gpt-5.5 gpt-5.5-pro
        gpt-5.6-cyber gpt-5.6-luna gpt-5.6-sol gpt-5.6-terra gpt-6-astra gpt-6-luna gpt-6-rosalind
        gpt-6-sol gpt-6.1-sol gpt-6.1-terra gpt-chat-latest""",
    100_000: """codex-mini o1 o1-pro o3 o3-deep-research o3-mini o3-pro o4-mini
        o4-mini-deep-research""",
    65_536: """deepseek-reasoner gemini-2.5-flash gemini-2.5-flash-lite gemini-2.5-flash-preview
        gemini-2.5-pro gemini-3-flash-preview gemini-3-pro-preview gemini-3.1-flash-lite
        gemini-3.1-pro-preview gemini-3.5-flash gemini-3.5-flash-lite gemini-3.6-flash
        gemini-3.7-flash gemini-3.8-flash gemini-robotics-er-2-preview
        gemini-robotics-er-2-streaming-preview o1-mini""",
    64_000: "claude-haiku-4-5 claude-3-7-sonnet-latest claude-opus-4-5 claude-sonnet-4-0 "
    "claude-sonnet-4-5",
    32_768: "gpt-4.1 gpt-4.1-mini gpt-4.1-nano o1-preview",
    32_000: "claude-opus-4-0 claude-opus-4-1",
    16_384: """chatgpt-4o-latest ft:gpt-4o ft:gpt-4o-mini gemini-2.5-flash-tts gemini-2.5-pro-tts
        gemini-3.1-flash-tts-preview gemini-3.8-flash-lite-tts gemini-3.8-flash-tts
        gpt-4.5-preview gpt-4o gpt-4o-mini gpt-4o-mini-2024-07-18.ft- gpt-4o-mini-search-preview
        gpt-4o-search-preview gpt-5.3""",
    8_192: """claude-3-5-haiku-latest claude-3-5-sonnet deepseek-chat gemini-1.5-flash
        gemini-1.5-pro gemini-2.0-flash gemini-2.0-flash-lite gpt-4""",
    4_096: """babbage-002 claude-2 claude-3-haiku claude-3-opus-latest claude-3-sonnet davinci-002
        ft:gpt-3.5-turbo- gpt-3.5-0301 gpt-3.5-turbo gpt-3.5-turbo-0613 gpt-3.5-turbo-1106
        gpt-3.5-turbo-16k gpt-3.5-turbo-instruct gpt-4-turbo gpt-4-vision-preview
        gpt-4o-2024-05-13""",
    1_024: "computer-use",
}


# When a model bills thoughts that no client is shown, by its name; `*` at the end is a prefix, and
# the first that fits counts. What isn't listed is "always": nobody is charged below the invoice
# because a family is new here.
HIDDEN_THOUGHTS = {
    "anthropic": [
        # Thinking came with 3.7, on request; from 4 on it is a summary that is shown. Generation 5
        # thinks unless it is told not to. https://platform.claude.com/docs/en/build-with-claude/
        # extended-thinking and .../adaptive-thinking
        ("never", "claude-2* claude-v* claude-3-haiku* claude-3-sonnet* claude-3-opus*"),
        ("never", "claude-3-5-* claude-3.5-*"),
        ("on_request", "claude-3-7-* claude-opus-4-* claude-sonnet-4-* claude-haiku-4-*"),
        ("by_default", "claude-haiku-5* claude-sonnet-5* claude-opus-5*"),
    ],
    "openai": [
        # Reasoning began with o1; from GPT-5.1 on the effort can be "none", but for the models of
        # the lines pro and codex. https://developers.openai.com/api/docs/guides/reasoning
        ("never", "gpt-3.5* gpt-35* gpt-4* chatgpt-4o* ft:gpt-3.5* ft:gpt-4*"),
        ("never", "ada babbage* curie davinci* text-*"),
        ("by_default", "gpt-5.1 gpt-5.2 gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.5"),
        ("by_default", "gpt-5.6-luna gpt-5.6-sol gpt-5.6-terra"),
    ],
    "deepseek": [
        # `reasoning_content` is every thought. https://api-docs.deepseek.com/guides/thinking_mode
        ("never", "deepseek-chat* deepseek-reasoner deepseek-flash deepseek-v4-*"),
    ],
    "gemini": [
        # Thinking came with 2.0 Flash Thinking. 2.5 Flash doesn't with a budget of 0, 2.5 Flash
        # Lite only with one above; 2.5 Pro, and all from 3 on, can't be kept from it.
        # https://ai.google.dev/gemini-api/docs/thinking
        ("always", "gemini-2.0-flash-thinking*"),
        ("never", "gemini-1.* gemini-pro gemini-pro-1.5 gemini-flash-1.5* gemini-2.0-*"),
        ("never", "gemini-embedding-*"),
        ("on_request", "gemini-2.5-flash-lite gemini-2.5-flash-lite-preview-0*"),
        ("by_default", "gemini-2.5-flash gemini-2.5-flash-preview"),
    ],
}


def hidden_thoughts(provider, model):
    """When the model named so hides thoughts, in the word of the format."""
    for word, names in HIDDEN_THOUGHTS[provider]:
        for name in names.split():
            if model == name or name.endswith("*") and model.startswith(name[:-1]):
                return word
    return "always"


def table_value(table, model):
    """The number under which `model` is listed, or None."""
    return next((value for value, names in table.items() if model in names.split()), None)
