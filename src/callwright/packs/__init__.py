"""Packs: tokens and labels of whole conversations, laid end to end, as training reads them.

`encode` turns a renderer's spans into an `Example`; `write` spools examples to disk and, when all are there,
packs them by best fit decreasing; `Packs` and `read` give them back. Only lengths are held in memory.
"""

from callwright.packs.examples import IGNORED, Example, encode
from callwright.packs.layout import Layout, layout
from callwright.packs.shards import Pack, PackManifest, Packs, Shard, read, read_manifest, summary, write

__all__ = [
    "IGNORED",
    "Example",
    "Layout",
    "Pack",
    "PackManifest",
    "Packs",
    "Shard",
    "encode",
    "layout",
    "read",
    "read_manifest",
    "summary",
    "write",
]
