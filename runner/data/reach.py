# What a program of Python executes below one directory, written as soon as it is first seen, so that a process that is
# killed has told it.  Python imports it first, as sitecustomize; one file a process:
#   P number path       a file                    D id number line name   a function that was entered; line 0: the file itself
#   E id id             which called which        L, M number line        a line that was executed; M: not in a function
#   X                   something took the hook away: what follows is not known
import atexit
import fcntl
import os
import sys
import threading


def begin(where, root):
    pieces = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
    numbers, codes, edges, lines, kept = {}, {}, set(), {}, []
    fds, told = [], []

    def write(data):
        if fds:
            try:
                os.write(fds[0], data)
                return
            except OSError:
                fds.clear()
        try:
            fd = os.open("%s/py.%d" % (where, os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                # Out of the way of programs that close, or count, what they have.
                fds.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 700))
            finally:
                os.close(fd)
            os.write(fds[0], data)
        except OSError:
            fds.clear()

    def put(*words):
        data = ("\t".join(map(str, words)) + "\n").encode("utf-8", "surrogateescape")
        if words[0] in "PD":
            told.append(data)
        write(data)

    # A child goes on with the numbers that its parent gave, and gives its own: not in one file.
    def forked():
        fds.clear()
        write(b"".join(told))

    def number_of(name):
        if name not in numbers:
            path = os.path.realpath(name)
            inside = path.startswith(root + "/") and not name.startswith("<")
            numbers[name] = len(numbers) + 1 if inside and "\n" not in path and "\t" not in path else 0
            if numbers[name]:
                put("P", numbers[name], path[len(root) + 1:])
        return numbers[name]

    # Code is the same only when it is the same object: equal code may be of two files.
    def id_of(code):
        known = codes.get(id(code))
        if known is None:
            known = codes[id(code)] = 0
            kept.append(code)
            place = len(kept)
            number = number_of(code.co_filename)
            if number:
                known = codes[id(code)] = place
                function = code.co_flags & 1
                put("D", known, number, code.co_firstlineno if function else 0, code.co_name if function else "")
                lines[id(code)] = {line for _, _, line in code.co_lines() if line}
        return known

    def in_profile(frame, event, arg):
        if event != "call":
            return
        code = frame.f_code
        here = id_of(code)
        if not here or code.co_name in pieces:
            return
        back = frame.f_back
        while back and back.f_code.co_name in pieces:
            back = back.f_back
        pair = (id(back.f_code) if back else 0, id(code))
        if pair in edges:
            return
        edges.add(pair)
        caller = id_of(back.f_code) if back else 0
        if caller and code.co_flags & 1:
            put("E", caller, here)

    def in_line(frame, event, arg):
        if event == "line":
            code = frame.f_code
            left = lines[id(code)]
            if frame.f_lineno in left:
                left.discard(frame.f_lineno)
                put("L" if code.co_flags & 1 else "M", numbers[code.co_filename], frame.f_lineno)
        return in_line

    def in_trace(frame, event, arg):
        code = frame.f_code
        return in_line if id_of(code) and lines[id(code)] else None

    def end():
        if sys.getprofile() is not in_profile:
            put("X")
        sys.setprofile(None)
        sys.settrace(None)

    os.register_at_fork(after_in_child=forked)
    atexit.register(end)
    threading.setprofile(in_profile)
    threading.settrace(in_trace)
    sys.setprofile(in_profile)
    sys.settrace(in_trace)


# It may be found in more than one way; who found it beside its modules told where, for processes that get no environment.
if (os.environ.get("DRYDOCK_REACH") or "drydock_reach" in globals()) and not hasattr(sys, "drydock_reach"):
    sys.drydock_reach = True
    begin(*globals().get("drydock_reach") or (os.environ["DRYDOCK_REACH"], os.environ["DRYDOCK_REACH_ROOT"]))
