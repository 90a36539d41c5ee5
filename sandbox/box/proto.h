/*
 * What drydock and drydock-box say to each other over a SOCK_SEQPACKET socket.  A message is one
 * type byte, then fields "key=value", each ended by a NUL.  Descriptors travel as SCM_RIGHTS. Plain
 * C without any library, because both sides include it.
 *
 *   drydock -> box                        box -> drydock
 *   SETUP   the pod to make; in root      UNSHARED  namespaces exist
 *           mode its id maps are written  READY     the pod is up
 *   EXEC    a command (id, fds)           STARTED   id
 *   SIGNAL  id, sig                       EXITED    id, status (as waitpid), cpu_us, peak_kib,
 *                                                   full=0|1 (it stood at RLIMIT_NPROC)
 *   LISTEN  port, or socket: a path       FD        one or two descriptors
 *   PTY                                   FAILED    text=why (of SETUP, EXEC, LISTEN, PTY)
 *   BLOCKED id                            ANSWER    yes=0|1
 *   PROBE   port or socket: does anybody listen?
 *   LISTENING                             ANSWER    port=..., socket=..., as many as there are
 *                                         LIMIT     cause, used: the warden ended all processes
 *
 * SIGNAL with "top": only the main process of the command, or what is left of it when that has
 * ended.
 */
#ifndef SANDBOX_BOX_PROTO_H
#define SANDBOX_BOX_PROTO_H

enum box_message {
	BOX_SETUP = 'S',
	BOX_EXEC = 'E',
	BOX_SIGNAL = 'K',
	BOX_LISTEN = 'L',
	BOX_PTY = 'P',
	BOX_BLOCKED = 'B',
	BOX_PROBE = 'Q',
	BOX_LISTENING = 'W',
	BOX_UNSHARED = 'u',
	BOX_READY = 'r',
	BOX_FAILED = 'f',
	BOX_STARTED = 's',
	BOX_EXITED = 'x',
	BOX_FD = 'd',
	BOX_ANSWER = 'a',
	BOX_TRACE =
		't', /* to the supervisor: trace the process of this pidfd; answered by the same */
	BOX_LIMIT = 'l',
};

#define BOX_CONTROL_FD 3
#define BOX_PROGRAM_FD 4 /* the box's own program, if it runs from a descriptor */
#define BOX_NETWORK_FD \
	5 /* a network to join, and the user namespace to enter before; if there are any */
#define BOX_NETWORK_USER_FD 6
/* As the first argument: make a network and answer with FD, these two, and end.  The second says which mode. */
#define BOX_MAKE_NETWORK "network"
#define BOX_MODE_ROOT "root"
#define BOX_MODE_USER "user"
#define BOX_MAX_MESSAGE (192 * 1024)
#define BOX_MAX_DATA 8
#define BOX_MAX_DATA_LAYERS 48
#define BOX_MAX_EXTRA_FDS 16
#define BOX_MAX_FDS (4 + BOX_MAX_EXTRA_FDS)
/*
 * Descriptors of EXEC: 0, 1, 2, the trace socket when "trace" is not 0, then one for each field
 * "fd", which says what number it gets: from 3 to below this.
 */
#define BOX_FD_END 64

/* SETUP comes with descriptors of control groups, for the box to enter. */

/* Values of the field "profile" of EXEC. */
#define BOX_PROFILE_BUILD "build"
#define BOX_PROFILE_PROVISION "provision"
#define BOX_PROFILE_IMAGE "image"
#define BOX_PROFILE_SERVICE "service"
#define BOX_PROFILE_PARSER "parser"
#define BOX_PROFILE_BROWSER "browser"
#define BOX_PROFILE_DEBUG "debug"

/*
 * Values of the field "observe" of EXEC: what the supervisor is notified of over the listener that arrives on
 * the fourth descriptor of EXEC.  The first four are those of enum trace_class.
 */
enum box_observe {
	BOX_OBSERVE_OPEN = 1,
	BOX_OBSERVE_EXEC = 2,
	BOX_OBSERVE_STAT = 4,
	BOX_OBSERVE_CONNECT = 8,
	BOX_OBSERVE_DENIED = 16, /* calls the filter denies or does not know */
	BOX_OBSERVE_OWNERS = 32, /* changes of owner that fake root lets succeed */
};

#endif
