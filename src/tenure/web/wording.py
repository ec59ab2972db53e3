"""The words of the pages that customers see, in their language; a language that is not here speaks English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """One language's words; `{shop}` is the business's name."""

    language: str
    title: str
    question: str
    button: str
    done_title: str
    done: str
    unknown_title: str
    unknown: str


WORDS: dict[str, PeopleWords] = {
    words.language: words
    for words in (
        PeopleWords(
            "en", "Unsubscribe", "Do you want no more advertising from {shop}?", "Unsubscribe",
            "You are unsubscribed", "{shop} will send you no more advertising. You may close this page.",
            "This link does not work", "It is incomplete or too old. Please use the link in the latest message.",
        ),
        PeopleWords(
            "de", "Abmelden", "Möchten Sie keine Werbung von {shop} mehr erhalten?", "Abmelden",
            "Sie sind abgemeldet", "{shop} schickt Ihnen keine Werbung mehr. Sie können diese Seite schließen.",
            "Dieser Link funktioniert nicht",
            "Er ist unvollständig oder zu alt. Bitte nehmen Sie den Link aus der letzten Nachricht.",
        ),
        PeopleWords(
            "fr", "Se désabonner", "Ne souhaitez-vous plus recevoir de publicité de {shop} ?", "Me désabonner",
            "Vous êtes désabonné", "{shop} ne vous enverra plus de publicité. Vous pouvez fermer cette page.",
            "Ce lien ne fonctionne pas",
            "Il est incomplet ou trop ancien. Veuillez utiliser le lien du dernier message.",
        ),
        PeopleWords(
            "ru", "Отписаться", "Вы больше не хотите получать рекламу от {shop}?", "Отписаться",
            "Вы отписаны", "{shop} больше не будет присылать вам рекламу. Эту страницу можно закрыть.",
            "Ссылка не работает",
            "Она неполная или устарела. Пожалуйста, воспользуйтесь ссылкой из последнего письма.",
        ),
        PeopleWords(
            "id", "Berhenti menerima iklan", "Tidak ingin lagi menerima iklan dari {shop}?", "Berhenti menerima iklan",
            "Iklan telah dihentikan",
            "{shop} tidak akan lagi mengirimi Anda iklan. Anda boleh menutup halaman ini.",
            "Tautan ini tidak berfungsi",
            "Tautan tidak lengkap atau sudah kedaluwarsa. Silakan gunakan tautan di pesan terakhir.",
        ),
        PeopleWords(
            "hu", "Leiratkozás", "Nem szeretne több reklámot kapni tőlünk ({shop})?", "Leiratkozás",
            "Leiratkozott", "{shop}: nem küldünk Önnek több reklámot. Ezt az oldalt bezárhatja.",
            "Ez a hivatkozás nem működik",
            "Hiányos vagy túl régi. Kérjük, használja a legutóbbi üzenetben lévő hivatkozást.",
        ),
    )
}  # fmt: skip


def words_for(locale: str) -> PeopleWords:
    """The words of a locale's language."""
    return WORDS.get(locale.replace("_", "-").split("-", maxsplit=1)[0].lower(), WORDS["en"])
