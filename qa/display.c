#include "qa/display_client.h"

#include "base/log.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <xcb/composite.h>
#include <xcb/xcbext.h>
#include <xcb/xtest.h>

#define BUTTON 1
#define SETTLE_US 30000 /* a window manager sees the pointer come before it is pressed */
#define MAX_CHILDREN 500
#define MAX_INSIDE 8 /* windows of a frame that are looked at */
#define TITLE_WORDS (DISPLAY_MAX_TEXT / 4)

static const char *const atom_names[] = {[ATOM_NET_WM_NAME] = "_NET_WM_NAME",
	[ATOM_WM_STATE] = "WM_STATE",
	[ATOM_TYPE] = "_NET_WM_WINDOW_TYPE",
	[ATOM_DIALOG] = "_NET_WM_WINDOW_TYPE_DIALOG",
	[ATOM_MANAGER] = "_NET_SUPPORTING_WM_CHECK",
	[ATOM_ACTIVE] = "_NET_ACTIVE_WINDOW"};

/* ---- answers ---- */

static void
drop_events(struct display *d)
{
	xcb_generic_event_t *e;
	while ((e = xcb_poll_for_queued_event(d->c)))
		free(e);
}

/* Does more come until then? */
static bool
wait_more(struct display *d, int64_t until_ns)
{
	const int64_t left = (until_ns - clock_mono_ns()) / 1000000;
	struct pollfd p = {xcb_get_file_descriptor(d->c), POLLIN, 0};
	return left > 0 && poll(&p, 1, (int)left) > 0;
}

void *
display_answer(struct display *d, unsigned sequence)
{
	const int64_t until = clock_mono_ns() + DISPLAY_ANSWER_MS * INT64_C(1000000);
	void *reply = NULL;
	xcb_generic_error_t *e = NULL;
	if (d->lost)
		return NULL;
	(void)xcb_flush(d->c);
	while (!xcb_poll_for_reply(d->c, sequence, &reply, &e)) {
		drop_events(d);
		if (xcb_connection_has_error(d->c) || !wait_more(d, until)) {
			d->lost = true;
			xcb_discard_reply(d->c, sequence);
			return NULL;
		}
	}
	free(e);
	drop_events(d);
	d->lost = xcb_connection_has_error(d->c) != 0;
	return reply;
}

int
display_check(const struct display *d, struct dd_err *err)
{
	return d->lost ? err_set(err, DD_EIO, "the display is gone, or does not answer") : 0;
}

/* All requests before are done. */
int
display_sync(struct display *d, struct dd_err *err)
{
	free(display_answer(d, xcb_get_input_focus(d->c).sequence));
	return display_check(d, err);
}

/* ---- opening ---- */

static bool
get_atoms(struct display *d)
{
	xcb_intern_atom_cookie_t asked[ATOMS];
	bool ok = true;
	for (int i = 0; i < ATOMS; i++)
		asked[i] = xcb_intern_atom(d->c, 0, (uint16_t)strlen(atom_names[i]), atom_names[i]);
	for (int i = 0; i < ATOMS; i++) {
		OWN_FREE xcb_intern_atom_reply_t *r = display_answer(d, asked[i].sequence);
		d->atoms[i] = r ? r->atom : XCB_ATOM_NONE;
		ok = ok && r;
	}
	return ok;
}

/* Windows keep pixels of their own, also where others cover them. */
static bool
prepare(struct display *d)
{
	const xcb_query_extension_reply_t *test = xcb_get_extension_data(d->c, &xcb_test_id),
					  *composite =
						  xcb_get_extension_data(d->c, &xcb_composite_id);
	if (!test || !test->present || !composite || !composite->present)
		return false;
	(void)xcb_test_grab_control(d->c, 1);
	free(display_answer(d, xcb_composite_query_version(d->c, 0, 4).sequence));
	(void)xcb_composite_redirect_subwindows(d->c, d->root, XCB_COMPOSITE_REDIRECT_AUTOMATIC);
	return get_atoms(d) && display_sync(d, NULL) == 0;
}

