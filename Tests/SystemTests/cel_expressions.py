"""Random expressions of the Common Expression Language, and what cel-expr-python makes of them.

    cel_expressions.py COUNT FILE

`CELTests/DifferentialTests` reads the file. The seed is printed; ROTA_SEED draws the same again. What the two differ in
on purpose is not drawn, and stands in Docs/CEL.md.
"""

import json
import os
import random
import sys
import time
from datetime import datetime, timedelta, timezone

from cel_expr_python import cel

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
TYPE = cel.Type
TYPES = {
    "x": ("int", TYPE.INT), "u": ("uint", TYPE.UINT), "f": ("double", TYPE.DOUBLE), "s": ("string", TYPE.STRING),
    "ok": ("bool", TYPE.BOOL), "t": ("timestamp", TYPE.TIMESTAMP), "d": ("duration", TYPE.DURATION),
    "numbers": ("list(int)", TYPE.List(TYPE.INT)), "words": ("list(string)", TYPE.List(TYPE.STRING)),
    "labels": ("map(string, string)", TYPE.Map(TYPE.STRING, TYPE.STRING)), "any": ("dyn", TYPE.DYN),
}
WORDS = ["", "a", "b", "ab", "prod", "Prod", "ci-deploy", "é", "e\u0301", "aab", "x.y", "10", "🐱"]
PATTERNS = [
    "a", "^a", "b$", "a*b", "(a|b)+", "[a-c]+$", "^.$", "\\\\d+", "[^a]", "p?r+o", "(?i)PROD", "a{2}", "a{1,2}b?", "\\\\bx",
    "^$", ".", "\\\\w-\\\\w", "\\\\.", "[[:alpha:]]{3}", "\\\\pL", "(ab|a)(b|$)",
]
INTEGERS = [0, 1, 2, 3, -1, -2, 7, 10, 100, 2**31, 2**53, 2**63 - 1, -(2**63 - 1)]
DOUBLES = ["0.0", "1.0", "-1.0", "0.5", "2.0", "3.25", "1e6", "1e-7", "1e20", "123456.75", "-0.0", "9007199254740993.0"]
SPANS = ["0s", "1s", "1h", "90m", "-30s", "2160h", "1500ms", "1h30m5s", "1us", "0.25s"]
TIMES = [
    "1970-01-01T00:00:00Z", "2026-11-26T14:52:15Z", "2024-02-29T23:59:59.5Z", "2000-03-01T01:02:03+05:30",
    "1969-12-31T23:59:59.999Z", "1900-01-01T00:00:00Z", "2100-12-31T12:00:00-08:00",
]
SIGNS = ["==", "!=", "<", "<=", ">", ">="]
CALENDAR = ["FullYear", "Month", "DayOfMonth", "Date", "DayOfWeek", "DayOfYear"]
CLOCK = ["Hours", "Minutes", "Seconds", "Milliseconds"]


