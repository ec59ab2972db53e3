"""Russian, addressing people as вы."""

from tenure.content.phrases.phrases import Phrases

# In quotation marks a name stays as it is, whatever the case of the noun before it.
PHRASES = Phrases(
    hello_name="Здравствуйте, {name}!",
    hello="Здравствуйте!",
    why_marketing="Вы получили это письмо, потому что вы клиент компании «{shop}» или согласились его получать.",
    why_service="Это служебное письмо от компании «{shop}», оно не является рекламой.",
    unsubscribe="Отписаться",
    preferences="Настройки рассылки",
    stop="Отписаться: {url}",
    off="скидка {amount}",
    free_shipping="бесплатная доставка",
    gift="подарок",
)