int
display_open(int fd, const unsigned char cookie[DISPLAY_COOKIE], struct display **ret,
	struct dd_err *err)
{
	xcb_auth_info_t auth = {.namelen = (int)strlen(DISPLAY_COOKIE_NAME),
		.name = (char *)DISPLAY_COOKIE_NAME,
		.datalen = DISPLAY_COOKIE,
		.data = (char *)cookie};
	struct display *d = mem_new(struct display);
	(void)alarm(DISPLAY_OPEN_S);
	d->c = xcb_connect_to_fd(fd, &auth);
	const xcb_screen_t *s = xcb_connection_has_error(d->c)
					? NULL
					: xcb_setup_roots_iterator(xcb_get_setup(d->c)).data;
	if (s) {
		d->root = s->root;
		d->width = s->width_in_pixels;
		d->height = s->height_in_pixels;
	}
	const bool ok = s && s->root_depth == 24 && prepare(d);
	(void)alarm(0);
	if (!ok) {
		display_close(d);
		return err_set(err, DD_EIO, "%s",
			s ? "the display cannot do what is needed" : "it takes no connection");
	}
	*ret = d;
	return 0;
}

void
display_close(struct display *d)
{
	if (!d)
		return;
	xcb_disconnect(d->c);
	free(d->seen);
	free(d);
}

bool
display_is_lost(const struct display *d)
{
	return d->lost;
}

/* ---- windows ---- */

/* NULL as well where less came than it claims: xcb does not look. */
static xcb_get_property_reply_t *
property(struct display *d, xcb_window_t w, xcb_atom_t name)
{
	xcb_get_property_reply_t *r = display_answer(
		d, xcb_get_property(d->c, 0, w, name, XCB_GET_PROPERTY_TYPE_ANY, 0, TITLE_WORDS)
			   .sequence);
	if (r && (uint64_t)r->value_len * (r->format / 8) > (uint64_t)r->length * 4)
		free(TAKE(r));
	return r;
}

static xcb_query_tree_reply_t *
tree(struct display *d, xcb_window_t w)
{
	xcb_query_tree_reply_t *r = display_answer(d, xcb_query_tree(d->c, w).sequence);
	if (r && r->children_len > r->length)
		free(TAKE(r));
	return r;
}

static struct str
bytes_of(const xcb_get_property_reply_t *r)
{
	return r && r->format == 8 ? (struct str){xcb_get_property_value(r),
					     (size_t)xcb_get_property_value_length(r)}
				   : STR("");
}

static uint32_t
number_of(const xcb_get_property_reply_t *r)
{
	return r && r->format == 32 && xcb_get_property_value_length(r) >= 4
		       ? *(const uint32_t *)xcb_get_property_value(r)
		       : 0;
}

static void
read_names(struct display *d, struct display_window *w)
{
	OWN_FREE xcb_get_property_reply_t *modern = property(d, w->id, d->atoms[ATOM_NET_WM_NAME]);
	OWN_FREE xcb_get_property_reply_t *old =
		bytes_of(modern).n ? NULL : property(d, w->id, XCB_ATOM_WM_NAME);
	OWN_FREE xcb_get_property_reply_t *class = property(d, w->id, XCB_ATOM_WM_CLASS);
	struct str rest = bytes_of(class), instance = {0}, name = {0};
	(void)str_next(&rest, '\0', &instance);
	(void)str_next(&rest, '\0', &name);
	w->title = old ? display_view_text(bytes_of(old), old->type == XCB_ATOM_STRING)
		       : display_view_text(bytes_of(modern), false);
	w->instance = display_view_text(instance, true);
	w->class = display_view_text(name, true);
}

static void
read_kind(struct display *d, struct display_window *w)
{
	OWN_FREE xcb_get_property_reply_t *type = property(d, w->id, d->atoms[ATOM_TYPE]);
	OWN_FREE xcb_get_property_reply_t *of = property(d, w->id, XCB_ATOM_WM_TRANSIENT_FOR);
	w->dialog =
		w->managed &&
		(number_of(of) || (number_of(type) && number_of(type) == d->atoms[ATOM_DIALOG]));
}

static bool
is_client(struct display *d, xcb_window_t w)
{
	OWN_FREE xcb_get_property_reply_t *r = property(d, w, d->atoms[ATOM_WM_STATE]);
	return r && r->type != XCB_ATOM_NONE;
}

