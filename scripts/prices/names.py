"""Model names: from the match clauses of genai-prices to exact names and prefixes, and back.

The price book knows two kinds of names only, an exact one and a prefix ending in `*`.
Regular expressions are translated by hand here; an unknown one stops the generator, so that a
new version of the data cannot slip a rule past a reader.
"""

from genai_prices import types as upstream

# A dated snapshot begins with "20": `claude-fable-5-20*` must not catch `claude-fable-5-1`.
DATE_PATTERNS = (r"-\d{8}$", r"-\d{4}-\d{2}-\d{2}$", r"[-@]\d{8}$")

# Where the upstream rule says "starts with, but is no speech model", which a prefix can't say, the
# names that the vendor lists are written out. https://ai.google.dev/gemini-api/docs/models
WRITTEN_OUT = {
    # Upstream adds the open weights, which resellers serve at other prices.
    "deepseek-reasoner": [],
    "gemini-2.5-pro": ["gemini-2.5-pro-exp-0*", "gemini-2.5-pro-preview-0*"],
    "gemini-2.5-flash-lite": ["gemini-2.5-flash-lite-preview-0*"],
    "gemini-3.5-flash": ["gemini-3.5-flash-0*", "gemini-3.5-flash-preview*"],
    "gemini-3.8-flash": [
        "gemini-3.8-flash-0*",
        "gemini-3.8-flash-preview*",
        "gemini-flash-latest",
    ],
    "gemini-4-argon": ["gemini-4-argon-0*", "gemini-4-argon-preview*"],
}


def book_names(model):
    """The names of one upstream model, without its own id: sorted exact names and prefixes."""
    if model.id in WRITTEN_OUT:
        return WRITTEN_OUT[model.id]
    names = set(_clause_names(model.match)) - {model.id}
    prefixes = [name[:-1] for name in names if name.endswith("*")]
    covered = {
        name
        for name in names
        for prefix in prefixes
        if name != prefix + "*" and name.startswith(prefix)
    }
    return sorted(names - covered)


def resolve(entries, provider, name, day):
    """The entry that prices `name` on `day` (ISO date): best name, then the latest start."""
    best = None
    for entry in entries:
        start = entry.get("effective_from", "")
        if entry["provider"] != provider or start > day:
            continue
        rank = match_rank(entry, name)
        if rank and (best is None or (rank, start) > best[0]):
            best = ((rank, start), entry)
    return best[1] if best else None


def match_rank(entry, name):
    """How well an entry's names fit: None, or a tuple that is greater for a better fit."""
    if name == entry["model"] or name in entry.get("match", []):
        return (1, 0)
    lengths = [
        len(rule)
        for rule in entry.get("match", [])
        if rule.endswith("*") and name.startswith(rule[:-1])
    ]
    return (0, max(lengths)) if lengths else None


def literals(clause):
    """Every text that occurs in an upstream clause: the names on which both must agree."""
    if isinstance(clause, upstream.ClauseOr):
        return [text for part in clause.or_ for text in literals(part)]
    if isinstance(clause, upstream.ClauseAnd):
        return []
    if isinstance(clause, upstream.ClauseRegex):
        return []
    return [next(iter(vars(clause).values()))]


def _clause_names(clause):
    if isinstance(clause, upstream.ClauseOr):
        return [name for part in clause.or_ for name in _clause_names(part)]
    if isinstance(clause, upstream.ClauseEquals):
        return [clause.equals]
    if isinstance(clause, upstream.ClauseStartsWith):
        return [clause.starts_with + "*"]
    if isinstance(clause, upstream.ClauseContains):
        return [clause.contains + "*"]
    if isinstance(clause, upstream.ClauseEndsWith):
        return [clause.ends_with]
    if isinstance(clause, upstream.ClauseRegex):
        return _dated_names(clause.regex)
    raise ValueError(f"a match clause that has no translation: {clause!r}")


def _dated_names(regex):
    for pattern in DATE_PATTERNS:
        if regex.startswith("^") and regex.endswith(pattern):
            stem = regex[1 : -len(pattern)].replace("\\.", ".")
            separators = "-@" if pattern.startswith("[") else "-"
            return [f"{stem}{separator}20*" for separator in separators]
    raise ValueError(f"a regular expression that has no translation: {regex}")
