"""A contract's YAML, read safely, and the file and line where each part of it stands."""

from __future__ import annotations

import yaml

from tidemill.errors import ContractError

Path_ = tuple[str | int, ...]


class Places:
    """Turns a path in the document into ``file:line``."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        try:
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._once(self._root)
            self.value = yaml.safe_load(text)
        except yaml.YAMLError as exc:
            mark = getattr(exc, "problem_mark", None)
            place = f"{name}:{mark.line + 1}" if mark else name
            raise ContractError(f"not valid YAML: {getattr(exc, 'problem', exc)}", place=place) from exc
        except RecursionError as exc:
            raise ContractError("lists or mappings are nested too deeply", place=name) from exc
        except ValueError as exc:  # a date of the 31st of February is no YAML
            raise ContractError(f"not valid YAML: {exc}", place=name) from exc

    def _once(self, root: yaml.Node | None) -> None:
        """Raises ContractError when a key is twice in a mapping: YAML would let the last one win. Aliases are seen once."""
        seen, open_nodes = set[int](), [root]
        while open_nodes:
            node = open_nodes.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                open_nodes += node.value
            elif isinstance(node, yaml.MappingNode):
                keys: dict[str, int] = {}
                for key, value in node.value:
                    line, label = key.start_mark.line + 1, str(key.value)
                    if label in keys:
                        said = f"the key {label!r} is there twice, first in line {keys[label]}"
                        raise ContractError(said, place=f"{self.name}:{line}")
                    keys[label] = line
                    open_nodes.append(value)

    def __call__(self, path: Path_) -> str:
        node, line = self._root, 1
        for part in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == part), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                break
        return f"{self.name}:{line}"
