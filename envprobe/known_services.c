#include "envprobe/known_services.h"

#include "envprobe/data.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

static bool
is_same(struct str a, struct str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* "postgres" of "docker.example/library/postgres:15@sha256:..." */
static struct str
image_name(struct str image)
{
	for (size_t i = image.n; i > 0; i--)
		if (image.p[i - 1] == '/') {
			image = (struct str){image.p + i, image.n - i};
			break;
		}
	size_t n = 0;
	while (n < image.n && image.p[n] != ':' && image.p[n] != '@')
		n++;
	return (struct str){image.p, n};
}

static bool
fits(enum service_mark mark, struct str known, struct str value)
{
	if (mark == MARK_SOCKET)
		return value.n >= known.n && memcmp(value.p, known.p, known.n) == 0;
	if (mark != MARK_CLIENT)
		return is_same(known, value);
	OWN_FREE char *pattern = str_dup(known), *name = str_dup(value);
	return fnmatch(pattern, name, 0) == 0;
}

struct str
known_service_by(enum service_mark mark, struct str value)
{
	static const char *const kinds[] = {"port", "socket", "scheme", "image", "client"};
	struct str rest = data_services(), f[3];
	if (mark == MARK_IMAGE)
		value = image_name(value);
	while (value.n && data_next(&rest, f, 3))
		if (str_eq(f[1], kinds[mark]) && fits(mark, f[2], value))
			return f[0];
	return (struct str){"", 0};
}

struct str
known_service_get(struct str name, const char *what)
{
	struct str rest = data_services(), f[3];
	while (data_next(&rest, f, 3))
		if (is_same(f[0], name) && str_eq(f[1], what))
			return f[2];
	return (struct str){"", 0};
}

uint64_t
known_service_port(struct str name)
{
	uint64_t port = 0;
	return str_parse_u64(known_service_get(name, "port"), 65535, &port) ? port : 0;
}

bool
known_service_next(struct str *rest, struct str name, const char *what, struct str *ret_key,
	struct str *ret_value)
{
	struct str f[4];
	while (data_next(rest, f, 4)) {
		if (!is_same(f[0], name) || !str_eq(f[1], what))
			continue;
		*ret_key = f[2];
		*ret_value = f[3];
		return true;
	}
	return false;
}
