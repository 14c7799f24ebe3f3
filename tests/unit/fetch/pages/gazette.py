"""An article of an invented paper, which tests set into markup of their own."""

from __future__ import annotations

TITLE = "À Brumath, un centre de données veut chauffer la piscine"
TEXT = (
    "Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois au plus dans la commune.",
    "La commune attend trois cents emplois, dont la moitié pour des techniciens formés sur place par le lycée.",
    "Les agriculteurs sont moins convaincus : le dossier prévoit de prélever de l’eau en été dans la nappe.",
    "Une association a déposé un recours devant le tribunal, qui doit se prononcer avant la fin de l’année.",
    "Le maire, lui, rappelle que la piscine coûte chaque hiver plus cher à chauffer que les écoles du bourg.",
)
