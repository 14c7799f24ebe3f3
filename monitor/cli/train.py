"""`veille train`: make a dossier's model from labelled articles."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.article_lines import find_dossier

app = typer.Typer()


@app.command()
def train(
    dossier: Annotated[str, typer.Argument(help="slug, or path of a dossier file")],
    corpus: Annotated[list[str] | None, typer.Argument(help="labelled article lines (JSON)")] = None,
    out: Annotated[Path | None, typer.Option(help="where the model goes; default: beside the dossier")] = None,
) -> None:
    """Train the model that weighs a dossier's matches.

    What stands in the folder NAME.training beside the dossier (*.jsonl, sentences.tsv) is learnt too. The same input
    gives the same model.
    """
    # before numpy is loaded: products are small, so that threads wait for each other, and sums differ with their number
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from monitor.cli.labelled import read_labelled, read_training
    from monitor.domain.training import Trainer
    from monitor.domain.weights import dump_model

    chosen = dataclasses.replace(find_dossier(dossier), model=None)
    path = Path(chosen.where)
    labelled = [one for name in corpus or () for _, one in read_labelled(name)]
    labelled += [one for part in read_training(path).values() for one in part]
    target = out or path.with_suffix(".model.json.gz")
    model = Trainer(chosen, labelled).fit(progress=lambda text: typer.echo(f"train: {text}", err=True))
    target.write_bytes(dump_model(model))
    typer.echo(f"{target}: {len(model.grams)} n-grams, {len(model.rules)} rules, {len(model.topics)} topics")
