"""German, addressing people as Sie."""

from tenure.content.phrases.phrases import Phrases

PHRASES = Phrases(
    hello_name="Hallo {name},",
    hello="Guten Tag,",
    why_marketing="Sie erhalten diese E-Mail, weil Sie bei {shop} Kundin oder Kunde sind oder sie bestellt haben.",
    why_service="Diese E-Mail betrifft Ihre Geschäfte mit {shop} und ist keine Werbung.",
    unsubscribe="Abmelden",
    preferences="Einstellungen",
    stop="Abmelden: {url}",
    off="{amount} Rabatt",
    free_shipping="kostenloser Versand",
    gift="ein Geschenk",
)
