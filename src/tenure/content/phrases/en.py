"""English."""

from tenure.content.phrases.phrases import Phrases

PHRASES = Phrases(
    hello_name="Hello {name},",
    hello="Hello,",
    why_marketing="You receive this e-mail because you are a customer of {shop} or have asked for it.",
    why_service="This e-mail is about your business with {shop}; it is not advertising.",
    unsubscribe="Unsubscribe",
    preferences="Preferences",
    stop="Stop: {url}",
    off="{amount} off",
    free_shipping="free shipping",
    gift="a gift",
)
