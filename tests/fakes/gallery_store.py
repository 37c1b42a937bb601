"""Templates in memory."""

from uuid import UUID

from edge_agent.ports.gallery_store import Template


class FakeGalleryStore:
    """Fulfils `GalleryStore`."""

    def __init__(self) -> None:
        self.consents: dict[UUID, UUID] = {}
        self._templates: dict[UUID, Template] = {}

    def add(self, template: Template, *, consent_event_id: UUID) -> None:
        self._templates[template.template_id] = template
        self.consents[template.template_id] = consent_event_id

    def load(self, model_id: str) -> tuple[Template, ...]:
        ordered = sorted(self._templates.items(), key=lambda item: item[0].bytes)
        return tuple(template for _id, template in ordered if template.model_id == model_id)

    def delete_member(self, member_id: UUID) -> int:
        gone = [key for key, one in self._templates.items() if one.member_id == member_id]
        for key in gone:
            del self._templates[key]
        return len(gone)

    def close(self) -> None:
        """Nothing is open."""