class Writer:
    """Writes an expression of a type that is asked for."""

    def __init__(self, dice):
        self.dice, self.locals = dice, []

    def write(self, kind, depth):
        if depth <= 0 or self.dice.random() < 0.15:
            return self.leaf(kind)
        if self.dice.random() < 0.08:
            return f"({self.write('bool', depth - 1)} ? {self.write(kind, depth - 1)} : {self.write(kind, depth - 1)})"
        return getattr(self, kind)(depth - 1)

    def pick(self, *forms):
        return self.dice.choice(forms)()

    def leaf(self, kind):
        names = [name for name, local in self.locals if local == kind]
        if names and self.dice.random() < 0.6:
            return self.dice.choice(names)
        roll = self.dice.choice
        leaves = {
            "int": lambda: roll(["x", str(roll(INTEGERS))]), "uint": lambda: roll(["u", f"{abs(roll(INTEGERS))}u"]),
            "double": lambda: roll(["f", roll(DOUBLES)]), "string": lambda: roll(["s", json.dumps(roll(WORDS))]),
            "bool": lambda: roll(["ok", "true", "false"]), "duration": lambda: roll(["d", f"duration('{roll(SPANS)}')"]),
            "timestamp": lambda: roll(["t", f"timestamp('{roll(TIMES)}')"]),
            "numbers": lambda: roll(["numbers", "[1, 2, 3]", "[5]"]), "words": lambda: roll(["words", "['a', 'prod']"]),
            "dyn": lambda: roll(["any", "dyn(1)", "dyn(1u)", "dyn(1.0)", "dyn('a')", "dyn(null)", "any.a", "any[0]"]),
        }
        text = leaves[kind]()
        return f"({text})" if text.startswith("-") else text

    # A method for each type.

    def bool(self, depth):
        def both(sign):
            return lambda: f"({self.write('bool', depth)} {sign} {self.write('bool', depth)})"

        def compared():
            kind = self.dice.choice(["int", "uint", "double", "string", "duration", "timestamp", "bool", "dyn", "dyn"])
            sign = self.dice.choice(SIGNS)
            return f"({self.write(kind, depth)} {sign} {self.write(kind, depth)})"

        def looped():
            range_, kind = self.range(depth)
            macro = self.dice.choice(["all", "exists", "exists_one"])
            return f"{range_}.{macro}({self.body(kind, 'bool', depth)})"

        def tested():
            function = self.dice.choice(["contains", "startsWith", "endsWith"])
            return f"{self.write('string', depth)}.{function}({self.write('string', depth)})"

        return self.pick(
            both("&&"), both("||"), both("=="), compared, compared, compared, looped, tested,
            lambda: f"!{self.write('bool', depth)}",
            lambda: f"{self.write('string', depth)}.matches('{self.dice.choice(PATTERNS)}')",
            lambda: f"({self.write('int', depth)} in {self.write('numbers', depth)})",
            lambda: f"({self.write('string', depth)} in {self.write('words', depth)})",
            lambda: f"({self.write('string', depth)} in labels)",
            lambda: self.dice.choice(["has(labels.env)", "has(labels.team)", "has(any.a)", "has({'a': 1}.a)"]),
            lambda: f"({self.write('numbers', depth)} == {self.write('numbers', depth)})",
            lambda: f"({self.write('dyn', depth)} in {self.write('numbers', depth)})",
            lambda: f"bool({self.dice.choice(['s', repr('true'), repr('f'), repr('no')])})",
            lambda: f"(type({self.write('dyn', depth)}) == {self.dice.choice(['int', 'uint', 'string', 'double', 'list'])})")

    def arithmetic(self, kind, depth, signs):
        return f"({self.write(kind, depth)} {self.dice.choice(signs)} {self.write(kind, depth)})"

    def int(self, depth):
        def field():
            time_ = self.write("timestamp", depth)
            name = self.dice.choice(CALENDAR + CLOCK)
            zone = self.dice.choice(["", "", "'+02:00'", "'-09:30'", "'UTC'", "'05:45'"])
            return f"{time_}.get{name}({zone})"

        return self.pick(
            lambda: self.arithmetic("int", depth, "+-*/%"), lambda: self.arithmetic("int", depth, "+-*/%"), field,
            lambda: f"-({self.write('int', depth)})",
            lambda: f"{self.write('duration', depth)}.get{self.dice.choice(CLOCK)}()",
            lambda: f"size({self.write(self.dice.choice(['string', 'numbers', 'words']), depth)})",
            lambda: f"{self.write('string', depth)}.size()",
            lambda: f"int({self.write(self.dice.choice(['uint', 'double', 'timestamp', 'int']), depth)})",
            lambda: f"int({json.dumps(self.dice.choice(['7', '-12', 'a', '', '9223372036854775808', '1.5']))})",
            lambda: f"{self.write('numbers', depth)}[{self.write('int', 0)}]",
            lambda: f"{{1: {self.write('int', depth)}, 2: 5}}[{self.write('int', 0)}]")

    def uint(self, depth):
        return self.pick(
            lambda: self.arithmetic("uint", depth, "+-*/%"), lambda: f"uint({self.write('int', depth)})",
            lambda: f"uint({self.write('double', depth)})", lambda: f"uint('{self.dice.choice(['3', '-1', 'x'])}')")

    def double(self, depth):
        return self.pick(
            lambda: self.arithmetic("double", depth, "+-*/"), lambda: f"double({self.write('int', depth)})",
            lambda: f"double({self.write('uint', depth)})", lambda: f"-({self.write('double', depth)})",
            lambda: f"double('{self.dice.choice(['1.5', '-2', '1e3', 'a', 'nan'])}')")

    def string(self, depth):
        return self.pick(
            lambda: self.arithmetic("string", depth, "+"), lambda: self.arithmetic("string", depth, "+"),
            lambda: f"string({self.write(self.dice.choice(['int', 'uint', 'bool', 'string']), depth)})",
            # What is no number is spelled with a sign there, if it has one.
            lambda: f"string({self.leaf('double')})",
            lambda: f"string({self.write(self.dice.choice(['timestamp', 'duration']), depth)})",
            lambda: f"string(bytes({self.write('string', depth)}))",
            lambda: self.dice.choice(["labels.env", "labels.team", "labels['env']", "labels[s]"]),
            lambda: f"{self.write('words', depth)}[{self.write('int', 0)}]")

    def duration(self, depth):
        return self.pick(
            lambda: self.arithmetic("duration", depth, "+-"), lambda: self.arithmetic("timestamp", depth, "-"),
            lambda: f"duration('{self.dice.choice(SPANS + ['x', '1d', '1', ''])}')")

    def timestamp(self, depth):
        return self.pick(
            lambda: f"({self.write('timestamp', depth)} {self.dice.choice('+-')} {self.write('duration', depth)})",
            lambda: f"({self.write('duration', depth)} + {self.write('timestamp', depth)})",
            lambda: f"timestamp({self.dice.choice([0, 1, -1, 951782400, 253402300799, 253402300800])})",
            lambda: f"timestamp('{self.dice.choice(TIMES + ['2026-02-30T00:00:00Z', 'x', '2026-01-01'])}')")

    def numbers(self, depth):
        return self.pick(
            lambda: f"[{self.write('int', depth)}, {self.write('int', depth)}]", lambda: "[]",
            lambda: self.arithmetic("numbers", depth, "+"), lambda: self.mapped("int", depth),
            lambda: f"{self.write('numbers', depth)}.filter({self.body('int', 'bool', depth)})")

    def words(self, depth):
        return self.pick(
            lambda: f"[{self.write('string', depth)}]", lambda: self.arithmetic("words", depth, "+"),
            lambda: self.mapped("string", depth),
            lambda: f"{self.write('words', depth)}.filter({self.body('string', 'bool', depth)})")

    def dyn(self, depth):
        kind = self.dice.choice(["int", "uint", "double", "string", "bool", "timestamp", "duration", "numbers", "words"])
        return f"dyn({self.write(kind, depth)})"

    # Macros.

    def range(self, depth):
        return self.dice.choice([
            lambda: (self.write("numbers", depth), "int"), lambda: (self.write("words", depth), "string"),
            lambda: ("labels", "string")])()

    def body(self, kind, result, depth, condition=False):
        name = self.dice.choice(["e", "i", "s"])
        self.locals.append((name, kind))
        text = self.write(result, depth)
        if condition:
            text = f"{self.write('bool', depth)}, {text}"
        self.locals.pop()
        # A variable that hides another of another type would be told as an error of types.
        return f"{name}, {text}" if name != "s" or kind == "string" else f"w, {text}"

    def mapped(self, result, depth):
        # Not a map: the order of its keys is everybody's own.
        range_, kind = self.range(depth)
        if range_ == "labels":
            range_ = self.write("words", 0)
        return f"{range_}.map({self.body(kind, result, depth, self.dice.random() < 0.3)})"


