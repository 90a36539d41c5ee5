/* The map as text: one relation a line. */
#include "graph/answer.h"

#include <string.h>

struct exporting {
	struct graph *g;
	int (*line)(void *ctx, struct str text);
	void *ctx;
	struct entity src;
	char *src_name, *src_path;
	struct dd_err *err;
	bool dot;
};

static void
put_end(struct buf *b, const char *key, const char *name, const char *path, uint32_t line)
{
	buf_printf(b, "\"%s\":{\"name\":", key);
	buf_put_json(b, str_of(name));
	buf_puts(b, ",\"file\":");
	if (path)
		buf_put_json(b, str_of(path));
	else
		buf_puts(b, "null");
	buf_printf(b, ",\"line\":%u}", line);
}

static int
emit_relation(struct exporting *x, const char *kind, const char *dst_name, const char *dst_path,
	uint32_t dst_line, const char *prov, unsigned conf, const char *cond)
{
	OWN(buf) struct buf b = {0};
	if (x->dot) {
		if (!dst_path)
			return 0;
		buf_put_json(&b, str_of(x->src_name));
		buf_puts(&b, " -> ");
		buf_put_json(&b, str_of(dst_name));
		buf_printf(&b, " [label=\"%s\"];\n", kind);
		return x->line(x->ctx, buf_str(&b));
	}
	buf_printf(&b, "{\"kind\":\"%s\",", kind);
	put_end(&b, "src", x->src_name, x->src_path, x->src.line);
	buf_putc(&b, ',');
	put_end(&b, "dst", dst_name, dst_path, dst_line);
	buf_printf(&b, ",\"prov\":\"%s\",\"conf\":%u.%02u,\"cond\":", prov, conf / 100, conf % 100);
	if (cond)
		buf_put_json(&b, str_of(cond));
	else
		buf_puts(&b, "null");
	buf_puts(&b, "}\n");
	return x->line(x->ctx, buf_str(&b));
}

static int
export_one(void *ctx, const struct store_relation *r)
{
	struct exporting *x = ctx;
	OWN_FREE char *name = NULL, *path = NULL, *cond = NULL;
	struct entity dst = {0};
	int rc;
	if (r->dst) {
		rc = answer_entity(x->g, r->dst, &dst, x->err);
		if (rc == 0)
			rc = answer_qualified(x->g, &dst, &name, x->err);
		if (rc == 0)
			rc = answer_path(x->g, &dst, &path, x->err);
	} else {
		rc = answer_name(x->g, r->name, &name, x->err);
	}
	if (rc == 0 && r->cond)
		rc = answer_name(x->g, r->cond, &cond, x->err);
	if (rc < 0)
		return rc;
	return emit_relation(x, graph_relation_name(r->relation), name, path, dst.line,
		r->dst ? graph_prov_name(r->prov) : "unresolved", r->conf, cond);
}

static int
export_contains(struct exporting *x, const struct entity *e)
{
	OWN_FREE char *name = NULL, *path = NULL;
	int rc = answer_entity(x->g, e->parent, &x->src, x->err);
	if (rc == 0)
		rc = answer_qualified(x->g, &x->src, &x->src_name, x->err);
	if (rc == 0)
		rc = answer_path(x->g, &x->src, &x->src_path, x->err);
	if (rc == 0)
		rc = answer_qualified(x->g, e, &name, x->err);
	if (rc == 0)
		rc = answer_path(x->g, e, &path, x->err);
	if (rc == 0)
		rc = emit_relation(x, graph_relation_name(REL_CONTAINS), name, path, e->line,
			graph_prov_name(PROV_SYNTAX), 100, NULL);
	free(TAKE(x->src_name));
	free(TAKE(x->src_path));
	return rc;
}

static int
export_entity(struct exporting *x, uint32_t id)
{
	OWN(buf) struct buf out = {0};
	struct entity e;
	int rc = answer_entity(x->g, id, &e, x->err);
	if (rc == 0 && e.parent && !x->dot)
		rc = export_contains(x, &e);
	if (rc == 0)
		rc = answer_relations(x->g, id, &out, NULL, x->err);
	if (rc < 0 || !out.n)
		return rc;
	x->src = e;
	rc = answer_qualified(x->g, &e, &x->src_name, x->err);
	if (rc == 0)
		rc = answer_path(x->g, &e, &x->src_path, x->err);
	if (rc == 0)
		rc = store_each_out(buf_str(&out), id, export_one, x, x->err);
	free(TAKE(x->src_name));
	free(TAKE(x->src_path));
	return rc;
}

static int
export_all(struct exporting *x)
{
	struct db_stmt *st;
	int rc = db_query(x->g->db, &st, x->err, "SELECT max(id) FROM entity", "");
	if (rc == 0)
		rc = db_step(st, x->err);
	if (rc < 0)
		return rc;
	uint32_t last = (uint32_t)db_int(st, 0);
	db_done(st);
	rc = 0;
	for (uint32_t id = 1; rc == 0 && id <= last; id++)
		rc = export_entity(x, id);
	return rc;
}

int
graph_export_jsonl(
	struct graph *g, int (*line)(void *ctx, struct str text), void *ctx, struct dd_err *err)
{
	struct exporting x = {.g = g, .line = line, .ctx = ctx, .err = err};
	int rc = export_all(&x);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

int
graph_export_dot(
	struct graph *g, int (*line)(void *ctx, struct str text), void *ctx, struct dd_err *err)
{
	struct exporting x = {.g = g, .line = line, .ctx = ctx, .err = err, .dot = true};
	int rc = line(ctx, STR("digraph map {\n"));
	if (rc == 0)
		rc = export_all(&x);
	if (rc == 0)
		rc = line(ctx, STR("}\n"));
	return rc < 0 ? err_wrap(err, "graph") : 0;
}
