"""YAML as this project takes it: strict, fast, with the place of every part and first aid for what is not YAML."""

from reconciler.model.values import Loose
from reconciler.project.yaml.document import Document, read_document

__all__ = ["Document", "Loose", "read_document"]
