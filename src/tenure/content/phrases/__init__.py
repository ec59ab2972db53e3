"""The phrases that every message needs and no campaign should have to write, one file a language.

Another language is another file with a `PHRASES` and a line in `BY_LANGUAGE`.
"""

from tenure.content.phrases import de, en, fr, hu, id, ru
from tenure.content.phrases.phrases import Phrases

BY_LANGUAGE: dict[str, Phrases] = {
    "de": de.PHRASES, "en": en.PHRASES, "fr": fr.PHRASES, "hu": hu.PHRASES, "id": id.PHRASES, "ru": ru.PHRASES,
}  # fmt: skip
