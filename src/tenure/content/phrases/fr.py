"""French, addressing people as vous."""

from tenure.content.phrases.phrases import Phrases

# `de` would have to become `d’` before a vowel, so the shop is the subject of its sentence.
PHRASES = Phrases(
    hello_name="Bonjour {name},",
    hello="Bonjour,",
    why_marketing=(
        "{shop} vous envoie cet e-mail parce que vous faites partie de sa clientèle ou que vous l’avez demandé."
    ),
    why_service="{shop} vous envoie cet e-mail au sujet de votre compte client\u202f; il ne s’agit pas de publicité.",
    unsubscribe="Se désabonner",
    preferences="Préférences",
    stop="STOP : {url}",
    off="{amount} de réduction",
    free_shipping="livraison offerte",
    gift="un cadeau",
)
