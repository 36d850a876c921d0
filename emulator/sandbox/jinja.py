"""Jinja for scenarios that nobody has reviewed: templates cannot reach Python, and all they do has a limit (``meter``).

Jinja's own sandbox refuses attributes that lead to Python. This environment also checks the limits before each loop,
call, filter and operator. Jinja has no hooks for loops, ``~``, literals, comparisons and slices, so these are sent
through filters whose names no template can contain. No expression is evaluated while a template is parsed.

A template has the filters, tests and globals that are listed here, whatever else a version of Jinja brings. Not among
them are ``attr``, a second door to attributes, and ``random`` and ``lipsum``, which are random without a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Namespace as JinjaNamespace
from jinja2.visitor import NodeTransformer

from emulator.base.limits import MAX_TEMPLATE, MAX_TEMPLATE_LEVELS, MAX_TEMPLATE_TOKENS
from emulator.sandbox import meter

#: Keyword arguments that Jinja itself adds to a call.
_ADDED_BY_JINJA: Final = ("_loop_vars", "_block_vars")

_FILTERS: Final = """
abs batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby
indent int items join last length list lower map max min pprint reject rejectattr replace reverse round safe select
selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap
xmlattr
""".split()
_TESTS: Final = """
!= < <= == > >= boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in
integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper
""".split()
_GLOBALS: Final = ("cycler", "dict", "joiner", "range")

#: Names of filters that no template can contain.
_ITEMS, _VALUE, _CONCATENATION = " items", " value", " concatenation"


class Environment(ImmutableSandboxedEnvironment):
    """``finalize`` converts the value of an expression to text."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self, finalize: Callable[[Any], str]) -> None:
        def finalize_and_count(context: Context, value: Any) -> str:
            text = finalize(value if isinstance(value, str) else meter.limited_result(value))
            if isinstance(text, str):
                meter.spend(1 + len(text) // 16)
            return text

        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
            finalize=pass_context(finalize_and_count),
        )
        self.globals = {name: self.globals[name] for name in _GLOBALS} | {"namespace": Namespace}
        self.tests = {name: _metered("", self.tests[name]) for name in _TESTS}
        self.filters = {name: _metered(name, self.filters[name]) for name in _FILTERS} | {
            _ITEMS: meter.limited_items,
            _VALUE: meter.limited_result,
            _CONCATENATION: _concatenation,
        }

    def parse_limited(self, text: str) -> nodes.Template:
        """The tree of a template. Raises Exhausted for a large one, and what Jinja raises for an invalid one."""
        if len(text) > MAX_TEMPLATE:
            raise meter.Exhausted(f"it has more than {MAX_TEMPLATE} characters")
        if len(text) > MAX_TEMPLATE_TOKENS and any(
            number > MAX_TEMPLATE_TOKENS for number, _ in enumerate(self.lex(text))
        ):
            raise meter.Exhausted(f"it has more than {MAX_TEMPLATE_TOKENS} parts")
        tree = self.parse(text)
        if _levels(tree) > MAX_TEMPLATE_LEVELS:
            raise meter.Exhausted(f"it has more than {MAX_TEMPLATE_LEVELS} blocks inside each other")
        return tree

    def metered(self, tree: nodes.Template) -> nodes.Template:
        """The same template with its loops, literals and other unhooked nodes sent through the meter."""
        return _METERING.visit(tree)  # type: ignore[no-any-return]

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        meter.before_operator(operator, left, right)
        return meter.limited_result(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        meter.before_call(__obj, args, {name: one for name, one in kwargs.items() if name not in _ADDED_BY_JINJA})
        __obj = __self.wrap_str_format(__obj) or __obj  # wherever a template has it from
        return meter.limited_result(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """``format`` and ``format_map`` with a check before each field; None for any other value."""
        if super().wrap_str_format(value) is None:
            return None
        text: str = value.__self__
        formatter, is_map = _Formatter(self), value.__name__ == "format_map"

        def formatted(*args: Any, **kwargs: Any) -> str:
            if is_map:
                (kwargs,), args = args, ()
            formatter.size = 0
            return formatter.vformat(text, args, kwargs)

        return formatted


class Namespace(JinjaNamespace):
    """Jinja's ``namespace``, with values that the meter can weigh."""

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "values", dict(*args, **kwargs))

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return object.__getattribute__(self, name)
        try:
            return Namespace.values_of(self)[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        Namespace.values_of(self)[name] = value

    def __repr__(self) -> str:
        return f"<Namespace {Namespace.values_of(self)!r}>"

    @staticmethod
    def values_of(namespace: JinjaNamespace) -> dict[str, Any]:
        """Its values by name. A static method: an attribute of a namespace is a value of the template."""
        values: dict[str, Any] = object.__getattribute__(namespace, "values")
        return values


class _Formatter(SandboxedFormatter):
    """Formats plain text only. Jinja's own formatter also handles text that is marked as safe."""

    size = 0

    def format_field(self, value: Any, format_spec: str) -> Any:
        meter.before_field(format_spec)
        meter.weigh(value)
        text = super().format_field(value, format_spec)
        self.size += len(text)
        meter.refuse_long(self.size)
        return text


def _levels(node: nodes.Node) -> int:
    """The depth of nested statements."""
    return isinstance(node, nodes.Stmt) + max(map(_levels, node.iter_child_nodes()), default=0)


def _concatenation(pieces: list[Any]) -> Any:
    meter.weigh(pieces)
    return meter.limited_result("".join([str(one) for one in pieces]))


def _metered(name: str, filter: Any) -> Callable[..., Any]:
    """Jinja's filter or test with a check before it runs and of its result."""
    passes = getattr(filter, "jinja_pass_arg", None)

    def metered(context: Context, value: Any = None, /, *args: Any, **kwargs: Any) -> Any:
        meter.before_filter(name, value, *args, **kwargs)
        first: list[Any] = []
        if passes is not None:
            environment = context.environment
            first = [{"context": context, "eval_context": context.eval_ctx}.get(passes.name, environment)]
        return meter.limited_result(filter(*first, value, *args, **kwargs))

    return pass_context(metered)


def _filtered(name: str, node: Any) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Metering(NodeTransformer):
    """Sends nodes through the meter for which Jinja does not call its environment."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _filtered(_ITEMS, node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filtered(_CONCATENATION, nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _filtered(_VALUE, node.expr)
        for operand in node.ops:
            operand.expr = _filtered(_VALUE, operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _filtered(_VALUE, node.node)
        return node

    def _visit_literal(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(_VALUE, node) if getattr(node, "ctx", "load") == "load" else node

    visit_List = visit_Tuple = visit_Dict = _visit_literal  # noqa: N815


_METERING: Final = _Metering()
