"""Articles made from a small grammar, and what becomes of them on their way through the press: reprints and cuts.

Articles share names and turns of phrase on purpose: two papers on one industry do, and must not become one story.
"""

from __future__ import annotations

import random

FIRMS = [
    "Valtor",
    "Arvan",
    "Nexiline",
    "Ostrea",
    "Brevalis",
    "Cadran",
    "Dorsale",
    "Kelvia",
    "Fulgur",
    "Grisaille",
    "Hadoc",
    "Ilmen",
    "Jorasse",
]
CITIES = [
    "Brumath",
    "Vierzon",
    "Crolles",
    "Lannion",
    "Roanne",
    "Douai",
    "Mende",
    "Figeac",
    "Sedan",
    "Pontivy",
    "Auch",
    "Vesoul",
    "Gap",
    "Privas",
]
OPENERS = """Selon un document que nous avons consulté,|Interrogé lundi,|À huit mois de l’échéance,
Dans son rapport,|Après deux reports,|Faute d’accord,|Pour la troisième année,|En marge du salon,
Sans attendre le tribunal,|De son côté,|Devant les élus,|Depuis l’hiver dernier,
Contre l’avis de ses services,|Au printemps,|Par voie de communiqué,|Surtout,
"""
SUBJECTS = """le maire|la préfète|le syndicat|la région|le directeur industriel|l’association des riverains
le régulateur|la filiale française|un ancien ingénieur|la chambre de commerce
l’autorité environnementale|le repreneur|une députée|le conseil départemental|l’opérateur historique
un cabinet de Bruxelles|la fédération du numérique|l’inspection
"""
VERBS = """veut bâtir|renonce à|promet de financer|demande l’arrêt de|défend|a visité|inaugurera|s’oppose à
retarde|juge trop chère|annonce la vente de|étudie|a fait expertiser|refuse de commenter
compare à un pari|croit encore à
"""
OBJECTS = """un centre de données|une usine de batteries|un réseau de fibre|une salle blanche|un câble sous-marin
un laboratoire de cybersécurité|une plateforme de logiciels|une flotte de navettes
un entrepôt automatisé|un fonds souverain|une école d’ingénieurs|une antenne relais
un parc de serveurs|une chaîne de montage|un contrat de maintenance|un brevet
"""
CLOSERS = """d’ici à {n} mois|pour {n} millions d’euros|malgré {n} recours|avec {n} emplois à la clé|à {city}
chez {firm}|sans calendrier précis|sous la pression de {firm}|au grand dam de {city}
dès que {firm} aura signé|loin de {city}|contre {n} voix|et {n} communes voisines
à partir du {n} du mois|dont {firm} détient la moitié|entre {city} et la mer
"""


def _choices(text: str) -> list[str]:
    return [choice for line in text.splitlines() for choice in line.strip("| ").split("|") if choice]


OPENER, SUBJECT, VERB, OBJECT, CLOSER = map(_choices, (OPENERS, SUBJECTS, VERBS, OBJECTS, CLOSERS))


def article(seed: int) -> list[str]:
    """An article's paragraphs; the same for the same seed."""
    rng = random.Random(seed)
    firm, city = rng.choice(FIRMS), rng.choice(CITIES)
    return [" ".join(_sentence(rng, firm, city) for _ in range(rng.randint(2, 4))) for _ in range(rng.randint(4, 11))]


def _sentence(rng: random.Random, firm: str, city: str) -> str:
    opener, subject = rng.choice(["", *OPENER]), rng.choice(SUBJECT)
    start = f"{opener} {subject}" if opener else subject.capitalize()
    closer = rng.choice(CLOSER).format(n=rng.randint(2, 900), firm=firm, city=city)
    return f"{start} {rng.choice(VERB)} {rng.choice(OBJECT)} {closer}."


def reprint(paragraphs: list[str], rng: random.Random) -> str:
    """The agency's text in another paper: another dateline, byline and last line."""
    city, paper = rng.choice(CITIES), rng.choice(FIRMS)
    return "\n\n".join([f"{city.upper()} (AFP) – {paragraphs[0]}", *paragraphs[1:], f"Le Courrier de {paper} avec AFP"])


def cut(paragraphs: list[str], share: float, rng: random.Random) -> str:
    """The text without that share of its sentences, dropped here and there, under a first line of the paper's own."""
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph.split(". ")]
    kept = [sentence for sentence in sentences if rng.random() >= share] or sentences[:2]
    return f"{rng.choice(SUBJECT).capitalize()} réagit. " + ". ".join(kept)
