"""With FACESOCIAL_TEST_STRICT=1 a skip is a failure, wherever it happens."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPS = {
    "module": "import pytest\npytest.skip('not today', allow_module_level=True)\n",
    "import": "import pytest\npytest.importorskip('no_such_module')\n",
    "test": "import pytest\ndef test_it(): pytest.skip('not today')\n",
}


TOGETHER = ("-n", "2", "--dist", "loadgroup")


def outcome(
    folder: Path, source: str, strict: str, how: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run one test file beside a passing one, with the hooks of this project."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "test_passes.py").write_text("def test_passes(): pass\n")
    (folder / "test_case.py").write_text(source)
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *how, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "FACESOCIAL_TEST_STRICT": strict},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("how", [(), TOGETHER], ids=["alone", "side by side"])
@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_is_a_failure_and_named(tmp_path: Path, source: str, how: Sequence[str]) -> None:
    done = outcome(tmp_path, source, "1", how)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "skipped, although nothing may be" in done.stdout
    assert "test_case.py" in done.stdout


@pytest.mark.parametrize("how", [(), TOGETHER], ids=["alone", "side by side"])
def test_a_skip_is_fine_where_nothing_strict_is_asked_for(tmp_path: Path, how: Sequence[str]) -> None:
    assert outcome(tmp_path, SKIPS["module"], "0", how).returncode == pytest.ExitCode.OK


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n"
    assert outcome(tmp_path, source, "1").returncode == pytest.ExitCode.OK
