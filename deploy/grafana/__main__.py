"""``python -m deploy.grafana``: write the dashboards; files of others in that folder are left alone."""

from __future__ import annotations

from pathlib import Path

from deploy.grafana.boards import DASHBOARDS

FOLDER = Path(__file__).parent / "dashboards"


def main(folder: Path = FOLDER) -> None:
    """Write each dashboard into a file of its own."""
    folder.mkdir(exist_ok=True)
    for dashboard in DASHBOARDS:
        (folder / f"{dashboard.name}.json").write_text(dashboard.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
