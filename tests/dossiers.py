"""The beginning of a small dossier: every article that names Huawei belongs in it. Tests write its topics below."""

ESSAI = """
slug = "essai"
title = "Essai"
[relevance]
anchor = "Huawei"
about = { mentions = 1, paragraphs = 1 }
threshold = 0.0
"""
