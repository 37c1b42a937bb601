"""What every store of small documents does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.ports.documents import Documents
from retail_core.tally import FaultTally
from tests.fakes.documents import FakeDocuments

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


class DocumentsContract:
    """The suite; a subclass provides `documents`."""

    def test_gives_back_what_was_put(self, documents: Documents) -> None:
        assert documents.get("lane") is None
        documents.put("lane", {"camera": "前台", "fps": 10, "roi": [0, 0.5]})
        assert documents.get("lane") == {"camera": "前台", "fps": 10, "roi": [0, 0.5]}

    def test_replaces_whole_documents(self, documents: Documents) -> None:
        documents.put("lane", {"camera": "a", "fps": 10})
        documents.put("lane", {"camera": "b"})
        assert documents.get("lane") == {"camera": "b"}

    def test_keeps_documents_apart(self, documents: Documents) -> None:
        documents.put("one", {"n": 1})
        documents.put("two", {"n": 2})
        assert documents.delete("one")
        assert not documents.delete("one")
        assert documents.get("one") is None
        assert documents.get("two") == {"n": 2}

    def test_hands_out_copies(self, documents: Documents) -> None:
        mine: dict[str, object] = {"list": [1]}
        documents.put("doc", mine)
        mine["later"] = True
        got = documents.get("doc")
        assert got is not None
        got["also"] = True
        assert documents.get("doc") == {"list": [1]}

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(name=st.text(min_size=1, max_size=10), body=st.dictionaries(st.text(max_size=5), VALUES))
    def test_any_json_comes_back(
        self, documents: Documents, name: str, body: dict[str, object]
    ) -> None:
        documents.put(name, body)
        assert documents.get(name) == body

    def test_closes_twice(self, documents: Documents) -> None:
        documents.close()
        documents.close()


class TestFakeDocuments(DocumentsContract):
    @pytest.fixture
    def documents(self) -> FakeDocuments:
        return FakeDocuments()


class TestTinyDocuments(DocumentsContract):
    @pytest.fixture
    def documents(self, tmp_path: Path) -> Iterator[TinyDocuments]:
        documents = TinyDocuments(tmp_path / "documents.json", FaultTally())
        yield documents
        documents.close()
