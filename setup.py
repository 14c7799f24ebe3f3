"""Puts `config/` into the wheel as `monitor/starter/`: `veille init` copies it out. All else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithStarter(build_py):
    """`build_py`, and the shipped configuration."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "monitor" / "starter"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("config", target, ignore=shutil.ignore_patterns("__pycache__", ".*"))


setup(cmdclass={"build_py": BuildWithStarter})
