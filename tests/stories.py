"""Articles written for tests: the seed story of the shipped dossier, and what must not be taken for it."""


def paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs are parted by a blank line; line breaks inside them are spaces."""
    return tuple(" ".join(part.split("\n")) for part in text.strip().split("\n\n"))


SEED_TITLE = "Huawei mise sur la numérisation des entreprises pour rester en Europe"
SEED = paragraphs("""
Exclu des réseaux 5G de plusieurs pays européens, Huawei ne quitte pas le continent pour autant. Le groupe
chinois a présenté mardi à Bruxelles sa nouvelle stratégie en Europe : accompagner la transformation numérique
des entreprises, des grands groupes aux PME.

Depuis l'interdiction de ses équipements 5G en Suède et le démantèlement imposé au Royaume-Uni,
l'équipementier a perdu une bonne part de ses contrats avec les opérateurs télécoms européens.

Dans le même temps, ses ventes de smartphones en Europe se sont effondrées. Privés des services de Google par
les sanctions américaines, les téléphones de Huawei ont presque disparu des rayons en France et en Allemagne.

L'inscription de Huawei sur l'Entity List par Washington en 2019 l'a aussi coupé de ses fournisseurs de puces.

« Nous restons en Europe », a assuré la direction européenne de Huawei. Sa branche Enterprise propose aux
petites et moyennes entreprises comme aux grands comptes de numériser leurs sites, leurs réseaux internes et
leurs données.
""")

REVIEW_TITLE = "Test de la Huawei Watch GT 6 : une montre endurante mais bavarde"
REVIEW = paragraphs("""
La nouvelle montre connectée de Huawei tient dix jours sur une charge, et son écran est superbe. Nous l'avons
portée trois semaines, de la salle de sport à la piscine.

Le suivi du sommeil est précis, le GPS accroche vite, mais les notifications manquent de souplesse. À 249
euros, elle reste l'une des meilleures montres de sa catégorie, avec une belle autonomie.
""")
