"""What pyproject.toml cannot say: `config/` goes into the wheel as `monitor/starter/`, from where `veille init` copies
it out; and the inner loops of matching are compiled where there is a compiler (docs/decisions/0080).
"""

import hashlib
import shutil
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py


class BuildWithStarter(build_py):
    """`build_py`, and the shipped configuration."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "monitor" / "starter"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("config", target, ignore=shutil.ignore_patterns("__pycache__", ".*"))


PLACES = "monitor/domain/_places.c"
# The library says which source it was made from: one that is older than the source beside it is not loaded.
DIGEST = hashlib.sha256(Path(PLACES).read_bytes()).hexdigest()[:16]
COMPILED = Extension(
    "monitor.domain._places", [PLACES], define_macros=[("PLACES_SOURCE", f'"{DIGEST}"')], optional=True
)

setup(cmdclass={"build_py": BuildWithStarter}, ext_modules=[COMPILED])
