"""Generate: exactly as many new conversations as asked for, each checked, none twice, none a test row."""

from callwright.generate.generating import Composer, generate, preview

__all__ = ["Composer", "generate", "preview"]
