"""What pyproject.toml cannot say: `config/` goes into the wheel as `monitor/starter/`, from where `veille init` copies
it out; and the inner loops of matching and of reading feeds and pages are compiled where there is a compiler
(docs/decisions/0080 and 0040).
"""

import os
import shutil
from pathlib import Path
from runpy import run_path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

OF_ONE_PLACE = ("subscribers.toml", "veille.env")  # who is told, and secrets: never shipped


class BuildWithStarter(build_py):
    """`build_py`, and the shipped configuration."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "monitor" / "starter"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("config", target, ignore=shutil.ignore_patterns("__pycache__", ".*", *OF_ONE_PLACE))


def compiled(path: Path) -> Extension:
    """The extension of one C file. It says what it was made from: one older than that is not loaded."""
    digest, headers = (_compiling[name](path) for name in ("digest", "headers"))
    return Extension(
        ".".join(path.with_suffix("").parts),
        [str(path)],
        depends=list(map(str, headers)),
        define_macros=[("SOURCE", f'"{digest}"')],
        optional=True,  # passed over where it does not compile; tests/unit/domain/test_compiling.py tells of it
    )


_compiling = run_path("monitor/domain/compiling.py")  # not imported: nothing of ours is on the path of a build

setup(
    cmdclass={"build_py": BuildWithStarter},
    ext_modules=[compiled(path) for path in sorted(Path("monitor").rglob("*.c"))],
    options={"build_ext": {"parallel": os.cpu_count()}},
)
