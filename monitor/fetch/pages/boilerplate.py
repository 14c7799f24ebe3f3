"""Lines that stand in French articles without being of them. Patterns of the language, never of one site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from monitor.fetch.pages.openings import Openings, any_of

LONGEST_CALL = 400  # characters
LONGEST = 260  # characters: a longer line is a paragraph, whatever its first words are


def _listed(*patterns: str) -> tuple[str, ...]:
    return patterns


# What a paywall says instead of the rest of the text. Each also makes `access` partial.
PAYWALL = Openings(
    r"^il (?:vous )?reste (?:encore )?(?:à lire )?\d+(?:[.,]\d+)? ?% (?:de (?:cet|l.)|à (?:lire|découvrir))",
    r"^(?:la suite (?:de (?:cet|l.) ?(?:article|contenu)|est)|(?:cet|l.) ?(?:article|contenu|accès)|ce contenu"
    r"|cette (?:enquête|information|page)|(?:la )?lecture (?:intégrale )?de (?:cet|l.)article) ?(?:complet |intégral )?"
    r"(?:est |a été )?(?:réservée?|payante?|en accès (?:payant|abonné))",
    r"^(?:article |contenu |réservée?s? )?(?:réservée?s?|exclusi(?:f|vement)|accessible) (?:uniquement |exclusivement )?"
    r"(?:(?:aux?|à nos|pour (?:les|nos)) )(?:abonné|membre|adhérent|souscripteur)",
    r"^(?:pour )?(?:lire|découvrir|poursuivre|consulter|accéder à|continuer) .{0,60}"
    r"(?:abonnez-vous|identifiez-vous|connectez-vous|inscrivez-vous|créez (?:un|votre) compte|vous devez être abonné)",
    r"^(?:vous souhaitez|envie de|vous voulez) (?:lire|poursuivre|connaître) la suite",
    r"^il faut être abonné",
    r"^la suite (?:de l.article )?(?:est )?(?:après|dans|en) (?:l.)?(?:abonnement|votre espace)",
    r"^(?:lisez|lire|poursuivez|continuez(?: à lire)?) (?:la suite|votre lecture|votre article|la lecture|l.article (?:complet|en entier|en intégralité))"
    r".{0,80}(?:abonn|compte|offre|essai|€|gratuit)",
    r"^débloque[zr] (?:cet|l.)",
)
# Invitations around a paywall or an account: dropped, but they say nothing of this page's access.
_INVITATION = _listed(
    r"^(?:déjà|vous êtes(?: déjà)?|êtes-vous(?: déjà)?) (?:un ou une |une? )?(?:abonnée?|inscrite?|client|membre|lecteur abonné)",
    r"^(?:abonnez|inscrivez|connectez|identifiez)-vous(?: |$|\b)(?!.{120})",
    r"^(?:s.abonner|se connecter|s.identifier|s.inscrire|je m.abonne|je m.inscris|je me connecte|j.en profite|m.abonner)\b.{0,80}$",
    r"^(?:profitez de|découvrez|voir) (?:nos|notre|toutes nos|l.)\s*(?:offres?|abonnements?|formules?)\b.{0,100}$",
    r"^(?:à partir de|pour seulement|dès) \d+(?:[,.]\d+)? ?€.{0,60}$",
    r"^(?:1er|premier) mois (?:offert|gratuit|à \d).{0,60}$",
    r"^(?:sans engagement|offre sans engagement|résiliable à tout moment).{0,60}$",
    r"^(?:créer|créez) (?:un|votre|mon) compte\b.{0,80}$",
    r"^(?:article|contenu|lecture audio|version audio|podcast|audio|vidéo) (?:réservée?s?|disponible) (?:aux?|pour les) abonné",
    r"^(?:votre|vos|saisissez votre|entrez votre) (?:adresse )?(?:e-?mail|courriel|mot de passe)\b.{0,80}$",
    r"^(?:mot de passe oublié|valider|ok|fermer|envoyer|annuler|suivant|précédent|voir plus|voir moins|afficher plus)\W*$",
    r"^(?:ajouter à (?:mes|vos) favoris|l.article a été (?:ajouté|retiré|supprimé)|enregistrer (?:l.article|pour plus tard))",
    r"^(?:lire|à lire|écouter|garder|sauvegarder|enregistrer) (?:plus tard|cet article|l.article)\W*$",
    r"^(?:offrir|offrez) (?:cet|l.)\s?article",
    r"^(?:l.)?accès (?:illimité |libre )?(?:aux?|à (?:tous )?(?:les|nos)) (?:articles|contenus) (?:réservés|exclusifs)\b.{0,60}$",
    r"^(?:tous (?:nos|les) (?:articles|contenus)|(?:une|notre) sélection de newsletters|la sauvegarde de (?:vos|nos) articles)"
    r"(?: (?:en illimité|réservés|gratuites?|exclusifs|sur le site)\b.{0,50})?\W*$",
    r"^(?:le (?:journal|quotidien|magazine) en version (?:numérique|pdf|digitale)|offre \d+ ?% numérique)\b[^.!?]{0,60}$",
    r"^\d+(?:[,.]\d+)? ?€ ?/ ?(?:mois|an|semaine)\W*$",
    r"^vous avez déjà un compte\b.{0,40}$",
)
_LETTER = _listed(
    r"^(?:notre |nos |la |les )?(?:newsletters?|infolettres?|lettres? d.information)\b(?!.{160})",
    r"^(?:recevez|retrouvez|inscrivez-vous à|abonnez-vous à) .{0,140}(?:lettre d.information|infolettre|boîte (?:mail|e-?mail)|"
    r"par (?:e-?mail|mail|courriel)|alertes? (?:mail|info))",
    r"^pour ne (?:rien |pas |plus )?(?:manquer|rater|louper)\b.{0,120}\b(?:suivez|abonnez|inscrivez|rejoignez|google|whatsapp|newsletter)\b.{0,100}$",
    r"^(?:suivez|retrouvez|rejoignez|likez|followez)[- ](?:nous|toute l.actu\w*|l.actualité|.{3,40}) "
    r"(?:sur|via) (?:notre |la |les |nos )?(?:facebook|twitter|x\b|instagram|linkedin|whatsapp|google|youtube|tiktok|telegram|bluesky|"
    r"mastodon|threads|réseaux|chaîne|page|application|appli)",
    r"^(?:téléchargez|installez) (?:gratuitement )?(?:l.|notre )\s?appli",
    r"^pour (?:rester|être) informée?.{0,140}\b(?:newsletters?|abonn|inscri|alertes?)",
    r"^suivez .{0,100}\ben vous (?:inscrivant|abonnant)\b.{0,60}$",
    r"^(?:vous avez|tu as) (?:aimé|apprécié) (?:cet article|ce contenu|ce billet)\b",
    r"^soutene?[zr] .{2,40} (?:en faisant|par) un don\b.{0,100}$",
    r"^(?:cet article|ce contenu|cette page|ce billet|cette information) (?:vous|t.) ?a(?:-t-(?:il|elle))?\b.{0,40}"
    r"\b(?:plue?|aidée?|utile|intéressée?|été utile)\b",
    r"^(?:si (?:vous|tu) .{0,60})?n.hésite[zr]? (?:pas|surtout pas) à .{0,60}\b(?:partag|comment|abonn|faire savoir|contacter)",
    r"^(?:partagez|donnez(?:-nous)?|laissez(?:-nous|-moi)?|dites-(?:le[- ])?(?:nous|moi)) .{0,120}\bcommentaires?\b.{0,40}$",
    r"^(?:télécharge[rz]?|obten(?:ez|ir)|recevez) (?:gratuitement |dès maintenant )?(?:notre|nos|mon|mes|votre|ton|le|la)"
    r" (?:e-?books?|guides? (?:gratuit|pratique|complet)|livres? blancs?)\b.{0,120}$",
    r"^ajoutez? .{2,40} (?:à|comme|dans|en) .{0,30}(?:google|favoris|sources? préférées?)",
    r"^(?:en cliquant sur|en vous inscrivant|en renseignant|vous pouvez (?:à tout moment )?vous désinscrire|votre adresse (?:e-?mail )?"
    r"(?:sera|est) (?:utilisée|traitée|collectée)|les informations recueillies)",
)
# Those that may begin with anything: asked only of lines that name such a letter, or where it comes, at all.
_LETTER_LATER = any_of(
    r".{0,60}?(?:inscri|abonn|recev|chaque (?:jour|matin|semaine|lundi|vendredi)|gratuit|je m.).{0,80}\b(?:newsletters?|infolettre|lettre d.information)\b(?!.{140})",
    r".{0,140}[?!.] (?:abonnez|inscrivez)-vous\b[^.?]{0,60}\b(?:newsletters?|infolettre|lettre d.information)\b.{0,40}$",
    r".{0,140}\bdans (?:votre|ta) bo[iî]te (?:aux lettres électronique|(?:e-?)?mail|de réception|courriel)\b.{0,60}$",
)
_ELSEWHERE = _listed(
    r"^(?:à|a) (?:lire|voir|écouter|regarder|découvrir|(?:re)?lire|noter)(?: ou (?:à )?(?:relire|revoir))?"
    r"(?: (?:aussi(?!tôt)|également|(?:ailleurs|sur le (?:même|meme) (?:sujet|thème)|dans (?:la|cette|nos|notre).{0,30})\b))",
    r"^(?:à|a) (?:lire|voir|écouter|regarder|découvrir|relire|revoir)\W*$",
    r"^(?:à|a) (?:lire|voir|écouter|regarder|relire|revoir)\s?[:>|→►»–—-]",
    r"^(?:lire|voir|écouter|regarder|relire|revoir|lisez|voyez|découvrez) (?:aussi|également|notre (?:article|dossier|enquête|interview"
    r"|analyse|test|guide|comparatif)|nos (?:articles|tests)|l.article\W*$|la vidéo\W*$|le dossier)\b",
    r"^(?:lire|voir|relire)\s?[:>|→►»]",
    r"^(?:à )?(?:lire|voir|écouter|relire) (?:aussi|également)(?-i:(?=[A-ZÀ-Þ«“]))",  # a style parts it from the title
    r"^(?-i:(?:EN )?VIDÉOS?|EN IMAGES)\s?[-–—:|].{0,140}(?<![.?!])$",
    r"^en (?:photos?|images?|vidéos?) ?:.{10,140}(?<![.?!])$",
    r"^(?:rejoignez|suivez) (?:la|notre) (?:chaîne|page) (?:whatsapp|telegram|youtube|facebook)\b[^.!?]{0,120}\W*$",
    r"^(?:(?:les )?(?:premiers )?signataires|nos partenaires)\W*$",
    r"^(?:découvrir|retrouvez|lire|lisez) (?:aussi|également|en complément)\b(?: (?:nos|d.autres|tous|toutes)\b|\W*:).{0,200}$",
    r"^retrouvez (?:cet article|ce dossier|cette enquête|cette interview|cet entretien|ce reportage|l.intégralité de) .{0,140}"
    r"\b(?:magazine|numéro|revue|kiosques?|n°|abonn|édition|podcast|site)",
    r"^(?:cet |l.)article .{3,160} est apparu en premier\b",
    r"^(?:les )?commentaires (?:sont )?(?:fermés|désactivés|clos)\b.{0,40}$",
    r"^(?:article|texte) (?:publié|paru|extrait) (?:dans|du) (?!.*[.!?] )[^.!?]{0,120}\.?$",
    r"^(?:article|texte|contenu) (?:écrit|réalisé|rédigé|conçu|produit|proposé) (?:avec|en) (?:la )?(?:collaboration|partenariat)\b.{0,100}$",
    r"^vous avez (?:repéré|trouvé|vu|remarqué) une (?:erreur|faute|coquille).{0,100}$",
    r"^(?:sur le même (?:sujet|thème)|dans le même (?:dossier|thème)|en rapport avec|pour aller plus loin(?: ?[>→»].*)?|pour en savoir plus|en savoir plus"
    r"|articles? (?:liés?|associés?|similaires?|connexes?|recommandés?)|nos (?:derniers|autres) articles(?: sur .{1,40})?|(?:sujets|thèmes|thématiques) (?:associé|lié)e?s|à ne pas (?:manquer|rater)(?!\s?:\s?(?-i:[a-zà-ÿ]))"
    r"|les plus lus|dans l.actualité|vous aimerez (?:aussi|peut-être)|cela (?:peut|pourrait) (?:aussi )?vous intéresser"
    r"|(?:ces (?:articles|contenus)|ça|ceci) (?:pourraient?|devraient?|peut) .{0,20}intéresser|sélectionné pour vous|contenus? sponsorisés?"
    r"|suivez la couverture complète|notre dossier|nos dossiers|tous nos articles|retrouvez (?:tous|toutes|l.ensemble de) (?:nos|les) .{0,60})"
    r"(?:\W*|\s?:.*)$",
    r"^la suite (?:de (?:cet|l.)\s?article )?(?:se trouve )?(?:après|sous|ci-dessous après) (?:cette|la) (?:publicité|vidéo|pub|annonce)",
    r"^(?:publicité|annonce|sponsorisé|partenariat|inarticle|advertisement|la suite ci-dessous|lire la suite|continuer la lecture|passer (?:la|cette) publicité|en ce moment)\W*$",
    r"^(?:read|see|watch) (?:also|more)\b.{0,140}$",
    r"^à (?:voir|lire|écouter) (?:aussi|également|ailleurs) sur\b",
    r"^(?:notre sélection d.articles|les mots[- ]clés associés)\b.{0,60}$",
    r"^(?:découvrez|retrouvez|écoutez|regardez) (?:notre|nos|tous|toutes) [^.!?:]{0,80} ?:$",
    r"^dans la (?:même )?rubrique\b.{0,60}$",
    r"^(?:mots?[- ]clés?|tags?|thèmes?|rubriques?|catégories?|étiquettes?|sujets?(?: liés)?|lieux) ?(?:\(s\) ?)?:",
    r"^(?:contribuer|réagir|commenter|partager|imprimer|envoyer|copier le lien|signaler (?:une erreur|un abus)|facebook|twitter|linkedin|whatsapp"
    r"|google news|e-?mail|messenger|pinterest|flipboard|pocket|telegram)(?:\W+(?:l.article|cet article|par (?:e-?)?mail|sur .{3,20}))?\W*$",
    r"^(?:article|texte) (?:initialement|d.abord|précédemment) (?:publié|paru)\b[^.!?]{0,80}\.?$",
    r"^(?:la version (?:originale|initiale|anglaise) de )?(?:cet article|ce texte|cette tribune|cette dépêche) (?:est|a(?: été)?|avait été) (?:(?:initialement|d.abord|précédemment|automatiquement) )?(?:réalisée?|publiée?|parue?|issue?|republiée?|reprise?|rédigée?|traduite?|hébergée?|mise? à jour|générée?|sponsorisée?)\b.{0,140}$",
    r"^partager (?:l.article|cet article|sur|via|par)\b.{0,60}$",
    r"^\d+ (?:commentaires?|partages?|réactions?|vues?|likes?|abonnés?)\W*$",
    r"^(?:(?:aucun|pas (?:encore )?de|soyez le premier à|poster un|laisser un|ajouter un|écrire un|voir les \d*|lire les \d*) ?commenta?i?r?e?r?s?)\b.{0,80}$",
    r"^(?:aller au contenu|passer au contenu|(?:retour|revenir) (?:en haut|à l.accueil|à la liste))\b",
)
_FACTS = _listed(
    r"^(?:temps|durée) de (?:la )?lecture\b.{0,60}$",
    r"^(?:lecture|lire en|à lire en|environ)\s?:? ?\d+ ?(?:min|minutes?|mn)\b.{0,40}$",
    r"^\d{1,3} ?(?:min|mn|minutes?)(?: de lecture| \d+ ?s)?\.?$",
    r"^(?:(?:article )?(?:publié|mis en ligne|posté|paru|écrit|rédigé|créé|mis à jour|modifié|actualisé|màj|dernière (?:mise à jour|modification))"
    r"[^.!?]{0,30}(?:\b(?:le|il y a|à|hier|aujourd)\b|:))(?:(?! : \w+ \w+ \w+).){0,110}$",
    r"^(?:le )?(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )?(?:le )?\d{1,2}(?:er)? (?:janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc)\w*\.?"
    r" \d{4}(?:[ ,à–|•·-]*\d{1,2} ?[h:] ?\d{0,2})?(?:\W{0,3}(?:mis(?:e)? à jour|modifié|actualisé|màj)\b.{0,60}|.{0,30})$",
    r"^(?:publié|mis à jour|mis en ligne|modifié|actualisé|posté|créé)e? \d.{0,80}$",
    r"^(?:(?:publié|mis à jour|mis en ligne|modifié|actualisé|posté|créé)e?(?: le| à| par)?\W*){1,3}$",
    r"^\(?\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?:[ ,à–|•·-]*\d{1,2} ?[h:] ?\d{0,2})?\W*$",
    r"^(?:crédits?|©|\(c\)|copyright|photo|photos|image|images|illustration|illustrations|infographie|légende|visuel|capture d.écran)s?"
    r"(?: (?:photo|image|d.illustration|à la une|de une|principale|vidéo))?s? ?(?:[:©/|]|\(|par |d.illustration).{0,160}$",
    r"^illustration\b.{0,60}\bpour\b.{0,50}$",
    r"^(?:photos?|images?) (?:illustratives?|prétextes?|d.(?:illustration|archives?))\b(?: ?:.{0,160}|[^.!?]{0,60}\.?)$",
    r"^©.{0,240}$",
    r"^(?:toute )?reproduction (?:même partielle |totale ou partielle )?(?:est )?interdite\b.{0,100}$",
    r"^tous droits (?:de reproduction )?réservés\b.{0,120}$",
    r"^(?:écouter|écoutez) (?:cet|l.)\s?article\b.{0,60}$",
    r"^(?:sommaire|table des matières|voir en plein écran|agrandir(?: l.image)?|plein écran|zoom|cliquez (?:ici|sur l.image)\b.{0,60})\W*$",
    r"^(?:chargement(?: en cours)?|loading)\W*$",
    r"^(?:ce (?:site|contenu) (?:utilise|est bloqué)|(?:nous|notre site) utilis(?:ons|e) (?:des|les) cookies|accepter (?:et|les|tous)|tout (?:accepter|refuser)"
    r"|paramétrer (?:mes|les) (?:cookies|choix)|gérer (?:mes|les) (?:cookies|préférences)|continuer sans accepter)\b",
    r"^(?:vous avez (?:accepté|refusé)|en acceptant|votre consentement|ce contenu est (?:hébergé|fourni|susceptible)) .{0,200}\b(?:cookies?|traceurs?|tiers|youtube|twitter)\b",
)
# Only those that can begin with a line's first character are asked; what may begin with anything follows below.
_FURNITURE = Openings(*_INVITATION, *_LETTER, *_ELSEWHERE, *_FACTS)
_NUMBERED = any_of(
    r"^(?:le )?(?:\w{3,5}di )?\d{1,2}(?:er)? (?:janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc)\w*\.?[ ,à–-]+\d{1,2} ?[h:] ?\d{0,2}\W*$",
    r"[^.!?]{0,60}\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4},? (?:à|-|–|\|) ?\d{1,2} ?[h:] ?\d{2}\b[^!?]{0,160}$",
)
_DIGIT = re.compile(r"\d")
FARTHEST_DIGIT = 60  # where the first digit of what is numbered so stands at most
# Patterns that may begin with anything, each with words of which its lines hold one, in lower case.
_ANYWHERE = [
    (words, any_of(pattern))
    for words, pattern in (
        (("suivez-nous",), r"[^.!?]{0,100}\bsuivez-nous (?:pour|sur|aussi|également)\b[^.?]{0,80}$"),
        (
            (", publié", ", mis à jour", ", modifié"),
            r"^[^.!?:,]{2,40}, (?:publié|mis à jour|modifié)e? le .{0,40}\b\d{4}\b.{0,20}$",
        ),
        (("illustration", "archive"), r".{0,160}\((?:(?:photo|image) )?(?:d.)?(?:illustration|archives?)\)\W*$"),
        (
            ("photo", "crédit"),
            r"[^!?]{0,200}[.)»] \(?(?-i:Photos?|Crédits?(?: photos?)?) ?[:/]? ?(?-i:[A-ZÉ©]).{1,60}$",
        ),
        (("©", "(c)"), r"(?!.*\((?:AFP|Reuters)\))[^.!?©]{0,120}(?:©|\(c\)) ?[^.!?]{2,80}$"),
        (("la mention",), r".{0,120}\bla mention (?:de la|des) sources? est obligatoire\W*$"),
        (
            ("libre",),
            r".{0,80}\blibres? de (?:copie|diffusion|reproduction)\b.{0,60} sous réserve de mention\b.{0,80}$",
        ),
    )
]
_BYLINE = any_of(
    r"^(?:par|by|propos recueillis par|recueilli par|recueillis par|texte|textes|(?:une? )?(?:texte|article|reportage|enquête) (?:de(?! (?:la (?!rédaction)|des ))|par|rédigé par)|écrit par|rédigé par|posté par|publié par"
    r"|auteure?s?|sources?|crédit|traduit (?:de l.\w+ )?par|avec|d.après)\b ?:? ?(?:notre |nos |la rédaction|l.)?[^.!?:;]{2,90}\.?$",
    r"^(?:entretien|interview|propos|reportage|enquête|récit|portrait|dossier|analyse)s? (?:[a-zé]+ (?:et [a-zé]+ )?)?par\b[^.!?:;]{2,90}\.?$",
    r"^par\b[^.!?:;]{2,60}\. traduite? .{2,60}$",
    r"^via ?: [^.!?]{2,60}$",
    r"^textes? ?:[^.!?:;]{2,60}\bphotos? ?:[^.!?:;]{2,60}$",
    r"^[\w’' -]{4,40}, (?:notre )?(?:envoyée?s? spécia(?:les?|l|ux)|correspondante?s?)\b[^.!?:;]{0,60}\.?$",
    r"^(?:de notre|nos?) (?:envoyée?s?|correspondante?s?)\b[^.!?]{0,120}\.?$",
    r"^[\w.’' -]{1,40} (?:avec|/) (?:l.|les )?(?:afp|reuters|agences?|ap|belga|ats|relaxnews)\W*$",
    r"^\(?(?:afp|reuters|ap|belga|ats|agences?|relaxnews|source afp)\)?\W*$",
)
_BULLETS = re.compile(r"^[^\w©(\[«„‚‘'=\"“]+|^[«»\"“\s-]+(?=\w)")
# What stands behind an arrow: "ENTRETIEN. ...", "Revoir le sujet", "Consultez le site".
_POINTER = re.compile(
    r"(?:[A-ZÀ-Þ]{5,}\s?[.:]|(?i:(?:re)?(?:lire|voir|lisez)|écouter|consulte[zr]|retrouve[zr]|découvr(?:ez|ir))\b)"
)
# What the law has a form say of what is typed into it; no line of an article, however long.
_LEGAL = re.compile(
    r"\b(?:responsable (?:de|du) traitement|vous (?:disposez|bénéficiez) d.un droit d.accès)\b.{0,300}"
    r"\b(?:formulaire|vous concernant|vos données|nos services)\b|\b(?:votre|vos|l.) ?adresses? (?:e-?mail|électronique|de messagerie) (?:sera|est|seront) (?:utilisée|traitée|collectée|conservée)s?\b"
    r"|\bdans ce formulaire des? (?:informations|données)\b",
    re.IGNORECASE,
)
# A call that may take a while: to subscribe, to follow, to write.
_LONG_CALL = re.compile(
    r"(?:vous avez|tu as) (?:aimé|apprécié) cet article ?\?|cet article (?:vous|t.) ?a(?:-t-il)? (?:plu|été utile|aidée?) ?\?",
    re.IGNORECASE,
)
_OF_LETTER = ("lettre", "letter", "boîte", "boite")
_ODD = "ſıİ"  # which count as letters that they are not written as in lower case
_OF_LAW = ("formulaire", "adresse", "vous concernant", "vos données", "nos services")  # of which it says one
# One of those who sign a text together: "Anne Roth (Valtor)", "Jean Klein, proviseur du lycée".
_SIGNATORY = re.compile(
    r"\s*(?:[^:]{0,40}:\s*)?[A-ZÀ-Þ][\w’'.-]*(?: (?:de |du |d[’'])?[A-ZÀ-Þ][\w’'.-]*)+\s*(?:[(,].*)?"
)
_NOTE = re.compile(r"(?:\[\d{1,3}\]|\(\d{1,2}\)|[↑↩]) ?\S|[^↩]{10,600}\[?↩\W*$")
_NOTES = re.compile(
    r"(?:notes?(?: (?:de bas de page|et références|bibliographiques))?|(?:nos |les )?(?:sources?|références?)(?: (?:bibliographiques|et (?:notes|sources)))?"
    r"|(?:bibliographie|sitographie|webographie)(?: .{1,20})?)\W*",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:1[89]|20)\d\d\b|https?:|www\.|\b(?:éd(?:itions?|\.)|pp?\.|doi|isbn|op\. ?cit|ibid)\b", re.IGNORECASE
)
FEWEST_SIGNATORIES = 6
_NAMED = re.compile(r"\b[A-ZÉÈÀÂÎÔÇ]")
_PHOTO_AGENCY = re.compile(
    r"\b(?:AFP|Reuters|Getty|Sipa|Abaca(?:press)?|Shutterstock|REA|Alamy|MaxPPP|PHOTOPQR|Adobe ?Stock|iStock|Unsplash|Pexels|Pixabay"
    r"|Bestimage|Opale|Panoramic|Icon ?Sport|Hans Lucas|EPA|DR|Zuma|Divergence|Wikimedia|Flickr|Starface|Belga|Keystone)\b",
    re.IGNORECASE,
)
_VERB_LIKE = re.compile(
    r"[.!?…](?:\s|$)|\b(?:est|sont|a|ont|était|étaient|sera|que|qui|selon|affirme|explique|annonce)\b", re.IGNORECASE
)


def is_paywall(line: str) -> bool:
    """Whether `line` asks for a subscription in place of the rest of this text."""
    return 0 < len(line) <= LONGEST and PAYWALL.match(line)


@lru_cache(maxsize=128)
def is_boilerplate(line: str) -> bool:
    """Whether `line` (one paragraph, squeezed) is about the page and not of the article.

    The last answers are kept: a page's first lines are asked about again when its lead is looked for.
    """
    text = _BULLETS.sub("", line, count=1)
    if not text:
        return True
    lower = text.lower()
    if len(text) > LONGEST:
        of_law = _holds(lower, _OF_LAW) and bool(_LEGAL.search(text))
        return of_law or (len(text) <= LONGEST_CALL and bool(_LONG_CALL.match(text)))
    if len(text) < len(line) and _POINTER.match(text) and line[:1] in ">→►▶➡⇒":
        return True
    return PAYWALL.match(text) or _FURNITURE.match(text) or _holds_furniture(text, lower)


def _holds_furniture(text: str, lower: str) -> bool:
    """The same by patterns that may begin with anything; `lower` is the text in lower case."""
    if _DIGIT.search(text, 0, FARTHEST_DIGIT + 1) and _NUMBERED.match(text):
        return True
    if _holds(lower, _OF_LETTER) and _LETTER_LATER.match(text):
        return True
    odd = _holds(text, _ODD)
    for words, pattern in _ANYWHERE:  # noqa: SIM110 - a generator would take longer than what it asks
        if (odd or _holds(lower, words)) and pattern.match(text):
            return True
    return False


def _holds(text: str, words: Iterable[str]) -> bool:
    """Whether one of the `words` stands in `text`."""
    for word in words:  # noqa: SIM110 - as above
        if word in text:
            return True
    return False


def is_byline(line: str) -> bool:
    """Whether `line` signs the article: a name after "par", an agency, initials "avec AFP"."""
    return len(line) <= 140 and bool(_BYLINE.match(line)) and bool(_NAMED.search(line))


def is_note(line: str) -> bool:
    """Whether `line` is a numbered note: "[2] Nota: ...", "(3) Le Monde, ..."."""
    return bool(_NOTE.match(line))


def heads_notes(line: str) -> bool:
    """Whether `line` stands over notes or over the list of what was read."""
    return len(line) <= 60 and bool(_NOTES.fullmatch(line))


def is_reference(line: str) -> bool:
    """Whether `line` looks like a book, a page or an address in a list of those: a note, a year, an address."""
    return bool(_REFERENCE.search(line)) or is_note(line)


def is_signatories(line: str) -> bool:
    """Whether `line` lists who signs together, parted by semicolons."""
    parts = line.split(";") if line.count(";") >= FEWEST_SIGNATORIES - 1 else []
    return bool(parts) and sum(bool(_SIGNATORY.fullmatch(part)) for part in parts) >= 0.9 * len(parts)


def is_credit(line: str) -> bool:
    """Whether `line` credits a picture: an agency's or a stock's name in a few words without a sentence."""
    return (
        "/" in line  # asked first: few lines have one, and the names are looked for at each letter
        and len(line) <= 400
        and "(AFP)" not in line
        and bool(_PHOTO_AGENCY.search(line))
        and not _VERB_LIKE.search(line)
    )
