"""`make bench`, or `python -m bench NAME…` for some of them."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import bench


def main() -> None:
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(bench.__path__)
        if not module.name.startswith("_") and module.name != "replay"  # has its own target
    )
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all")
    for name in parser.parse_args().names or names:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
