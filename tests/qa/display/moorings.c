/*
 * A form of a harbour in one window of X11: a name, a secret, three places, and a dialog that asks before it ends.  It draws
 * in flat colours and the server's own font, so that it looks the same everywhere.
 *
 *   moorings            the form: type a name, choose a place, Enter (or "Moor") asks whether it is sure
 *   moorings count      says how many places there are
 *   moorings installer  three dialogs behind each other: a licence (Enter), a name (text), a port (a click in its lower right)
 *   moorings menu       a menu without a manager over the form
 *   moorings noise      never the same twice
 *   moorings titles | huge | flood | grab-server | grab-input | kill | pixmaps | output | props   attacks
 */
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACES 3
#define ROW 30
#define MAX 64

static const char *const places[PLACES] = {"North quay", "South quay", "East quay"};
static Display *d;
static GC gc;

struct window {
	Window id;
	int w, h;
	char text[MAX];
	int place;
	const char *says;
};

static void
paint(unsigned long colour, Window w, int x, int y, int width, int height)
{
	XSetForeground(d, gc, colour);
	XFillRectangle(d, w, gc, x, y, (unsigned)width, (unsigned)height);
}

static void
write_at(Window w, int x, int y, const char *text)
{
	XSetForeground(d, gc, 0x101010);
	XDrawString(d, w, gc, x, y, text, (int)strlen(text));
}

static struct window
open_window(const char *title, int width, int height, Window owner)
{
	struct window w = {.w = width, .h = height};
	XClassHint class = {.res_name = (char *)"moorings", .res_class = (char *)"Moorings"};
	w.id = XCreateSimpleWindow(
		d, DefaultRootWindow(d), 0, 0, (unsigned)width, (unsigned)height, 0, 0, 0xe8e8e8);
	XStoreName(d, w.id, title);
	XSetClassHint(d, w.id, &class);
	if (owner)
		XSetTransientForHint(d, w.id, owner);
	XSelectInput(d, w.id, ExposureMask | KeyPressMask | ButtonPressMask);
	if (!gc)
		gc = XCreateGC(d, w.id, 0, NULL);
	XMapWindow(d, w.id);
	return w;
}

static void
draw_form(const struct window *w)
{
	paint(0xe8e8e8, w->id, 0, 0, w->w, w->h);
	write_at(w->id, 10, 20, "Name of the ship");
	paint(0xffffff, w->id, 10, 30, w->w - 20, 24);
	write_at(w->id, 16, 46, w->text);
	for (int i = 0; i < PLACES; i++) {
		paint(i == w->place ? 0x4080c0 : 0xffffff, w->id, 10, 70 + i * ROW, 20, 20);
		write_at(w->id, 40, 84 + i * ROW, places[i]);
	}
	paint(0xc0d0c0, w->id, w->w - 90, w->h - 40, 80, 30);
	write_at(w->id, w->w - 70, w->h - 21, "Moor");
	write_at(w->id, 10, w->h - 21, w->says ? w->says : "");
}

static void
draw_dialog(const struct window *w)
{
	paint(0xfff0d0, w->id, 0, 0, w->w, w->h);
	write_at(w->id, 10, 20, w->says);
	write_at(w->id, 10, 40, w->text);
	paint(0xc0d0c0, w->id, w->w - 70, w->h - 34, 60, 24);
	write_at(w->id, w->w - 50, w->h - 18, "Yes");
}

/* What a key adds to the text; Return gives true. */
static int
take_key(struct window *w, XKeyEvent *e)
{
	char text[16];
	KeySym sym;
	int n = XLookupString(e, text, sizeof(text), &sym, NULL);
	size_t have = strlen(w->text);
	if (sym == XK_Return)
		return 1;
	if (sym == XK_BackSpace && have)
		w->text[have - 1] = '\0';
	else if (sym == XK_Down)
		w->place = (w->place + 1) % PLACES;
	else if (sym >= 0x01000000)
		printf("character %lx\n", sym & 0xffffff);
	else if (n > 0 && (unsigned char)text[0] >= ' ' && have + (size_t)n < MAX)
		(void)strncat(w->text, text, (size_t)n);
	return 0;
}

