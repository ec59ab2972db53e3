"""Indonesian, addressing people as Anda."""

from tenure.content.phrases.phrases import Phrases

PHRASES = Phrases(
    hello_name="Halo {name},",
    hello="Halo,",
    why_marketing="Anda menerima email ini karena Anda pelanggan {shop} atau telah memintanya.",
    why_service="Email ini berkaitan dengan urusan Anda di {shop} dan bukan iklan.",
    unsubscribe="Berhenti berlangganan",
    preferences="Preferensi",
    stop="Berhenti: {url}",
    off="diskon {amount}",
    free_shipping="gratis ongkos kirim",
    gift="hadiah",
)
