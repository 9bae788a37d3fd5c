"""Mutants of SystemVerilog: small deliberate faults in what a unit does, one at a time.

mutants(text) lists them in a fixed order. Not mutated are comments, assertions, initial blocks and what synthesis does
not see, declarations (but for `signed`), parameters, port lists, loop headers, widths and part selects."""

import random
import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\])*")
  | (?P<directive>`\w+)
  | (?P<number>\d*\s*'[sS]?[bodhBODH]\s*[0-9a-fA-FxXzZ_?]+|'[01xXzZ]|\d[\d_]*)
  | (?P<name>\$?[A-Za-z_][\w$]*)
  | (?P<operator><<<|>>>|===|!==|==\?|!=\?|\|->|\|=>|<<=|>>=|<=|>=|==|!=|&&|\|\||<<|>>|\+:|-:|\+\+|--|\*\*|::|->
      |\+=|-=|\*=|/=|&=|\|=|\^=|~\^|~&|~\||.)
""", re.VERBOSE | re.DOTALL)

OPENING = {"(": ")", "[": "]", "{": "}"}
ASSIGNMENTS = {"=", "<=", "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>="}
OPERATORS = {"+": "-", "-": "+", "*": "+", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", ">>>": ">>",
             "<<<": ">>>", "/": "*", "%": "/"}
LOGICAL = {"&&": "||", "||": "&&"}
COMPARISONS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
DECLARING = {"logic", "wire", "reg", "bit", "byte", "int", "integer", "genvar", "typedef", "parameter", "localparam",
             "import", "export", "enum", "struct", "input", "output", "inout", "string", "automatic", "static", "const",
             "var", "signed", "unsigned"}
CONSTANT_DECLARATIONS = {"typedef", "parameter", "localparam", "genvar", "import", "export"}


@dataclass(frozen=True)
class Mutant:
    number: int  # in its file, from 1
    line: int
    kind: str
    original: str
    mutated: str
    first: int  # characters of the file that are replaced
    end: int

    def applied(self, text):
        return text[:self.first] + self.mutated + text[self.end:]

    def __str__(self):
        return f"{self.kind} {_short(self.original)} -> {_short(self.mutated)}"


def _short(text):
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass
class _Token:
    kind: str
    text: str
    first: int
    end: int


@dataclass(frozen=True)
class _Assignment:
    first: int  # tokens: of the left side, of the operator, of the semicolon
    operator: int
    last: int


class _Source:
    """Tokens of a file, which of them may be mutated, and where its statements are."""

    def __init__(self, text):
        self.text = text
        self.tokens = [_Token(match.lastgroup, match.group(), match.start(), match.end())
                       for match in TOKEN.finditer(text) if match.lastgroup != "skip"]
        self.partner = self._partners()
        self.frozen = [False] * len(self.tokens)
        self.assignments = []
        self.conditions = []  # of if: tokens of the brackets
        self.clocked, self.combinational = set(), set()  # tokens in always_ff, always_comb
        self._freeze_directives()
        self._walk()

    def at(self, i):
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def _partners(self):
        partner, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token.kind != "operator":
                continue
            if token.text in OPENING:
                stack.append(i)
            elif token.text in OPENING.values() and stack:
                partner[i] = stack.pop()
                partner[partner[i]] = i
        return partner

    def _freeze(self, first, end):
        for i in range(first, min(end, len(self.tokens))):
            self.frozen[i] = True

    def _freeze_directives(self):
        """Macros with their arguments, lines that define or include, and branches that synthesis leaves out."""
        stack = []
        for i, token in enumerate(self.tokens):
            if token.kind == "directive":
                self._freeze(i, i + 1)
                if token.text in ("`ifdef", "`ifndef"):
                    stack.append((self.at(i + 1) == "SYNTHESIS", token.text == "`ifdef"))
                    self._freeze(i + 1, i + 2)
                elif token.text == "`else" and stack:
                    stack[-1] = (stack[-1][0], not stack[-1][1])
                elif token.text == "`endif" and stack:
                    stack.pop()
                elif token.text in ("`include", "`define", "`default_nettype", "`timescale"):
                    line_end = self.text.find("\n", token.first)
                    while self.text[line_end - 1] == "\\":
                        line_end = self.text.find("\n", line_end + 1)
                    j = i
                    while j < len(self.tokens) and self.tokens[j].first < line_end:
                        self._freeze(j, j + 1)
                        j += 1
                elif self.at(i + 1) == "(":
                    self._freeze(i, self.partner.get(i + 1, i) + 1)
            if any(about_synthesis and not kept for about_synthesis, kept in stack):
                self._freeze(i, i + 1)

    def _to_semicolon(self, i):
        while i < len(self.tokens) and self.at(i) != ";":
            i = self.partner.get(i, i) + 1 if self.at(i) in OPENING else i + 1
        return i

    def _block_end(self, i, opening, closing):
        depth = 0
        while i < len(self.tokens):
            depth += self.at(i) in opening
            depth -= self.at(i) == closing
            if depth == 0:
                return i
            i += 1
        return i

    def _statement_end(self, i):
        """The token after the statement that begins at i."""
        word = self.at(i)
        if word == "begin":
            end = self._block_end(i, {"begin"}, "end") + 1
            return end + 2 if self.at(end) == ":" else end
        if word in ("unique", "unique0", "priority"):
            return self._statement_end(i + 1)
        if word in ("case", "casez", "casex"):
            return self._block_end(i, {"case", "casez", "casex"}, "endcase") + 1
        if word in ("if", "for", "while", "repeat"):
            end = self._statement_end(self.partner[i + 1] + 1)
            return self._statement_end(end + 1) if word == "if" and self.at(end) == "else" else end
        return self._to_semicolon(i) + 1

    def _left_side_end(self, i):
        """The token after the left side of an assignment that begins at i, or None."""
        if self.at(i) == "{":
            return self.partner[i] + 1
        if self.tokens[i].kind != "name":
            return None
        i += 1
        while self.at(i) in ("[", "."):
            i = self.partner[i] + 1 if self.at(i) == "[" else i + 2
        return i

    def _walk(self):
        """Goes through the statements of the file in their order."""
        i, count = 0, len(self.tokens)
        while i < count:
            if self.tokens[i].kind == "directive" and self.frozen[i]:
                while i < count and self.frozen[i]:
                    i += 1
                continue
            i = self._statement(i)

    def _statement(self, i):
        word = self.at(i)
        if word in ("module", "package", "function", "task"):  # their headers
            end = self._to_semicolon(i)
            while word == "module" and self.at(end + 1) in ("#", "(") and \
                    "import" in [self.at(j) for j in range(i, end)]:
                i, end = end, self._to_semicolon(end + 1)
                self._freeze(i, end + 1)
            self._freeze(i, end + 1)
            return end + 1
        if word == "initial":
            end = self._statement_end(i + 1)
            self._freeze(i, end)
            return end
        if word in ("assert", "assume", "cover", "restrict"):
            end = self._to_semicolon(i)
            self._freeze(i, end + 1)
            return end + 1
        if word in ("always_ff", "always_comb", "always_latch", "always"):
            begin = i + 1
            if self.at(begin) == "@":
                begin = self.partner[begin + 1] + 1 if self.at(begin + 1) == "(" else begin + 2
                self._freeze(i, begin)
            tokens = range(begin, self._statement_end(begin))
            (self.combinational if word == "always_comb" else self.clocked).update(tokens)
            return begin
        if word in ("for", "repeat", "while"):
            self._freeze(i, self.partner[i + 1] + 1)
            return self.partner[i + 1] + 1
        if word in ("if", "case", "casez", "casex"):
            if word == "if":
                self.conditions.append((i + 1, self.partner[i + 1]))
            return self.partner[i + 1] + 1
        if word in ("unique", "unique0", "priority", "else", "default", "generate", "endgenerate", "endcase", "final"):
            return i + 1
        if word in ("begin", "end", "endmodule", "endpackage", "endfunction", "endtask"):
            return i + 3 if self.at(i + 1) == ":" else i + 1
        if word == "assign":
            return self._assignment(i + 1)
        if word in DECLARING or re.search(r"_[te]$", word) and self.tokens[i + 1:i + 2] and \
                (self.tokens[i + 1].kind == "name" or self.at(i + 1) == "::"):
            return self._declaration(i)
        if self.tokens[i].kind == "name" and self.at(i + 1) == ":" and self.at(i + 2) in ("assert", "assume", "cover"):
            self._freeze(i, i + 2)
            return i + 2
        if self.tokens[i].kind == "name" and (self.at(i + 1) == "#" or self.tokens[i + 1:i + 2] and
                                              self.tokens[i + 1].kind == "name" and self.at(i + 2) == "("):
            if self.at(i + 1) == "#":  # an instance: its parameters
                self._freeze(i, self.partner[i + 2] + 1)
            return self._to_semicolon(i) + 1
        return self._assignment(i)

    def _assignment(self, i):
        end = self._left_side_end(i) if i < len(self.tokens) else None
        if end is not None and self.at(end) in ASSIGNMENTS:
            last = self._to_semicolon(end)
            self.assignments.append(_Assignment(i, end, last))
            self._freeze(i, end + 1)
            return last + 1
        # The label of a case item, or another statement.
        while i < len(self.tokens) and self.at(i) not in (";", ":"):
            i = self.partner.get(i, i) + 1 if self.at(i) in OPENING else i + 1
        return i + 1

    def _declaration(self, i):
        end = self._to_semicolon(i)
        value = next((j for j in range(i, end) if self.at(j) == "="), end)
        constant = any(self.at(j) in CONSTANT_DECLARATIONS for j in range(i, value))
        self._freeze(i, end + 1 if constant else value + 1)
        return end + 1


def _constants(text):
    """The neighbours of a literal, in its own base and width."""
    if text in ("'0", "'1"):
        return ["'1" if text == "'0" else "'0"]
    match = re.fullmatch(r"(\d*)\s*'([sS]?)([bodhBODH])\s*([0-9a-fA-F_]+)", text)
    if match is None:
        if not re.fullmatch(r"\d+", text):
            return []
        return [str(value) for value in (int(text) + 1, int(text) - 1) if value >= 0]
    size, sign, base, digits = match.groups()
    radix = {"b": 2, "o": 8, "d": 10, "h": 16}[base.lower()]
    width = int(size) if size else 32
    value = int(digits.replace("_", ""), radix)
    spell = {2: "b", 8: "o", 10: "d", 16: "x"}[radix]
    return [f"{size}'{sign}{base}{format(near % (1 << width), spell)}" for near in (value + 1, value - 1)]


def mutants(text):
    """Every mutant of a source, numbered from 1 in the order of the places."""
    source = _Source(text)
    tokens, at = source.tokens, source.at
    found = {}

    def add(kind, first, end, mutated):
        """Replaces tokens first to end - 1."""
        place = (tokens[first].first, tokens[end - 1].end, mutated)
        if text[place[0]:place[1]] != mutated:
            found.setdefault(place, kind)

    def inside(first, end):
        return text[tokens[first].first:tokens[end - 1].end]

    def is_binary(i):
        before = tokens[i - 1] if i else None
        return before is not None and (before.kind in ("name", "number") or before.text in (")", "]", "}")) and \
            before.text not in ("return", "if", "case", "begin", "else")

    # Brackets that hold a part select: their numbers are widths.
    selects = set()
    for i, j in source.partner.items():
        if i < j and at(i) == "[" and any(at(k) in (":", "+:", "-:") and _depth_one(source, i, k) for k in range(i, j)):
            colon = next(k for k in range(i, j) if at(k) in (":", "+:", "-:") and _depth_one(source, i, k))
            selects.update(range(i if at(colon) == ":" else colon, j))

    for i, token in enumerate(tokens):
        if token.text == "signed" and i > 1 and not _in_header(source, i):
            add("unsigned", i, i + 1, "")
        if source.frozen[i]:
            continue
        if token.kind == "operator":
            binary = is_binary(i)
            if token.text in OPERATORS and binary and i not in selects:
                add("operator", i, i + 1, OPERATORS[token.text])
            if token.text in LOGICAL:
                add("logical", i, i + 1, LOGICAL[token.text])
            if token.text in COMPARISONS:
                add("comparison", i, i + 1, COMPARISONS[token.text])
            if token.text in ("!", "~") and not binary:
                add("negation", i, i + 1, "")
            if token.text == "?":
                _swap(source, i, add, inside)
        elif token.kind == "number" and i not in selects:
            if at(i + 1) == "'" or at(i + 1) == "{" and at(i - 1) == "{":
                continue
            for constant in _constants(token.text):
                add("constant", i, i + 1, constant)
        elif token.text == "$signed":
            add("unsigned", i, i + 1, "")

    for first, last in source.conditions:
        negated = at(first + 1) == "!" and (last == first + 3 or source.partner.get(first + 2) == last - 1)
        if not source.frozen[first] and not negated:  # without its ! it is a mutant already
            add("condition", first, last + 1, f"(!{inside(first, last + 1)})")
    _drop(source, add, inside)
    ordered = sorted(found.items(), key=lambda entry: (entry[0][0], entry[0][1], entry[1], entry[0][2]))
    return [Mutant(number, text.count("\n", 0, first) + 1, kind, text[first:end], mutated, first, end)
            for number, ((first, end, mutated), kind) in enumerate(ordered, 1)]


def _depth_one(source, opening, i):
    """Token i lies directly in the bracket that opens at `opening`."""
    return not any(opening < j < i < source.partner.get(j, 0) for j in range(opening + 1, i) if source.at(j) in OPENING)


def _in_header(source, i):
    """In a port list, a parameter, or a declaration of constants: where types are another's business."""
    j = i
    while j > 0 and source.at(j) not in (";", "begin", "end"):
        j -= 1
    words = {source.at(k) for k in range(j, i)}
    return bool(words & (CONSTANT_DECLARATIONS | {"module", "function", "input", "output"}))


def _swap(source, question, add, inside):
    """The arms of a multiplexer."""
    at, i, depth = source.at, question + 1, 0
    while i < len(source.tokens) and (at(i) != ":" or depth):
        depth += (at(i) == "?") - (at(i) == ":")
        i = source.partner[i] + 1 if at(i) in OPENING else i + 1
    colon = i
    i += 1
    depth = 0
    while i < len(source.tokens) and at(i) not in (",", ";", ")", "]", "}") and (at(i) != ":" or depth):
        depth += (at(i) == "?") - (at(i) == ":")
        i = source.partner[i] + 1 if at(i) in OPENING else i + 1
    if colon < i - 1 and question + 1 < colon:
        first, second = inside(question + 1, colon), inside(colon + 1, i)
        add("mux", question + 1, i, f"({second}) : ({first})")


def _drop(source, add, inside):
    """Assignments that do not happen: registers hold; a next state keeps its default, or becomes the state; another
    combinational value keeps the one before, or is 0. And events that do not."""
    given, names = {}, {token.text for token in source.tokens if token.kind == "name"}
    for assignment in source.assignments:
        first, operator, last = assignment.first, assignment.operator, assignment.last
        if last >= len(source.tokens) or source.frozen[last]:
            continue
        left = inside(first, operator)
        base = source.at(first)
        if base.startswith("evt_"):
            add("event", operator + 1, last, "'0")
        if first in source.clocked:
            add("drop", first, last + 1, ";")
        elif first in source.combinational:
            block = _block(source.combinational, first)
            state = base.removesuffix("_d") + "_q"
            if source.at(operator) != "=" or given.get(base) == block:
                add("drop", first, last + 1, ";")
            elif base.endswith("_d") and state in names:
                add("drop", operator + 1, last, left.replace(base, state, 1))
            else:
                add("drop", operator + 1, last, "'0")
            given[base] = block


def _block(members, i):
    while i - 1 in members:
        i -= 1
    return i


def spread(mutants_of, count, seed):
    """`count` of them, spread over files and kinds: `mutants_of` maps a file to its mutants. Returns (file, mutant)."""
    generator = random.Random(seed)
    groups = {}
    for file in sorted(mutants_of):
        for mutant in mutants_of[file]:
            groups.setdefault((file, mutant.kind), []).append((file, mutant))
    for group in groups.values():
        generator.shuffle(group)
    chosen = []
    while groups and len(chosen) < count:
        keys = sorted(groups)
        generator.shuffle(keys)
        for key in keys[:count - len(chosen)]:
            chosen.append(groups[key].pop())
            if not groups[key]:
                del groups[key]
    return sorted(chosen, key=lambda pair: (pair[0], pair[1].number))