/* Until Return, or a click on its button, at x and y from its lower right; 'q' with Control gives false. */
static int
ask(struct window *w, void (*draw)(const struct window *))
{
	for (;;) {
		XEvent e;
		XNextEvent(d, &e);
		if (e.type == MappingNotify)
			XRefreshKeyboardMapping(&e.xmapping);
		if (e.xany.window != w->id)
			continue;
		if (e.type == KeyPress) {
			if ((e.xkey.state & ControlMask) && XLookupKeysym(&e.xkey, 0) == XK_q)
				return 0;
			if (take_key(w, &e.xkey))
				return 1;
		}
		if (e.type == ButtonPress) {
			if (e.xbutton.x > w->w - 90 && e.xbutton.y > w->h - 40)
				return 1;
			int row = (e.xbutton.y - 70) / ROW;
			if (e.xbutton.y >= 70 && row < PLACES)
				w->place = row;
		}
		draw(w);
	}
}

static int
dialog(const char *title, const char *says, Window owner, char *ret_text)
{
	struct window w = open_window(title, 260, 120, owner);
	w.says = says;
	int yes = ask(&w, draw_dialog);
	if (ret_text)
		(void)strcpy(ret_text, w.text);
	XDestroyWindow(d, w.id);
	XFlush(d);
	return yes;
}

/* The name in UTF-8, as window managers of today read it; the form has Latin-1. */
static void
name_window(const struct window *w)
{
	char title[2 * MAX + 16];
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)w->text; *p; p++)
		if (*p < 0x80) {
			title[n++] = (char)*p;
		} else {
			title[n++] = (char)(0xc0 | *p >> 6);
			title[n++] = (char)(0x80 | (*p & 0x3f));
		}
	n += (size_t)sprintf(title + n, " has moored");
	XChangeProperty(d, w->id, XInternAtom(d, "_NET_WM_NAME", False),
		XInternAtom(d, "UTF8_STRING", False), 8, PropModeReplace, (unsigned char *)title,
		(int)n);
	XFlush(d);
}

static int
form(void)
{
	struct window w = open_window("Moorings of the harbour", 320, 240, 0);
	while (ask(&w, draw_form)) {
		printf("asked for %s, %zu letters\n", places[w.place], strlen(w.text));
		if (!dialog("Confirm mooring", "Moor there?", w.id, NULL))
			continue;
		printf("moored %s at %s\n", w.text, places[w.place]);
		w.says = "moored";
		name_window(&w);
		draw_form(&w);
	}
	return 3;
}

static int
installer(void)
{
	char name[MAX];
	struct window w = open_window("Setup", 300, 100, 0);
	w.says = "installing";
	if (!dialog("Licence agreement", "Agreed?", w.id, NULL))
		return 1;
	printf("agreed\n");
	dialog("Owner's name", "Whose is it?", w.id, name);
	printf("owner has %zu letters\n", strlen(name));
	struct window last = open_window("Choose a port", 260, 120, w.id);
	last.says = "Which?";
	for (XEvent e;;) {
		XNextEvent(d, &e);
		if (e.type == Expose && e.xany.window == last.id)
			draw_dialog(&last);
		if (e.type == ButtonPress && e.xany.window == last.id) {
			printf("clicked %d,%d from the lower right\n", last.w - e.xbutton.x,
				last.h - e.xbutton.y);
			break;
		}
	}
	printf("installed for %s\n", name);
	return 0;
}

/* ---- what is no form ---- */

static int
menu(void)
{
	XSetWindowAttributes a = {.override_redirect = True, .background_pixel = 0x80ff80};
	struct window w = open_window("Moorings of the harbour", 320, 240, 0);
	Window m = XCreateWindow(d, DefaultRootWindow(d), 0, 0, 1280, 60, 0, CopyFromParent,
		InputOutput, CopyFromParent, CWOverrideRedirect | CWBackPixel, &a);
	XMapRaised(d, m);
	return !ask(&w, draw_form);
}

static _Noreturn void
noise(void)
{
	struct window w = open_window("Noise", 200, 200, 0);
	for (unsigned i = 1;; i++) {
		paint(i * 7919, w.id, 0, 0, 200, 200);
		XFlush(d);
		usleep(20000);
	}
}