/* The program's window in a frame; the frame where there is none. */
static xcb_window_t
client_in(struct display *d, xcb_window_t outer, bool *ret_managed)
{
	*ret_managed = true;
	if (is_client(d, outer))
		return outer;
	OWN_FREE xcb_query_tree_reply_t *r = tree(d, outer);
	const xcb_window_t *inside = r ? xcb_query_tree_children(r) : NULL;
	for (int i = 0; r && i < xcb_query_tree_children_length(r) && i < MAX_INSIDE; i++)
		if (is_client(d, inside[i]))
			return inside[i];
	*ret_managed = false;
	return outer;
}

static bool
read_place(struct display *d, struct display_window *w)
{
	xcb_get_geometry_cookie_t size = xcb_get_geometry(d->c, w->id);
	xcb_translate_coordinates_cookie_t place =
		xcb_translate_coordinates(d->c, w->id, d->root, 0, 0);
	OWN_FREE xcb_get_geometry_reply_t *g = display_answer(d, size.sequence);
	OWN_FREE xcb_translate_coordinates_reply_t *t = display_answer(d, place.sequence);
	if (!g || !t)
		return false;
	w->x = t->dst_x;
	w->y = t->dst_y;
	w->w = g->width;
	w->h = g->height;
	w->inset_x = w->x - w->outer_x;
	w->inset_y = w->y - w->outer_y;
	return true;
}

struct child {
	xcb_window_t id;
	xcb_get_window_attributes_cookie_t attributes;
	xcb_get_geometry_cookie_t geometry;
};

/* A window that is in sight, added to the view. */
static void
add_child(struct display *d, const struct child *c, struct display_view *v)
{
	OWN_FREE xcb_get_window_attributes_reply_t *a = display_answer(d, c->attributes.sequence);
	OWN_FREE xcb_get_geometry_reply_t *g = display_answer(d, c->geometry.sequence);
	if (!a || !g || a->map_state != XCB_MAP_STATE_VIEWABLE ||
		a->_class != XCB_WINDOW_CLASS_INPUT_OUTPUT)
		return;
	if (v->n == DISPLAY_MAX_WINDOWS) {
		v->more++;
		return;
	}
	struct display_window w = {.outer = c->id,
		.outer_x = g->x,
		.outer_y = g->y,
		.outer_w = g->width + 2 * g->border_width,
		.outer_h = g->height + 2 * g->border_width};
	w.id = client_in(d, c->id, &w.managed);
	if (!read_place(d, &w))
		return;
	read_names(d, &w);
	read_kind(d, &w);
	v->v[v->n++] = w;
}

int
display_look(struct display *d, struct display_view *ret, struct dd_err *err)
{
	struct child children[MAX_CHILDREN];
	struct display_view v = {.width = d->width, .height = d->height};
	OWN_FREE xcb_query_tree_reply_t *r = tree(d, d->root);
	const xcb_window_t *all = r ? xcb_query_tree_children(r) : NULL;
	const size_t n = r ? (size_t)xcb_query_tree_children_length(r) : 0;
	const size_t looked = n < MAX_CHILDREN ? n : MAX_CHILDREN;
	for (size_t i = 0; i < looked; i++) { /* the last one is the uppermost */
		children[i].id = all[n - 1 - i];
		children[i].attributes = xcb_get_window_attributes(d->c, children[i].id);
		children[i].geometry = xcb_get_geometry(d->c, children[i].id);
	}
	for (size_t i = 0; i < looked; i++)
		add_child(d, &children[i], &v);
	v.more += n - looked;
	OWN_FREE xcb_get_property_reply_t *manager = property(d, d->root, d->atoms[ATOM_MANAGER]);
	/* The property outlives who set it; the window does not. */
	OWN_FREE void *alive =
		display_answer(d, xcb_get_window_attributes(d->c, number_of(manager)).sequence);
	v.manager = alive != NULL;
	if (display_check(d, err) < 0) {
		display_view_cleanup(&v);
		return -DD_EIO;
	}
	*ret = v;
	return 0;
}

/* ---- pixels ---- */

