"""German, addressing people as Sie."""

from tenure.content.phrases.phrases import Phrases

PHRASES = Phrases(
    hello_name="Hallo {name},",
    hello="Guten Tag,",
    why_marketing=(
        "Sie erhalten diese E-Mail, weil Sie Kundin oder Kunde von {shop} sind oder sich dafür angemeldet haben."
    ),
    why_service="Sie erhalten diese E-Mail als Kundin oder Kunde von {shop}; es handelt sich nicht um Werbung.",
    unsubscribe="Abmelden",
    preferences="Einstellungen",
    stop="Abmelden: {url}",
    off="{amount} Rabatt",
    free_shipping="kostenloser Versand",
    gift="ein Geschenk",
)