static int
titles(void)
{
	static char text[1 << 20];
	memset(text, 'x', sizeof(text) - 1);
	(void)open_window("<b>bold</b>\n0x1 \"forged\" \033]0;title\007", 200, 100, 0);
	(void)open_window("\xff\xfe\xe2\x80\xae evil", 100, 100, 0);
	struct window w = open_window(text, 100, 100, 0);
	Atom utf8 = XInternAtom(d, "UTF8_STRING", False);
	XChangeProperty(d, w.id, XInternAtom(d, "_NET_WM_NAME", False), utf8, 8, PropModeReplace,
		(unsigned char *)text, 200000);
	XSync(d, False);
	pause();
	return 0;
}

/* All are there when the last one is to be drawn. */
static int
flood(int n, int side)
{
	Window last = None;
	XEvent e;
	for (int i = 0; i < n; i++) {
		char title[32];
		(void)snprintf(title, sizeof(title), "window %d", i);
		last = open_window(title, side, side, 0).id;
	}
	do
		XNextEvent(d, &e);
	while (e.type != Expose || e.xany.window != last);
	printf("all are there\n");
	pause();
	return 0;
}

static int
huge(void)
{
	struct window w = open_window("Huge", 32000, 32000, 0);
	XSync(d, False);
	return !ask(&w, draw_form);
}

/* Every client but itself, by each of the numbers that resources of theirs may have. */
static int
kill_clients(void)
{
	(void)open_window("Killer", 200, 100, 0);
	XSync(d, False);
	usleep(300000);
	const XID own = XGContextFromGC(gc) & ~0x1fffffUL;
	for (XID client = 1; client < 16; client++)
		for (XID i = 0; client << 21 != own && i < 64; i++)
			XKillClient(d, (client << 21) + i);
	XSync(d, False);
	printf("killed\n");
	pause();
	return 0;
}

static int
pixmaps(void)
{
	struct window w = open_window("Pixmaps", 200, 100, 0);
	for (int i = 0; i < 4000; i++) {
		Pixmap p = XCreatePixmap(d, w.id, 4096, 4096, 24);
		XFillRectangle(d, p, gc, 0, 0, 4096, 4096);
		XSync(d, False);
	}
	pause();
	return 0;
}

static int
properties(void)
{
	Atom check = XInternAtom(d, "_NET_SUPPORTING_WM_CHECK", False);
	struct window w = open_window("Properties", 200, 100, 0);
	XDeleteProperty(d, DefaultRootWindow(d), check);
	XUngrabKeyboard(d, CurrentTime);
	XSync(d, False);
	return !ask(&w, draw_form);
}

static int
hold(const char *what)
{
	struct window w = open_window("Holder", 200, 100, 0);
	XEvent e;
	do
		XNextEvent(d, &e);
	while (e.type != Expose);
	draw_form(&w);
	if (strcmp(what, "grab-server") == 0)
		XGrabServer(d);
	XGrabPointer(d, w.id, True, ButtonPressMask, GrabModeSync, GrabModeSync, None, None,
		CurrentTime);
	XGrabKeyboard(d, w.id, True, GrabModeSync, GrabModeSync, CurrentTime);
	XSync(d, False);
	printf("holding\n");
	pause();
	return 0;
}

/* Three megabytes at once, and then without end. */
static _Noreturn void
endless_output(void)
{
	(void)open_window("Talker", 200, 100, 0);
	XSync(d, False);
	for (int i = 0; i < 150000; i++)
		fputs("all work and no play\r", stdout);
	puts("behind the talk");
	for (;;) {
		puts("all work and no play");
		usleep(1000);
	}
}

static int
ignore(Display *display, XErrorEvent *e)
{
	(void)display;
	(void)e;
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "form";
	if (strcmp(what, "count") == 0)
		return printf("%d\n", PLACES) < 0;
	d = XOpenDisplay(NULL);
	if (!d)
		return fprintf(stderr, "cannot open display\n"), 2;
	XSetErrorHandler(ignore);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(what, "form") == 0)
		return form();
	if (strcmp(what, "installer") == 0)
		return installer();
	if (strcmp(what, "menu") == 0)
		return menu();
	if (strcmp(what, "noise") == 0)
		noise();
	if (strcmp(what, "titles") == 0)
		return titles();
	if (strcmp(what, "flood") == 0)
		return flood(200, 50);
	if (strcmp(what, "huge") == 0)
		return huge();
	if (strcmp(what, "kill") == 0)
		return kill_clients();
	if (strcmp(what, "pixmaps") == 0)
		return pixmaps();
	if (strcmp(what, "output") == 0)
		endless_output();
	if (strcmp(what, "props") == 0)
		return properties();
	return hold(what);
}