static xcb_get_image_reply_t *
image(struct display *d, xcb_drawable_t from, int x, int y, int w, int h)
{
	xcb_get_image_reply_t *r =
		display_answer(d, xcb_get_image(d->c, XCB_IMAGE_FORMAT_Z_PIXMAP, from, (int16_t)x,
					  (int16_t)y, (uint16_t)w, (uint16_t)h, UINT32_MAX)
					  .sequence);
	if (r && (r->depth == 24 || r->depth == 32) &&
		(size_t)xcb_get_image_data_length(r) >= (size_t)w * (size_t)h * 4)
		return r;
	free(r);
	return NULL;
}

/* Blue, green, red and nothing; that is what a server in this byte order gives at these depths. */
static int
to_picture(xcb_get_image_reply_t *r, int w, int h, struct picture *ret, struct dd_err *err)
{
	const uint8_t *from = xcb_get_image_data(r);
	int rc = picture_make((uint32_t)w, (uint32_t)h, 3, ret, err);
	for (int y = 0; rc == 0 && y < h; y++) {
		uint8_t *to = ret->rows[y];
		for (int x = 0; x < w; x++, from += 4, to += 3) {
			to[0] = from[2];
			to[1] = from[1];
			to[2] = from[0];
		}
	}
	return rc;
}

int
display_picture(struct display *d, struct picture *ret, struct dd_err *err)
{
	OWN_FREE xcb_get_image_reply_t *r = image(d, d->root, 0, 0, d->width, d->height);
	if (!r)
		return d->lost ? display_check(d, err)
			       : err_set(err, DD_EINVAL, "the display gives no picture");
	return to_picture(r, d->width, d->height, ret, err);
}

int
display_window_picture(
	struct display *d, const struct display_window *w, struct picture *ret, struct dd_err *err)
{
	const int width = w->w < DISPLAY_MAX_PICTURE ? w->w : DISPLAY_MAX_PICTURE,
		  height = w->h < DISPLAY_MAX_PICTURE ? w->h : DISPLAY_MAX_PICTURE;
	if (d->lost)
		return display_check(d, err);
	const xcb_pixmap_t pixels = xcb_generate_id(d->c);
	(void)xcb_composite_name_window_pixmap(d->c, w->outer, pixels);
	OWN_FREE xcb_get_image_reply_t *r = image(d, pixels, w->inset_x, w->inset_y, width, height);
	(void)xcb_free_pixmap(d->c, pixels);
	if (!r)
		return d->lost ? display_check(d, err)
			       : err_set(err, DD_EINVAL, "the window gives no picture");
	return to_picture(r, width, height, ret, err);
}

int
display_is_same(struct display *d, bool *ret_same, struct dd_err *err)
{
	xcb_get_image_reply_t *now = image(d, d->root, 0, 0, d->width, d->height);
	const size_t n = (size_t)d->width * (size_t)d->height * 4;
	const bool same = now && d->seen &&
			  memcmp(xcb_get_image_data(now), xcb_get_image_data(d->seen), n) == 0;
	if (d->lost) {
		free(now);
		return display_check(d, err);
	}
	free(d->seen);
	d->seen = now;
	*ret_same = same;
	return 0;
}

/* ---- pointer and focus ---- */

int
display_click(struct display *d, int x, int y, struct dd_err *err)
{
	if (d->lost)
		return display_check(d, err);
	(void)xcb_test_fake_input(
		d->c, XCB_MOTION_NOTIFY, 0, 0, d->root, (int16_t)x, (int16_t)y, 0);
	int rc = display_sync(d, err);
	if (rc < 0)
		return rc;
	(void)usleep(SETTLE_US);
	(void)xcb_test_fake_input(d->c, XCB_BUTTON_PRESS, BUTTON, 0, d->root, 0, 0, 0);
	(void)xcb_test_fake_input(d->c, XCB_BUTTON_RELEASE, BUTTON, 0, d->root, 0, 0, 0);
	return display_sync(d, err);
}

int
display_activate(struct display *d, const struct display_window *w, struct dd_err *err)
{
	const xcb_client_message_event_t e = {.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = w->id,
		.type = d->atoms[ATOM_ACTIVE],
		.data = {.data32 = {2, XCB_CURRENT_TIME, 0, 0, 0}}};
	if (d->lost)
		return display_check(d, err);
	(void)xcb_send_event(d->c, 0, d->root,
		XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
		(const char *)&e);
	int rc = display_sync(d, err);
	(void)usleep(SETTLE_US);
	return rc;
}
