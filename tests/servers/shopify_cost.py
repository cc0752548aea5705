"""What a question costs a Shopify shop that is played: never less than Shopify would charge.

Its limits are documented, and that an object costs one point and a list goes by how many are asked for; not how lists
within lists are counted. Here they multiply, which is the most that it can be.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

_FREE = frozenset({"pageInfo", "nodes"})


def cost_of(document: DocumentNode, variables: dict[str, Any]) -> int:
    """Return the most points that a question can cost."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}

    def cost(selections: SelectionSetNode) -> int:
        total = 0
        for each in selections.selections or ():
            if isinstance(each, FragmentSpreadNode):
                total += cost(fragments[each.name.value].selection_set)
            elif isinstance(each, FieldNode) and each.selection_set is not None:
                own = 0 if each.name.value in _FREE else 1
                total += _size(each, variables) * (own + cost(each.selection_set))
        return total

    return sum(cost(each.selection_set) for each in document.definitions if isinstance(each, OperationDefinitionNode))


def _size(field: FieldNode, variables: dict[str, Any]) -> int:
    """Return how many are asked for; one of what is no list."""
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            return int(variables[value.name.value] if isinstance(value, VariableNode) else value.value)  # type: ignore[attr-defined]
    return 1


def objects_in(data: object) -> int:
    """Return how many objects an answer holds, which is what it is charged in the end."""
    if isinstance(data, dict):
        return 1 + sum(objects_in(each) for each in data.values())
    return sum(objects_in(each) for each in data) if isinstance(data, list) else 0
