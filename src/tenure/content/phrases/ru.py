"""Russian, addressing people as вы."""

from tenure.content.phrases.phrases import Phrases

# In quotation marks a name stays as it is, whatever the case of the noun before it.
PHRASES = Phrases(
    hello_name="Здравствуйте, {name}!",
    hello="Здравствуйте!",
    why_marketing="Вы получили это письмо, потому что вы клиент компании «{shop}» или подписались на ее рассылку.",
    why_service="Это сервисное письмо компании «{shop}», а не реклама.",
    unsubscribe="Отписаться",
    preferences="Настройки рассылки",
    stop="Отписаться: {url}",
    off="скидка {amount}",
    free_shipping="бесплатная доставка",
    gift="подарок",
)
