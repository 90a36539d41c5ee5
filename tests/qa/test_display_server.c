/* A client of a server that does not say what is so: what it claims to have sent and has not is never read. */
#include "qa/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xcb.h>

#include <cmocka.h>

#define CLAIMED 60000 /* windows */
#define TEST 130      /* XTEST's number, and behind it Composite's */

/* ---- the server ---- */

static bool
take(int fd, void *to, size_t n)
{
	return recv(fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

static bool
take_rest(int fd, size_t n)
{
	unsigned char rest[4096];
	return n <= sizeof(rest) && (n == 0 || take(fd, rest, n));
}

static bool
greet(int fd)
{
	const struct {
		xcb_setup_t setup;
		xcb_screen_t screen;
	} all = {.setup = {.status = 1,
			 .protocol_major_version = 11,
			 .length = (sizeof(all) - 8) / 4,
			 .resource_id_mask = 0x1fffff,
			 .maximum_request_length = 65535,
			 .roots_len = 1,
			 .min_keycode = 8,
			 .max_keycode = 255},
		.screen = {.root = 1,
			.width_in_pixels = 100,
			.height_in_pixels = 100,
			.root_depth = 24}};
	xcb_setup_request_t asked;
	return take(fd, &asked, sizeof(asked)) &&
	       take_rest(fd, (asked.authorization_protocol_name_len + 3u) / 4 * 4 +
				     (asked.authorization_protocol_data_len + 3u) / 4 * 4) &&
	       write(fd, &all, sizeof(all)) == sizeof(all);
}

/* 1: a reply, 0: an error, -1: nothing. */
static int
answer_of(unsigned char opcode, unsigned char minor, unsigned char reply[32])
{
	static unsigned char extensions = TEST;
	static uint32_t atoms = 100;
	switch (opcode) {
	case XCB_QUERY_EXTENSION:
		((xcb_query_extension_reply_t *)reply)->present = 1;
		((xcb_query_extension_reply_t *)reply)->major_opcode = extensions++;
		return 1;
	case XCB_INTERN_ATOM:
		((xcb_intern_atom_reply_t *)reply)->atom = atoms++;
		return 1;
	case XCB_QUERY_TREE:
		((xcb_query_tree_reply_t *)reply)->children_len = CLAIMED;
		return 1;
	case XCB_GET_PROPERTY:
		((xcb_get_property_reply_t *)reply)->format = 32;
		((xcb_get_property_reply_t *)reply)->type = 1;
		((xcb_get_property_reply_t *)reply)->value_len = CLAIMED;
		return 1;
	case XCB_GET_INPUT_FOCUS:
		return 1;
	case XCB_GET_WINDOW_ATTRIBUTES:
	case XCB_GET_GEOMETRY:
		return 0;
	default:
		return opcode == TEST + 1 && minor == 0 ? 1 : -1;
	}
}

static void __attribute__((noreturn)) serve(int fd)
{
	struct {
		uint8_t opcode, minor;
		uint16_t length; /* in fours of bytes */
	} head;
	uint16_t sequence = 0;
	bool goes_on = greet(fd);
	while (goes_on && take(fd, &head, sizeof(head))) {
		unsigned char reply[32] = {0};
		goes_on = take_rest(fd, (size_t)head.length * 4 - sizeof(head));
		const int kind = answer_of(head.opcode, head.minor, reply);
		reply[0] = (unsigned char)kind;
		reply[1] = kind ? reply[1] : XCB_WINDOW;
		sequence++;
		memcpy(reply + 2, &sequence, sizeof(sequence));
		if (kind >= 0)
			goes_on = write(fd, reply, sizeof(reply)) == sizeof(reply);
	}
	_exit(0);
}

/* ---- the client ---- */

static void
windows_that_did_not_come_are_none(void **state)
{
	static const unsigned char cookie[DISPLAY_COOKIE] = {0};
	OWN(dd_err) struct dd_err err = {0};
	struct display *d = NULL;
	struct display_view v = {0};
	int fds[2], status;
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	const pid_t server = fork();
	if (server == 0) {
		(void)close(fds[0]);
		serve(fds[1]);
	}
	(void)close(fds[1]);
	assert_int_equal(display_open(fds[0], cookie, &d, &err), 0);
	assert_int_equal(display_look(d, &v, &err), 0);
	assert_int_equal(v.n, 0);
	assert_int_equal(v.more, 0);
	assert_false(v.manager);
	display_view_cleanup(&v);
	display_close(d);
	assert_int_equal(waitpid(server, &status, 0), server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_that_did_not_come_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
