"""``python -m deploy.prometheus``: a folder for Prometheus beside the local stack, and the command that starts it."""

from __future__ import annotations

from bentos.common.settings import Settings
from deploy.prometheus.local import PORT, local_targets, write


def main() -> None:
    """Write it into the state folder."""
    settings = Settings()
    folder = settings.state_dir / "prometheus"
    config = write(folder, local_targets(settings.port_base))
    address = f"--web.listen-address=127.0.0.1:{PORT}"
    print(f"prometheus --config.file={config} --storage.tsdb.path={folder / 'data'} {address}")


if __name__ == "__main__":
    main()
