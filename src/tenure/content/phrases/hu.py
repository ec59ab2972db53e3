"""Hungarian, addressing people as Ön."""

from tenure.content.phrases.phrases import Phrases

# The article before a name would have to be `a` or `az` by its sound, so the shop stands alone in front.
PHRASES = Phrases(
    hello_name="Kedves {name}!",
    hello="Kedves Ügyfelünk!",
    why_marketing="{shop}: ezt az e-mailt azért kapja, mert Ön az ügyfelünk, vagy kérte, hogy írjunk Önnek.",
    why_service="{shop}: ez az e-mail az Ön ügyében küldött tájékoztatás, nem reklám.",
    unsubscribe="Leiratkozás",
    preferences="Beállítások",
    stop="Leiratkozás: {url}",
    off="{amount} kedvezmény",
    free_shipping="ingyenes szállítás",
    gift="ajándék",
    family_name_first=True,
)
