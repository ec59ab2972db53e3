"""Indonesian, addressing people as Anda."""

from tenure.content.phrases.phrases import Phrases

PHRASES = Phrases(
    hello_name="Halo {name},",
    hello="Halo,",
    why_marketing="Anda menerima email ini karena Anda pelanggan {shop} atau pernah memintanya.",
    why_service="Email ini menyangkut urusan Anda dengan {shop} dan bukan iklan.",
    unsubscribe="Berhenti menerima email",
    preferences="Preferensi",
    stop="Stop SMS: {url}",
    off="diskon {amount}",
    free_shipping="gratis ongkos kirim",
    gift="hadiah",
)
