# Runs a module as `python3 -m` does, and writes which lines of the files below this folder it came to, as an LCOV
# tracefile. Writes nothing where something ran unseen: what it would say could be wrong.
import _thread
import dis
import os
import runpy
import sys
import threading

FOREIGN = {"site-packages", "node_modules", "venv", "__pypackages__"}
# Programs that run no Python. Any other may.
HARMLESS = {"cc", "file", "gcc", "git", "ldconfig", "locale", "lsb_release", "node", "objdump", "stty", "tput", "uname"}
# Started without a name of their own.
FORKS = {"os.fork", "os.forkpty", "os.system", "os.exec", "os.spawn"}


def watch(out, module, root):
    seen = {}
    alone = [True]

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
            seen.setdefault(name, set() if own(name) else None)
        return None if seen[name] is None else line

    def not_alone(function):
        def other(*args, **kwargs):
            # New threads set the tracer that there is.
            if args != (call,):
                alone[0] = False
            return function(*args, **kwargs)

        return other

    def audit(event, args):
        if event in FORKS:
            alone[0] = False
        elif event in ("subprocess.Popen", "os.posix_spawn") and not is_harmless(args[0], args[1]):
            alone[0] = False

    settrace, settrace_all = sys.settrace, threading.settrace
    sys.addaudithook(audit)
    settrace_all(call)
    settrace(call)
    sys.settrace, threading.settrace = not_alone(settrace), not_alone(settrace_all)
    # Threads that `threading` does not know have no tracer.
    _thread.start_new_thread = _thread.start_new = not_alone(_thread.start_new_thread)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        traced = sys.gettrace() is call
        settrace(None)
        settrace_all(None)
        if alone[0] and traced and not has_processes() and "greenlet" not in sys.modules:
            write(out, {name: lines for name, lines in seen.items() if lines is not None})


def is_harmless(program, args):
    # Without a program it is the first of the arguments.
    program = program or (args[0] if isinstance(args, (list, tuple)) and args else args)
    try:
        return os.path.basename(os.fsdecode(program)) in HARMLESS
    except TypeError:
        return False


def has_processes():
    processes = sys.modules.get("multiprocessing.process")
    counter = getattr(processes, "_process_counter", None)
    return counter is not None and next(counter) > 1


def lines_of(code):
    yield from (number for _, number in dis.findlinestarts(code) if number)
    for constant in code.co_consts:
        # What annotations mean is looked up later, if ever.
        if hasattr(constant, "co_code") and constant.co_name != "__annotate__":
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
    sys.path[0] = os.getcwd()
    # Earlier ones leave lines without code of their own.
    if sys.version_info >= (3, 10):
        watch(out, module, os.getcwd() + os.sep)
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
