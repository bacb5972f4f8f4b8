# Runs a module as `python3 -m` does, and writes which lines of the files below this folder it came to, as an LCOV
# tracefile. Writes nothing where another tracer took over, since it would be wrong.
import dis
import os
import runpy
import sys
import threading

FOREIGN = {"site-packages", "node_modules", "venv", "__pypackages__"}


def watch(out, module, root):
    seen = {}

    def own(name):
        path = os.path.abspath(name)
        if not path.startswith(root) or not os.path.isfile(path):
            return False
        parts = path[len(root):].split(os.sep)
        return not any(part in FOREIGN or part.startswith(".") for part in parts)

    def line(frame, event, _):
        if event == "line":
            seen[frame.f_code.co_filename].add(frame.f_lineno)
        return line

    def call(frame, event, _):
        name = frame.f_code.co_filename
        if name not in seen:
            seen[name] = set() if own(name) else None
        return None if seen[name] is None else line

    threading.settrace(call)
    sys.settrace(call)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        alone = sys.gettrace() is call
        sys.settrace(None)
        threading.settrace(None)
        if alone:
            write(out, {name: lines for name, lines in seen.items() if lines is not None})


def lines_of(code):
    yield from (number for _, number in dis.findlinestarts(code) if number)
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from lines_of(constant)


def write(out, seen):
    with open(out, "w", encoding="utf-8", errors="surrogateescape") as report:
        for name, lines in sorted(seen.items()):
            try:
                with open(name, "rb") as file:
                    there = set(lines_of(compile(file.read(), name, "exec", dont_inherit=True)))
            except (OSError, SyntaxError, ValueError):
                continue
            report.write("SF:%s\n" % os.path.abspath(name))
            report.writelines("DA:%d,%d\n" % (at, at in lines) for at in sorted(there))
            report.write("end_of_record\n")


if __name__ == "__main__":
    out, module = sys.argv[1:3]
    sys.argv = [module] + sys.argv[3:]
    watch(out, module, os.getcwd() + os.sep)
