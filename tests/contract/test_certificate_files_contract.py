"""What every place of certificates beside the database promises."""

from pathlib import Path

import pytest

from cloud_broker.adapters.certificate_files import FolderCertificates
from cloud_broker.ports.privacy import CertificateFiles, Certified
from retail_core.errors import Fault
from retail_core.identity.erasure_certificate import ErasureCertificate, sign_certificate
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.fakes.cloud_privacy import FakeCertificateFiles


@pytest.fixture(params=["memory", "folder"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> CertificateFiles:
    return FakeCertificateFiles() if request.param == "memory" else FolderCertificates(tmp_path)


def test_a_certificate_is_kept_once_and_by_tenant(files: CertificateFiles) -> None:
    tenant, erasure = fresh_id(), fresh_id()
    said = ErasureCertificate(1, str(erasure), str(tenant), ("ab",), "cli", 0, 5, (), 0, ())
    made = Certified(erasure, WALL_MS, sign_certificate(said, b"s" * 32))
    assert files.names(tenant) == frozenset()
    assert files.keep(tenant, made)
    assert not files.keep(tenant, made)
    assert files.names(tenant) == {erasure}
    assert files.names(fresh_id()) == frozenset()
    assert files.read(tenant, erasure) == made.signed


def test_what_is_no_certificate_is_passed_over_or_refused(tmp_path: Path) -> None:
    files, tenant, erasure = FolderCertificates(tmp_path), fresh_id(), fresh_id()
    folder = tmp_path / str(tenant)
    folder.mkdir()
    (folder / "notes.json").write_text("{}")
    (folder / f"{erasure}.json").write_text("{}")
    assert files.names(tenant) == {erasure}
    with pytest.raises(Fault) as caught:
        files.read(tenant, erasure)
    assert caught.value.code is FaultCode.CERTIFICATE_UNTRUE


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tenant, erasure = fresh_id(), fresh_id()
    said = ErasureCertificate(1, str(erasure), str(tenant), (), "cli", 0, 5, (), 0, ())
    made = Certified(erasure, WALL_MS, sign_certificate(said, b"s" * 32))
    with pytest.raises(Fault) as caught:
        FolderCertificates(tmp_path / "file").keep(tenant, made)
    assert caught.value.code is FaultCode.CERTIFICATE_NOT_KEPT
