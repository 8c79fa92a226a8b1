"""Bringing everything back from a backup: checked as a whole first, then store by store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console

from bentos.common import backups, tenants
from bentos.common.audit.caller import Caller
from bentos.common.audit.trail import append
from bentos.common.errors import DependencyUnavailable, FaceSocialError
from bentos.common.settings import Settings
from deploy.local.backup import operations, proof
from deploy.local.backup.checking import decrypt
from deploy.local.backup.erased import Erased
from deploy.local.backup.files import on_disk, scratch
from deploy.local.backup.keys import identities_of
from deploy.local.backup.loading import Loading, require_fitting
from deploy.local.backup.making import run_of
from deploy.local.backup.parts import registry, replays
from deploy.local.backup.shelf import Entry, Shelf
from deploy.local.backup_settings import PREFIX, BackupSettings
from deploy.local.opening import opened

SYSTEM = "system"
ACTION = "backup.restore"


@dataclass
class Report:
    """What came of a restore or a drill.

    Attributes:
        done: Stores and what happened to each, in order.
        findings: What was looked at, in the end.
        warnings: What a person has to know.
    """

    id: str
    done: dict[str, str] = field(default_factory=dict)
    findings: list[proof.Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether all that was looked at is as it should be."""
        return all(finding.good for finding in self.findings)


def restore(settings: Settings, own: BackupSettings, which: str, console: Console) -> Report:
    """Bring a backup back; services stand still meanwhile, also those of other machines.

    Raises:
        ConfigurationError: The stack runs, there is no key, or the backup cannot be used: nothing has changed.
        DependencyUnavailable: A store fails; the message says what was done before. It can be run again.
    """
    operations.require_stopped(settings)
    identities, shelf = identities_of(own), Shelf(own.folder)
    parent = own.scratch_dir or settings.state_dir
    with shelf.held(), scratch(parent, "restore") as folder:
        entry = shelf.find(which)
        require_fitting(settings, entry.whole())
        replays.ping(settings.key_value)
        plain = decrypt(entry, identities, folder)
        loading = Loading(settings, entry.whole(), plain, folder, console)
        return _Restoring(loading, own, entry).run()


class _Restoring:
    def __init__(self, loading: Loading, own: BackupSettings, entry: Entry) -> None:
        self._loading, self._own, self._manifest = loading, own, loading.manifest
        self._settings, self._plain = loading.settings, loading.plain
        self._report = Report(entry.id)
        self._erased = Erased(frozenset(), unknown=True)

    def run(self) -> Report:
        steps: dict[str, Callable[[], str | None]] = {
            "erased faces": self._tombstones,
            "answers forgotten": self._forget,
            "database": self._database,
            "index": self._index,
            "pictures": self._pictures,
            "answers": self._answers,
            "registry": self._registry,
            "registry's files": self._artifacts,
            "audit": self._note,
        }
        for name, step in steps.items():
            if (said := self._within(name, step)) is not None:
                self._report.done[name] = said
        self._report.findings += [proof.gallery(self._settings), proof.audit(self._settings)]
        return self._report

    def _within(self, name: str, step: Callable[[], str | None]) -> str | None:
        try:
            with on_disk():
                return step()
        except FaceSocialError as error:
            before = "; ".join(f"{one}: {said}" for one, said in self._report.done.items()) or "nothing"
            raise DependencyUnavailable(
                f"The restore of {self._report.id} ended at: {name}. {error.message} Done before: {before}. "
                "Do not start the services: remove the cause and run the restore again.",
                {"dependency": name},
            ) from error

    def _tombstones(self) -> str:
        settings = self._settings
        known = settings.gallery.tombstones.exists()
        known = operations.note_erased(settings, self._loading.console) or known
        before, added = self._loading.tombstones()
        part = self._manifest.part("tombstones")
        if part is not None and (added or not known):
            self._report.warnings.append(
                "The list of erased faces here is gone, or older than the backup's, which is used. "
                f"Whoever was erased after {part.taken_at:%Y-%m-%d %H:%M:%S} UTC may be back: erase them again."
            )
        return f"{before} were known, {added} came from the backup"

    def _forget(self) -> str | None:
        if self._settings.key_value.redis_url is None:
            return None
        return f"{replays.forget(self._settings.key_value)} that later requests got"

    def _database(self) -> str:
        found, self._erased = self._loading.database()
        self._report.findings.append(found)
        return f"as of {self._manifest.started_at:%Y-%m-%d %H:%M:%S} UTC"

    def _index(self) -> str:
        self._loading.index()
        return "made anew, without who was erased since"

    def _pictures(self) -> str:
        return f"{self._loading.pictures()} put back"

    def _answers(self) -> str | None:
        file = self._plain.get("redis")
        if file is None:
            return None
        if self._settings.key_value.redis_url is None:
            return "left out: there is no Redis here"
        kept, held_back = replays.write(file, self._settings.key_value, self._erased)
        return f"{kept} put back, {held_back} held back because they may name somebody erased"

    def _registry(self) -> str | None:
        file, part = self._plain.get("registry"), self._manifest.part("registry")
        if file is None or part is None:
            return None
        place = registry.Registry.of(self._settings, self._own, new=True)
        if place.kind != part.kind:
            return f"left out: set {PREFIX}MLFLOW_DATABASE_URL to one of {part.kind}"
        registry.write_database(file, place)
        return "put back"

    def _artifacts(self) -> str | None:
        archive = self._plain.get("artifacts")
        if archive is None:
            return None
        place = registry.Registry.of(self._settings, self._own, new=True)
        if place.artifacts is None:
            return f"left out: set {PREFIX}MLFLOW_ARTIFACTS"
        return f"{registry.write_artifacts(archive, place, self._loading.scratch)} put back"

    def _note(self) -> str:
        """In the chain of everybody whose galleries are older now than they were."""
        details = {"taken_at": self._manifest.started_at.isoformat()}
        with opened(self._settings, upgraded=False) as database:
            with database.write() as session:
                backups.note(session, run_of("backup", self._manifest))
                names = [tenant.name for tenant in tenants.policies(session)]
            for name in names:
                deed = Caller(name, SYSTEM, SYSTEM, "restore").deed(
                    ACTION, {"backup": self._report.id}, "ok", details
                )
                with database.write() as session:
                    append(session, name, deed)
        return f"noted in {len(names)} chains"
