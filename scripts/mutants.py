# SPDX-License-Identifier: Apache-2.0
"""Finds small changes of a C file that a test should detect, and makes one of them.

negate: the condition of an if, a loop or a `?:`, `&&` for `||`, `==` for `!=`. drop: a statement that is an assignment, a call, a
break, a continue or a bare return. bound: `<` for `<=`, `+` for `-`. constant: a number, true or false, another value of
the same enum. Assertions and expansions of macros are left alone. Positions are libclang's (Debian's python3-clang-14).
"""
import collections
import re
import shlex

from clang import cindex
from clang.cindex import CursorKind as K

Change = collections.namedtuple("Change", "kind start end new")  # offsets in bytes

NEGATED = {b"&&": b"||", b"||": b"&&", b"==": b"!=", b"!=": b"=="}
SHIFTED = {b"<": b"<=", b"<=": b"<", b">": b">=", b">=": b">", b"+": b"-", b"-": b"+"}
CONDITIONAL = {K.IF_STMT, K.WHILE_STMT, K.DO_STMT, K.FOR_STMT, K.CONDITIONAL_OPERATOR}
DROPPED = {K.CALL_EXPR, K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR, K.UNARY_OPERATOR, K.BREAK_STMT, K.CONTINUE_STMT,
           K.RETURN_STMT}
BODIES = {K.IF_STMT, K.WHILE_STMT, K.DO_STMT, K.FOR_STMT, K.CASE_STMT, K.DEFAULT_STMT}
LEFT_ALONE = re.compile(rb"(static_)?assert\b|\(void\)")
NUMBER = re.compile(rb"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)")


class Source:
    """One file, parsed with its compiler arguments."""

    def __init__(self, path, command, directory):
        self.path, self.text = path, path.read_bytes()
        self.changes = set()
        args = [w for w in shlex.split(command) if w.startswith(("-I", "-D", "-std", "-isystem"))]
        args = [f"-I{directory}/{w[2:]}" if w.startswith("-I") and not w.startswith("-I/") else w for w in args]
        unit = cindex.Index.create().parse(str(path), args=args)
        wrong = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if wrong:
            raise ValueError(f"libclang does not read {path}: {wrong[0]}")
        for cursor in unit.cursor.get_children():
            if cursor.location.file and cursor.location.file.name == str(path) and cursor.kind == K.FUNCTION_DECL:
                self.visit(cursor)

    def span(self, cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def written(self, cursor):
        start, end = self.span(cursor)
        return self.text[start:end]

    def add(self, kind, start, end, new):
        self.changes.add(Change(kind, start, end, new))

    def visit(self, cursor):
        for parent in [cursor, *cursor.walk_preorder()]:
            if LEFT_ALONE.match(self.written(parent)):
                continue
            children = list(parent.get_children())
            if parent.kind in CONDITIONAL:
                self.condition(parent, children)
            if parent.kind in (K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
                self.operator(*children)
            if parent.kind in (K.INTEGER_LITERAL, K.DECL_REF_EXPR):
                self.constant(parent)
            if parent.kind == K.COMPOUND_STMT:
                self.statements(children)
            elif parent.kind in BODIES:
                self.statements(children[1:] if parent.kind != K.DO_STMT else children[:1])

    def condition(self, parent, children):
        """The child that stands in the parentheses, between the semicolons, or before the question mark."""
        for child in children:
            start, end = self.span(child)
            before, after = self.text[:start].rstrip()[-1:], self.text[end:].lstrip()[:1]
            if parent.kind == K.CONDITIONAL_OPERATOR:
                found = child == children[0] and after == b"?"
            elif parent.kind == K.FOR_STMT:
                found = before == b";" and after == b";"
            else:
                found = before == b"(" and after == b")" and start > self.span(parent)[0]
            if found:
                self.add("negate", start, end, b"!(" + self.text[start:end] + b")")
                return

    def operator(self, left, right):
        start, end = self.span(left)[1], self.span(right)[0]
        word = self.text[start:end].strip()
        start += len(self.text[start:end]) - len(self.text[start:end].lstrip())
        for kind, table in ("negate", NEGATED), ("bound", SHIFTED):
            if word in table:
                self.add(kind, start, start + len(word), table[word])

    def constant(self, cursor):
        start, end = self.span(cursor)
        word = self.text[start:end]
        number = NUMBER.fullmatch(word)
        if word in (b"true", b"false"):
            self.add("constant", start, end, b"false" if word == b"true" else b"true")
        elif number:
            value = int(number[1], 0) if number[1][:1] != b"0" or number[1][1:2] in b"xX" else int(number[1], 8)
            self.add("constant", start, end, b"%d%s" % (0 if value == 1 else value + 1, number[2]))
        elif cursor.referenced and cursor.referenced.kind == K.ENUM_CONSTANT_DECL and word == cursor.spelling.encode():
            names = [c.spelling for c in cursor.referenced.semantic_parent.get_children()]
            if len(names) > 1:
                other = names[(names.index(cursor.spelling) + 1) % len(names)]
                self.add("constant", start, end, other.encode())

    def statements(self, children):
        for child in children:
            start, end = self.span(child)
            if child.kind not in DROPPED or LEFT_ALONE.match(self.text[start:end]):
                continue
            if child.kind == K.RETURN_STMT and self.text[start:end] != b"return":
                continue
            if self.text[end:].lstrip()[:1] == b";" and self.text[:start].rstrip()[-1:] in b"{};):":
                self.add("drop", start, end, b"\n" * self.text[start:end].count(b"\n"))

    def line(self, change):
        return self.text[:change.start].count(b"\n") + 1

    def changed(self, change):
        return self.text[:change.start] + change.new + self.text[change.end:]

    def describe(self, change):
        def shown(text):
            text = re.sub(r"\s+", " ", text.decode(errors="replace")).strip()
            return text if len(text) < 70 else text[:67] + "…"
        return f"{change.kind}: {shown(self.text[change.start:change.end])} -> {shown(change.new) or 'nothing'}"