def bindings(dice):
    """Values for every variable, in Python."""
    return {
        "x": dice.choice(INTEGERS), "u": abs(dice.choice(INTEGERS)), "f": float(dice.choice(DOUBLES)),
        "s": dice.choice(WORDS), "ok": dice.random() < 0.5,
        "t": EPOCH + timedelta(microseconds=dice.randrange(-10**15, 4 * 10**15)),
        "d": timedelta(microseconds=dice.randrange(-10**13, 10**13)),
        "numbers": [dice.choice(INTEGERS) for _ in range(dice.randrange(4))],
        "words": [dice.choice(WORDS) for _ in range(dice.randrange(4))],
        "labels": dice.choice([{}, {"env": "prod"}, {"env": "dev", "team": "a"}, {"a": "b", "é": "prod"}]),
        "any": dice.choice([None, True, 1, 2.5, "a", [1, "b"], {"a": 1}, {"a": "prod"}, []]),
    }


def told(name, value):
    """A value as CELTests reads it; `name` is of its type."""
    name = name.split("<")[0].lower()
    if name in ("null", "null_type"):
        return {"t": "null"}
    if name == "bool":
        return {"t": "bool", "v": value}
    if name in ("int", "uint"):
        return {"t": name + "64", "v": str(value)}
    if name == "double":
        return {"t": "double", "v": repr(value)}
    if name == "string":
        return {"t": "string", "v": value}
    if name == "timestamp":
        return {"t": "timestamp", "v": str((value - EPOCH) // MICROSECOND)}
    if name == "duration":
        return {"t": "duration", "v": str(value // MICROSECOND)}
    if name == "list":
        return {"t": "list", "v": [told(item.type().name(), item.value()) for item in value]}
    raise NotImplementedError(name)


def plain(value):
    """The same for a value of Python's that is bound."""
    if isinstance(value, list):
        return {"t": "list", "v": [plain(item) for item in value]}
    if isinstance(value, dict):
        return {"t": "map", "v": [[plain(key), plain(item)] for key, item in value.items()]}
    names = {type(None): "null", bool: "bool", int: "int", float: "double", str: "string", datetime: "timestamp",
             timedelta: "duration"}
    return told(names[type(value)], value)


def judged(environment, expression, data):
    """The value; that it is an error; or None where it is not compiled."""
    try:
        compiled = environment.compile(expression)
    except Exception:
        return None
    try:
        value = compiled.eval(data=data)
    except RuntimeError:
        return {"error": True}
    name = value.type().name()
    return {"error": True} if name == "ERROR" else {"value": told(name, value.value())}


def main(count, path):
    seed = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={seed}")
    dice = random.Random(seed)
    environment = cel.NewEnv(variables={name: kind for name, (_, kind) in TYPES.items()})
    sets = [bindings(dice) for _ in range(40)]
    cases, refused = [], 0
    while len(cases) < count:
        kind = dice.choice(["bool", "bool", "int", "uint", "double", "string", "duration", "timestamp", "numbers", "words"])
        expression = Writer(dice).write(kind, dice.randint(1, 4))
        number = dice.randrange(len(sets))
        expected = judged(environment, expression, sets[number])
        if expected is None:
            refused += 1
            assert refused < count, f"most is refused: {expression} (ROTA_SEED={seed})"
            continue
        cases.append({"expression": expression, "bindings": number} | expected)
    bound = [
        {name: {"t": "uint64", "v": str(value)} if name == "u" else plain(value) for name, value in values.items()}
        for values in sets
    ]
    with open(path, "w") as file:
        json.dump({"seed": seed, "types": {name: kind for name, (kind, _) in TYPES.items()}, "bindings": bound,
                   "cases": cases}, file)
    errors = sum("error" in case for case in cases)
    print(f"{len(cases)} expressions, {errors} of them errors; {refused} more were no expressions")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
