"""`python tools/vendor.py update|check`: files of other projects that we serve or test with, from npm packages, checked by hash.

Updating needs npm; the result is committed, so nobody else does. The manifests name package, version and hash, no address.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Entry:
    file: str
    package: str
    version: str
    license: str
    sha256: str


# Folder -> package -> (version, licence, {path in the package: file name here}).
WANTED = {
    ROOT / "static/vendor": {
        "bootstrap": (
            "5.3.9",
            "MIT",
            {
                "dist/css/bootstrap.min.css": "bootstrap.min.css",
                "dist/css/bootstrap.rtl.min.css": "bootstrap.rtl.min.css",
                "LICENSE": "bootstrap.LICENSE",
            },
        ),
        "htmx.org": ("2.0.11", "0BSD", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"}),
    },
    ROOT / "tests/browser/vendor": {"axe-core": ("4.14.1", "MPL-2.0", {"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE"})},
}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def update() -> None:
    """Fetch all packages anew."""
    for folder, packages in WANTED.items():
        folder.mkdir(parents=True, exist_ok=True)
        entries: list[Entry] = []
        for name, (version, license_, files) in packages.items():
            with tempfile.TemporaryDirectory() as temporary:
                packed = subprocess.run(
                    ["npm", "pack", "-s", f"{name}@{version}"], cwd=temporary, check=True, capture_output=True, text=True
                )
                with tarfile.open(Path(temporary) / packed.stdout.split()[-1]) as archive:
                    for source, target in files.items():
                        member = archive.extractfile(f"package/{source}")
                        if member is None:
                            raise SystemExit(f"{name} has no {source}")
                        # A source map would be asked for by developer tools and is not here.
                        lines = [
                            line
                            for line in member.read().split(b"\n")
                            if not line.startswith((b"//# sourceMappingURL", b"/*# sourceMappingURL"))
                        ]
                        (folder / target).write_bytes(b"\n".join(lines))
                        entries.append(Entry(target, name, version, license_, digest(folder / target)))
        (folder / "manifest.json").write_text(json.dumps([asdict(e) for e in entries], indent=1) + "\n")


def problems() -> list[str]:
    """What differs from the manifests: changed, missing and unknown files. Compressed copies (.gz, .br) are not looked at."""
    found: list[str] = []
    for folder in (*WANTED, ROOT / "templates/documents/fonts"):
        entries = json.loads((folder / "manifest.json").read_text())
        for entry in entries:
            path = folder / entry["file"]
            if not path.exists() or digest(path) != entry["sha256"]:
                found.append(f"{path.relative_to(ROOT)} is not what the manifest says")
        named = {entry["file"] for entry in entries} | {"manifest.json"}
        for path in folder.iterdir():
            if path.name not in named and path.suffix not in (".gz", ".br", ".txt"):
                found.append(f"{path.relative_to(ROOT)} is not in the manifest")
    return found


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["check"]:
            if found := problems():
                sys.exit("\n".join(found))
        case _:
            sys.exit(__doc__)
