"""Other names: what else places, units and things are called: `sf`, `nyc`, `folder` for `directory`."""

from functools import lru_cache

from callwright.checks.normal_forms import words

_SAME = """
    san francisco|sf|san fran|frisco|s f|sfo
    los angeles|la|l a|lax
    new york|nyc|ny|big apple|n y c|n y|manhattan
    las vegas|vegas|sin city
    philadelphia|philly|phily|phi
    washington|washington dc|dc|d c|washington d c|district of columbia
    mexico city|cdmx|ciudad de mexico|mexico df
    chicago|chi town|windy city
    san diego|sd
    san jose|sj
    atlanta|atl
    new orleans|nola
    portland|pdx
    seattle|emerald city
    saint|st
    mount|mt
    fort|ft
    united states|us|usa|america|u s|u s a|states
    united kingdom|uk|britain|england|u k
    europe|eu
    television|tv|t v
    bicycle|bike
    telephone|phone
    movie|film
    photograph|photo|picture|pic
    directory|folder|dir
    document|doc
    kilometers|km|kms|kilometres
    miles|mi|mile
    celsius|metric|centigrade|c
    fahrenheit|imperial|f
    dollars|usd|dollar|bucks
    euros|eur|euro
    pounds|gbp|pound
    yen|jpy
    alabama|al
    arizona|az
    california|ca|cali
    colorado|co
    florida|fl
    georgia|ga
    hawaii|hi
    illinois|il
    massachusetts|ma|mass
    maryland|md
    michigan|mi
    minnesota|mn
    nevada|nv
    new jersey|nj
    north carolina|nc
    ohio|oh
    oregon|or
    pennsylvania|pa
    tennessee|tn
    texas|tx
    utah|ut
    virginia|va
    wisconsin|wi
"""
"""A line names one thing."""
_ALIASES = {
    member: tuple(b" " + other.encode() + b" " for other in line.strip().split("|") if other != member)
    for line in _SAME.strip().splitlines()
    for member in line.strip().split("|")
}


@lru_cache(maxsize=65536)
def aliases(text: str) -> tuple[tuple[frozenset[bytes], tuple[bytes, ...]], ...]:
    """Parts of `text` with other names: the words of the part, and needles of what else it is called."""
    split = words(text)
    found = []
    for length in (4, 3, 2, 1):
        for start in range(len(split) - length + 1):
            part = split[start : start + length]
            known = _ALIASES.get(b" ".join(part).decode())
            if known:
                found.append((frozenset(part), known))
    return tuple(found)
